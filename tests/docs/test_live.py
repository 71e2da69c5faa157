"""The check against a live project, against the emulator: reads only, and one send on explicit confirmation."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from airflow_provider_truepush.emulator import Emulator
from tools import live as tool

Live = Callable[..., tuple[int, str]]


@pytest.fixture
def live(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Live:
    """Run the check as ``make live`` does, with what is typed; return its exit code and its output."""

    def check(*arguments: str, typed: str = "", token: str = own_emulator.token) -> tuple[int, str]:
        monkeypatch.setenv("TOKEN", token)
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", "")  # the tool sets it; it ends with the test
        monkeypatch.setattr(sys, "argv", ["live.py", "--host", own_emulator.url, *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            tool.main()
        shown = "".join(capsys.readouterr())
        if isinstance(ended.value.code, str):
            shown += ended.value.code
        assert own_emulator.token not in shown
        return int(ended.value.code != 0), shown

    return check


def test_reads_and_changes_nothing(own_emulator: Emulator, live: Live) -> None:
    code, shown = live()
    assert code == 0, shown
    assert "list_segments: read" in shown
    assert {request.method for request in own_emulator.requests()} == {"GET"}


@pytest.mark.parametrize(("typed", "sent"), [("{name}\n", 1), ("yes\n", 0), ("\n", 0)])
def test_sends_only_after_the_name_was_typed_again(own_emulator: Emulator, live: Live, typed: str, sent: int) -> None:
    segment = own_emulator.segments()[0]
    live("--segment", segment["name"], typed=typed.format(name=segment["name"]))
    assert own_emulator.count("createCampaign") == sent


def test_an_unknown_segment_sends_nothing(own_emulator: Emulator, live: Live) -> None:
    code, shown = live("--segment", "Nobody", typed="Nobody\n")
    assert (code, own_emulator.count("createCampaign")) == (1, 0), shown


def test_no_token(live: Live) -> None:
    code, shown = live(token="")
    assert code == 1
    assert "No token was given" in shown
