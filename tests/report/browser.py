"""A real Chromium that opens a file and tells what it showed, what it complained about and what it asked for."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here; Debian: apt-get install chromium")


@dataclass
class Seen:
    """What became of a page.

    :param dom: the document after its scripts have run.
    :param console: the lines of its console.
    :param requests: the addresses that the page asked for over a network; the browser's own do not count.
    """

    dom: str
    console: list[str]
    requests: set[str]


def look(page: Path) -> Seen:
    """Open a page, wait until its scripts are done, and tell."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        log = Path(folder) / "net.json"
        told = subprocess.run(
            [
                CHROMIUM,
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"),
                *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
                f"--user-data-dir={folder}/profile",
                f"--log-net-log={log}",
                "--host-resolver-rules=MAP * ~NOTFOUND",  # asked for, but never reached
                "--enable-logging=stderr",
                "--window-size=1200,1000",
                "--virtual-time-budget=20000",
                "--dump-dom",
                page.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
        return Seen(told.stdout, [line for line in told.stderr.splitlines() if "CONSOLE" in line], _asked(log))


def _asked(log: Path) -> set[str]:
    events = json.loads(log.read_text())["events"]
    details = [event["params"] for event in events if isinstance(event.get("params"), dict)]
    return {told["url"] for told in details if told.get("initiator", "not an origin") != "not an origin"}
