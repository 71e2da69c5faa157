"""Commands for a running emulator, and the reference that is written from its tables."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import requests

from airflow_provider_truepush.emulator import EFFECTS, PHASES, Emulator
from airflow_provider_truepush.emulator.__main__ import main
from airflow_provider_truepush.emulator.commands import HELP, VARIABLE
from airflow_provider_truepush.emulator.control_table import ACTIONS
from airflow_provider_truepush.emulator.manual import ADDRESS, curl, documentation
from tests.emulator.support import START


def said(emulator: Emulator, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command prints."""
    assert main([words[0], "--url", emulator.url, *words[1:]]) == 0
    return capsys.readouterr().out


def test_the_clock_is_advanced(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(emulator, capsys, "advance", "10m") == "The clock shows 2026-03-02T12:10:00+00:00.\n"
    assert said(emulator, capsys, "advance", "1d12h") == "The clock shows 2026-03-04T00:10:00+00:00.\n"
    assert said(emulator, capsys, "advance", "90") == "The clock shows 2026-03-04T00:11:30+00:00.\n"


def test_a_file_is_seeded(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({"campaigns": [{"_id": "a" * 24, "title": "Spring sale"}], "segments": [{}] * 7}))
    text = said(emulator, capsys, "seed", str(file))
    assert f"1 campaigns: {'a' * 24}" in text
    assert text.splitlines()[0].endswith(", …")
    assert emulator.campaigns()[0]["title"] == "Spring sale"
    monkeypatch.setattr("sys.stdin", file.open())
    assert "7 segments" in said(emulator, capsys, "seed", "-")
    monkeypatch.setenv(VARIABLE, emulator.url)
    assert main(["seed", str(tmp_path / "none.json")]) == 1
    file.write_text('{"people": []}')
    assert main(["seed", str(file)]) == 1
    error = capsys.readouterr().err
    assert "none.json cannot be read as JSON" in error
    assert "Accepted keys: segments" in error


def test_faults_come_and_go(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(emulator, capsys, "fault") == "No fault is waiting.\n"
    made = said(emulator, capsys, "fault", "createCampaign", "rst", "phase=after_commit", "nth=[1, 3]", "times=2")
    assert made == "Fault 1 is waiting.\n"
    assert (emulator.faults()[0].nth, emulator.faults()[0].times) == ([1, 3], 2)
    said(emulator, capsys, "fault", "*", "contradict", 'fields={"data": "API-LIMIT-EXCEEDED"}')
    assert said(emulator, capsys, "fault").splitlines() == [
        "1: after_commit/rst for createCampaign, 0 hits", "2: after_commit/contradict for *, 0 hits",
    ]  # fmt: skip
    assert said(emulator, capsys, "clear-faults", "1") == "Fault 1 was removed.\n"
    assert said(emulator, capsys, "clear-faults") == "All faults were removed.\n"
    assert emulator.faults() == []


def test_dialect_churn_status_and_reset(emulator: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert "order=newest\n" in said(emulator, capsys, "dialect", "order=newest", "page_size=7")
    assert "data_key=Data\n" in said(emulator, capsys, "dialect", "odd", "page_size=8")
    assert emulator.dialect.page_size == 8
    assert "http_status=outcome" in said(emulator, capsys, "dialect")
    assert said(emulator, capsys, "churn", "listCampaign", "add=1") == "Rows change after each page: add=1\n"
    assert emulator.churns()[0].add == 1
    assert said(emulator, capsys, "churn", "off") == "Lists stand still.\n"
    emulator.add_campaigns(12)
    status = said(emulator, capsys, "status").splitlines()
    assert status[0] == f"Clock: {START.isoformat()} (manual)"
    assert status[1] == "12 campaigns, 4 segments, 0 triggers, 0 faults, 0 requests"
    assert len(status) == 12
    assert said(emulator, capsys, "reset") == "The emulator is empty again.\n"
    assert emulator.campaigns() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["advance", "soon"], "Error: 'soon' is not a length of time"),
        (["fault", "createCampaign", "rst", "nosuch=1"], "Accepted keys: endpoint, effect"),
        (["fault", "createCampaign", "rst", "nth"], "Write key=value"),
        (["fault", "createNothing", "rst"], "Accepted values: *, createCampaign"),
        (["dialect", "klingon"], "Accepted values: express"),
        (["clear-faults", "9"], "no fault has the id 9"),
    ],
)
def test_what_is_refused_is_said_with_what_is_accepted(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main([words[0], "--url", emulator.url, *words[1:]]) == 1
    assert told in capsys.readouterr().err


def test_no_emulator_there(capsys: pytest.CaptureFixture[str], emulator: Emulator) -> None:
    url = emulator.url
    emulator.stop()
    assert main(["advance", "--url", url, "10m"]) == 1
    assert f"No emulator answers at {url}" in capsys.readouterr().err
    assert main(["advance", "--url", "nonsense", "10m"]) == 1
    assert "No emulator answers at nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*HELP, None])
def test_help_is_there(name: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([name] if name else []), "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"python -m airflow_provider_truepush.emulator {name or '[options]'}" in text
    if name is None:
        assert all(command in text for command in HELP)


def test_the_reference_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["controls"]) == 0
    text = capsys.readouterr().out
    assert text == documentation() + "\n"
    for name in (*EFFECTS, *PHASES, *(action.path for action in ACTIONS)):
        assert name in text
    assert not [line for line in text.splitlines() if line.startswith("# ")]
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)
    assert not [line for line in tables if "|  |" in line]
    assert "| `depth` | of `odd_counters`: how deeply one counter is nested. |" in tables


def test_every_command_of_the_reference_works() -> None:
    with Emulator(start=START) as emulator:
        for action in ACTIONS:
            emulator.reset()
            emulator.seed_reference()
            words = shlex.split(curl(action, emulator.url))
            assert words[0] == "curl"
            options: dict[str, Any] = dict(zip(words[1::2], words[2::2], strict=False)) if words[1] == "-X" else {}
            url = next(word for word in words if word.startswith("http"))
            data = words[words.index("-d") + 1] if "-d" in words else None
            method = options.get("-X", "GET" if data is None else "POST")
            answer = requests.request(method, url, data=data, timeout=10)
            assert answer.status_code == 200, (words, answer.text)
        assert ADDRESS in documentation()
