"""The quickstart, command by command, as the page has it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks

MARK = "tests/docs/test_quickstart.py"


@pytest.mark.timeout(300)
def test_the_quickstart_ends_with_an_exported_campaign(tmp_path: Path) -> None:
    start, *commands = [block.code for block in blocks() if block.run_by == MARK]
    tools = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    command = shlex.split(start.replace("8089", "0"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment) as emulator:
        try:
            assert emulator.stdout is not None
            shown = (re.search(r"AIRFLOW_CONN_TRUEPUSH_DEFAULT='?([^'\s]+)", line) for line in emulator.stdout)
            connection = next(found[1] for found in shown if found)
            (tmp_path / "dags").mkdir()
            shutil.copy(ROOT / "example_dags" / "example_truepush_quickstart.py", tmp_path / "dags" / "quickstart.py")
            environment["AIRFLOW_CONN_TRUEPUSH_DEFAULT"] = connection
            script = "\n".join(commands)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                capture_output=True,
                text=True,
                timeout=280,
                cwd=tmp_path,
                env=environment,
            )
        finally:
            emulator.terminate()
            emulator.communicate(timeout=60)
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown[-3000:]
    assert re.search(r"^Autumn sale: 30% off walking boots [1-9]", done.stdout, re.MULTILINE), shown[-3000:]
