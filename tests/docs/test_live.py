"""The check against a live project, against the emulator: reads only, and one send on explicit confirmation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_truepush.emulator import Emulator

LIVE = Path(__file__).parents[2] / "tools" / "live.py"


def live(emulator: Emulator, *arguments: str, typed: str = "", token: str | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, str(LIVE), "--host", emulator.url, *arguments],
        input=typed,
        capture_output=True,
        text=True,
        timeout=100,
        cwd=LIVE.parents[1],
        env={**os.environ, "TOKEN": emulator.token if token is None else token},
    )
    shown = done.stdout + done.stderr
    assert emulator.token not in shown
    return done.returncode, shown


def test_reads_and_changes_nothing(own_emulator: Emulator) -> None:
    code, shown = live(own_emulator)
    assert code == 0, shown
    assert "list_segments: read" in shown
    assert {request.method for request in own_emulator.requests()} == {"GET"}


@pytest.mark.parametrize(("typed", "sent"), [("{name}\n", 1), ("yes\n", 0), ("\n", 0)])
def test_sends_only_after_the_name_was_typed_again(own_emulator: Emulator, typed: str, sent: int) -> None:
    segment = own_emulator.segments()[0]
    live(own_emulator, "--segment", segment["name"], typed=typed.format(name=segment["name"]))
    assert own_emulator.count("createCampaign") == sent


def test_an_unknown_segment_sends_nothing(own_emulator: Emulator) -> None:
    code, shown = live(own_emulator, "--segment", "Nobody", typed="Nobody\n")
    assert (code, own_emulator.count("createCampaign")) == (1, 0), shown


def test_no_token(own_emulator: Emulator) -> None:
    code, shown = live(own_emulator, token="")
    assert code == 1
    assert "No token was given" in shown
