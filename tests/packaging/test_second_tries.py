"""A test that failed once has a second try, is shown, and fails the suite if it fails again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_tries import SECOND_TRY

ROOT = Path(__file__).parents[2]
MEASURES = re.compile(r"subprocess|Popen|Process|threading|monotonic|perf_counter|sleep\(|wait_for|until\(")
#: Words of tests that compare what was created, or the rows of an export.
COUNTS = re.compile(r"count\(\W*create|\.(?:campaigns|templates|triggers)\(|\b(?:created|creates|rows)\b")
CREATES = re.compile(r"create_?(?:campaign|template|trigger)\b", re.IGNORECASE)
REQUESTS = re.compile(r"\.(?:count|requests)\(")


def code(text: str) -> str:
    """Return a module's text without comments."""
    return re.sub(r"(?m)#.*$", "", text)


def counts_creates(text: str) -> bool:
    """Return whether a test module counts what it creates or exports, or creates and counts requests."""
    return bool(COUNTS.search(code(text)) or (CREATES.search(code(text)) and REQUESTS.search(code(text))))


@pytest.mark.parametrize("name", sorted(SECOND_TRY))
def test_a_named_file_measures_and_counts_no_creates(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert MEASURES.search(code(text))
    assert not counts_creates(text)


@pytest.mark.parametrize(
    "name", ["sensors/test_outage", "docs/test_live", "export/test_postgres_drivers", "client/test_sessions"]
)
def test_what_counts_creates_or_rows_is_recognized(name: str) -> None:
    assert counts_creates((ROOT / "tests" / f"{name}.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ["export", "sending", "faults", "operators", "transfers"])
def test_no_file_of_sends_and_exports_is_named(room: str) -> None:
    assert (ROOT / "tests" / room).is_dir()
    assert not [name for name in SECOND_TRY if name.startswith(f"tests/{room}/")]


TESTS = """
tries = []

def test_busy():
    tries.append(1)
    assert len(tries) > {failures}, "this machine was busy"
"""
MEASURED = "waiting/polling/test_loop"


@pytest.mark.parametrize(
    ("name", "failures", "passes"),
    [
        (MEASURED, 0, True),
        (MEASURED, 1, True),
        (MEASURED, 2, False),
        ("sending/test_protocol", 1, False),
        ("waiting/test_loop", 1, False),
        ("sensors/test_outage", 1, False),
    ],
)
def test_one_failure_is_shown_and_a_second_is_final(name: str, failures: int, passes: bool, tmp_path: Path) -> None:
    pytest.importorskip("pytest_rerunfailures")
    path = tmp_path / "tests" / f"{name}.py"
    path.parent.mkdir(parents=True)
    path.write_text(TESTS.format(failures=failures))
    plugins = ("-p", "no:cacheprovider", "-p", "rerunfailures", "-p", "tests.second_tries")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", *plugins],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode == 0) is passes, done.stdout
    assert ("FIRST TRY FAILED" in done.stdout) is (name == MEASURED and failures > 0), done.stdout
    assert ("this machine was busy" in done.stdout) is (failures > 0), done.stdout
