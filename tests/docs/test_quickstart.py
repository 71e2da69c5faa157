"""The quickstart and the recipe for tests of a user's own Dags, as their pages have them.

They share a folder and one process with Airflow in it: what a Dag's first run costs there is paid once.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, blocks

MARK = "tests/docs/test_quickstart.py"
RECIPE = Path(__file__).parent / "dag_recipe"
TOOLS = Path(sys.executable).parent
#: Runs Airflow's commands, as the pages have them, in the process and the database of the recipe's tests.
COMMANDS = """
import json, os, sys
import pytest
from airflow.__main__ import main

@pytest.mark.parametrize("command", json.loads(os.environ["PAGE_COMMANDS"]), ids=" ".join)
def test_command(command, monkeypatch):
    for name, value in json.loads(os.environ["PAGE_EXPORTS"]).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", command)
    main()
"""


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTEST"))}
    return kept | {"PATH": f"{TOOLS}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}


def run(*command: str, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=800, cwd=cwd, env=environment() | variables, check=False
    )
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown[-6000:]
    return shown


@contextmanager
def emulator(command: str, folder: Path) -> Iterator[str]:
    """Start the emulator by the page's command; yield the connection that it prints."""
    with subprocess.Popen(
        shlex.split(command.replace("8089", "0")), stdout=subprocess.PIPE, text=True, cwd=folder, env=environment()
    ) as server:
        try:
            assert server.stdout is not None
            lines = (re.search(r"AIRFLOW_CONN_TRUEPUSH_DEFAULT='?([^'\s]+)", line) for line in server.stdout)
            yield next(found[1] for found in lines if found)
        finally:
            server.terminate()
            server.communicate(timeout=60)


@pytest.mark.timeout(900)  # a busy machine takes ten times as long as a quiet one
def test_the_quickstart_and_the_recipe_end_with_exported_campaigns(tmp_path: Path) -> None:
    own, other = (
        [block.code for block in blocks() if block.run_by == MARK and ("quickstart" in block.page) is mine]
        for mine in (True, False)
    )
    start, prepare, *steps = own
    # Step 3 as it stands, in a real shell; what it exported is what the later steps have.
    run("bash", "-euo", "pipefail", "-c", f"{prepare}\nenv -0 > exported", cwd=tmp_path)
    lines = (tmp_path / "exported").read_text().split("\0")
    exported = dict(line.split("=", 1) for line in lines if line.startswith("AIRFLOW"))
    assert (Path(exported.pop("AIRFLOW_HOME")) / "airflow.db").stat().st_size > 0
    assert exported.pop("AIRFLOW__CORE__DAGS_FOLDER") == str(tmp_path / "dags")

    shutil.copytree(RECIPE, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "example_dags" / "example_truepush_quickstart.py", tmp_path / "dags" / "quickstart.py")
    (tmp_path / "test_page.py").write_text(COMMANDS)
    # Airflow's commands first; a command that two pages have runs once.
    lines = list(dict.fromkeys("".join(steps + other).splitlines()))
    commands = [shlex.split(line) for line in lines if line.startswith("airflow ")]
    with emulator(start, tmp_path) as connection:
        output = run(
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", "."),
            cwd=tmp_path,
            PAGE_COMMANDS=json.dumps(commands),
            PAGE_EXPORTS=json.dumps(exported | {"AIRFLOW_CONN_TRUEPUSH_DEFAULT": connection}),
        )
    assert f"{1 + len(commands)} passed" in output  # the recipe, and the commands
    assert len(commands) == 2
    rest = "\n".join(line for line in lines if not line.startswith("airflow "))
    shown = run(
        "bash", "-euo", "pipefail", "-c", rest, cwd=tmp_path, AIRFLOW_HOME=str(tmp_path / "airflow"), **exported
    )
    assert re.search(r"^Autumn sale: 30% off walking boots [1-9]", shown, re.MULTILINE), shown
    assert "Autumn sale" in (tmp_path / "report.html").read_text(encoding="utf-8")
