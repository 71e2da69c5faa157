"""What the harness starts, it stops: grandchildren, and those who do not want to end, included."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil

from local_airflow.processes import Started, kill, stop

# A parent that will not end, and its child in a session of its own.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""

# One that ends when it is asked to.
WILLING = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("up", flush=True)
time.sleep(60)
"""


def until_it_says(process: Started) -> str:
    for _ in range(1200):
        if said := process.tail():
            return said
        time.sleep(0.05)
    raise AssertionError("it said nothing")


def test_a_stubborn_family_is_ended(tmp_path: Path) -> None:
    process = Started("stubborn", [sys.executable, "-c", STUBBORN], dict(os.environ), tmp_path / "log")
    child = int(until_it_says(process))
    stop([process], patience=0.2)
    assert process.exit_code is not None
    assert not psutil.pid_exists(process.pid)
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_family_is_killed_at_once(tmp_path: Path) -> None:
    process = Started("stubborn", [sys.executable, "-c", STUBBORN], dict(os.environ), tmp_path / "log")
    child = int(until_it_says(process))
    assert kill(process) == 2
    assert process.exit_code == -9
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


def test_a_log_is_continued_and_only_the_new_output_is_read(tmp_path: Path) -> None:
    for said in ("first", "second"):
        command = [sys.executable, "-c", f"print({said!r})"]
        process = Started(said, command, dict(os.environ), tmp_path / "log", append=said == "second")
        while process.exit_code is None:
            time.sleep(0.02)
        assert process.output == f"{said}\n"
    assert (tmp_path / "log").read_text() == "first\nsecond\n"


def test_a_willing_one_is_asked_first(tmp_path: Path) -> None:
    script = (
        "import signal,sys,time\nsignal.signal(15, lambda *_: sys.exit(7))\nprint('up', flush=True)\ntime.sleep(60)"
    )
    process = Started("willing", [sys.executable, "-c", script], dict(os.environ), tmp_path / "log")
    until_it_says(process)
    stop([process])
    assert process.exit_code == 7


def test_stopping_twice_and_what_has_ended_is_harmless(tmp_path: Path) -> None:
    process = Started("short", [sys.executable, "-c", "print('done')"], dict(os.environ), tmp_path / "log")
    until_it_says(process)
    stop([process])
    stop([process])
    assert process.tail() == "done"
