"""What a state file keeps, over clean stops and over kills."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.emulator.errors import TruepushStateFileError
from tests.emulator.support import CAMPAIGN, START, TEMPLATE, Api, trigger
from tests.support.tokens import SESSION_TOKEN


def truth(emulator: Emulator) -> tuple[object, ...]:
    """Everything that is there."""
    return (emulator.projects(), emulator.segments(), emulator.templates(), emulator.triggers(), emulator.campaigns())


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state, start=START, token=[SESSION_TOKEN, "second"]) as emulator:
        client = Api(emulator)
        template = client.create("createTemplate", TEMPLATE)
        client.create("createTrigger", trigger(template, note="n"))
        later = {"scheduled": True, "timings": {"date": "10-03-2026", "time": "10:00"}}
        cancelled = client.create("createCampaign", {**CAMPAIGN, **later})
        client.create("createCampaign", {**CAMPAIGN, **later, "title": "Ünïcode"})
        client.call("cancelCampaign", cancelled)
        client.call("deleteSegment", client.ids("listSegment")[0])
        sent = emulator.add_campaigns(3)[0]
        emulator.advance(timedelta(days=2))
        before, stats, now = truth(emulator), client.stats(sent), emulator.now()
        client.session.close()
    with Emulator(state=state, start=START, token=[SESSION_TOKEN, "second"], seed=99) as emulator:
        client = Api(emulator)
        assert emulator.now() == now
        assert truth(emulator) == before
        # Its own seed goes with a state: counters must not fall.
        assert client.stats(sent) == stats
        emulator.advance(timedelta(days=1))
        assert len(emulator.campaigns()) == len(before[-1]) + 1  # type: ignore[arg-type]
        assert client.create("createCampaign", CAMPAIGN) not in {row["id"] for row in emulator.campaigns()[:-1]}
        client.session.close()


def test_a_new_token_gets_a_project_of_its_own(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state, token="one") as emulator:
        emulator.add_campaigns(2)
    with Emulator(state=state, token="two") as emulator:
        client = Api(emulator)
        assert client.ids("listCampaign") == []
        assert [row["name"] for row in emulator.projects()] == ["project-1", "project-2"]
        assert Api(emulator, "one").call("listCampaign", 1).status_code == 200
        client.session.close()


def test_reset_empties_the_state_file_too(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state, start=START) as emulator:
        emulator.add_campaigns(2)
        emulator.advance(5)
        emulator.reset(seed=3)
        fresh = truth(emulator)
    with Emulator(start=START, seed=3) as emulator:
        assert truth(emulator) == fresh
    with Emulator(state=state, start=START) as emulator:
        assert truth(emulator) == fresh


def test_no_token_in_the_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with Emulator(state=state, token=SESSION_TOKEN) as emulator:
        client = Api(emulator)
        client.create("createCampaign", CAMPAIGN)
        client.session.close()
        for path in tmp_path.iterdir():
            assert SESSION_TOKEN.encode() not in path.read_bytes()
    with sqlite3.connect(state) as database:
        assert SESSION_TOKEN not in "\n".join(database.iterdump())


def test_two_emulators_do_not_share_a_file(tmp_path: Path) -> None:
    with Emulator(state=tmp_path / "state.db"), pytest.raises(TruepushStateFileError, match="Stop the emulator that"):
        Emulator(state=tmp_path / "state.db").start()


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("this is no database, but it is long enough to look like one " * 20)
    with pytest.raises(TruepushStateFileError, match=r"state\.db"):
        Emulator(state=tmp_path / "state.db").start()


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """An emulator as a process of its own, and its address."""
    command = [sys.executable, "-m", "airflow_provider_truepush.emulator", "--token", SESSION_TOKEN, *arguments]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert running.stdout is not None
        yield running, running.stdout.readline().split()[-1]
    finally:
        running.kill()
        running.communicate()


def test_a_killed_emulator_forgets_nothing_that_it_answered(tmp_path: Path) -> None:
    state = str(tmp_path / "state.db")
    headers = {"Authorization": SESSION_TOKEN}
    answered: list[str] = []
    with process("--state", state, "--speed", "50") as (running, url):

        def create() -> None:
            try:
                while True:
                    answer = requests.post(f"{url}/api/v1/createCampaign", json=CAMPAIGN, headers=headers, timeout=30)
                    answered.append(answer.json()["message"].rsplit("id:", 1)[1])
            except requests.ConnectionError:
                pass

        writer = threading.Thread(target=create)
        writer.start()
        time.sleep(0.7)
        first = answered[0]
        before = requests.get(f"{url}/_emulator/stats/{first}", timeout=30).json()
        now = requests.get(f"{url}/_emulator/clock", timeout=30).json()["now"]
        running.send_signal(signal.SIGKILL)
        writer.join()
    assert len(answered) > 5
    with process("--state", state, "--speed", "50") as (_, url):
        kept = [row["id"] for row in requests.get(f"{url}/_emulator/campaigns", timeout=30).json()]
        # One may have been written and not answered.
        assert kept[: len(answered)] == answered
        assert len(kept) - len(answered) <= 1
        # The clock went on, and no counter has fallen.
        assert requests.get(f"{url}/_emulator/clock", timeout=30).json()["now"] > now
        after = requests.get(f"{url}/_emulator/stats/{first}", timeout=30).json()
        assert all(after[name] >= before[name] for name in before)
