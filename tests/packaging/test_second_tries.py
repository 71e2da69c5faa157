"""A test that failed once has a second try, is shown, and fails the suite if it fails again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pytest_rerunfailures")

TESTS = """
tries = []

def test_busy():
    tries.append(1)
    assert len(tries) > {failures}, "this machine was busy"
"""


@pytest.mark.parametrize(
    ("room", "failures", "passes"),
    [("waiting", 0, True), ("waiting", 1, True), ("waiting", 2, False), ("sending", 1, False), ("operators", 1, False)],
)
def test_one_failure_is_shown_and_a_second_is_final(room: str, failures: int, passes: bool, tmp_path: Path) -> None:
    folder = tmp_path / "tests" / room
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(TESTS.format(failures=failures))
    plugins = ("-p", "no:cacheprovider", "-p", "rerunfailures", "-p", "tests.second_tries")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", *plugins],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode == 0) is passes, done.stdout
    assert ("FIRST TRY FAILED" in done.stdout) is (room == "waiting" and failures > 0), done.stdout
    assert ("this machine was busy" in done.stdout) is (failures > 0), done.stdout
