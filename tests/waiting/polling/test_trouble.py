"""The poller when something is wrong: look-ups that fail, clocks that are set, quiet times, polls that hang."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from airflow_provider_truepush.client import shared
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import connection, health_log, poller
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.contract.world import SENT
from tests.sensors.modes import first_event, listen, rebuilt
from tests.support.soon import soon
from tests.support.stats_trigger import trigger
from tests.waiting.polling.waits import (
    PATIENT,
    campaign,
    departures,
    polls,
    running,
    waiting,
)

__all__ = ["own_emulator", "plain_machine"]


def most_in_a_second(times: list[float]) -> int:
    return max(sum(at <= other < at + 1 for other in times) for at in times)


@pytest.mark.parametrize("step", [-30.0, 4000.0])
async def test_a_clock_that_is_set_changes_nothing(
    step: float, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.set_series(SENT, [{"delivered": 5}])
    settling = Goal(thresholds={"delivered": 10}, settled_after=1000.0).as_dict()
    short = waiting(1, poke_interval=60.0, timeout=1.5)
    async with running(short, waiting(2, timeout=3600.0), trigger(goal=settling, timeout=86400.0)) as (
        short_wait,
        *others,
    ):
        await soon(lambda: len(polls(own_emulator)) == 3)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + step)
        assert (await asyncio.wait_for(short_wait, 10))["state"] == "timeout"
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in others)
        assert polls(own_emulator)[campaign(1)] == 2


async def test_after_a_cooldown_polls_do_not_start_all_at_once(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet time longer than the retry budget, of which the pace knows only the first part."""
    connect(monkeypatch, own_emulator, retry_budget=0, timeout=60)
    sent = departures(monkeypatch)
    async with running(*(waiting(number, poke_interval=8.0, goal=PATIENT) for number in range(250))):
        await soon(lambda: len(polls(own_emulator)) == 250)
        own_emulator.fault("campaignStats", effect="429", retry_after=6, times=1)
        await soon(lambda: any(request.status == 429 for request in own_emulator.requests()))
        told = time.monotonic()
        await asyncio.sleep(9)
    later = [at for at in sent if at > told + 1]
    assert later
    assert min(later) >= told + 5.5
    assert most_in_a_second(later) <= 150


async def test_429_without_retries_slows_all(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, max_attempts=1, timeout=60)
    async with running(*(waiting(number, poke_interval=0.5, goal=PATIENT) for number in range(30))):
        await soon(lambda: own_emulator.count() >= 100)
        own_emulator.fault("campaignStats", effect="429")
        await asyncio.sleep(1)
        before = own_emulator.count()
        await asyncio.sleep(2)
        # Sixty a second were wanted.
        assert own_emulator.count() - before <= 40


async def test_a_503_with_retry_after_is_retried_then(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, retry_budget=0, timeout=60)
    own_emulator.fault("campaignStats", effect="status", status=503, retry_after=1, nth=2)
    async with running(waiting()):
        await soon(lambda: own_emulator.count() >= 4)
    _, second, third, *_ = (request.monotonic for request in own_emulator.requests())
    assert third - second >= 0.95


@pytest.mark.parametrize("held", [False, True], ids=["by-the-pace", "by-a-hold"])
async def test_a_last_look_goes_before_all_others(
    held: bool, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60, **({} if held else {"requests_per_second": 2}))
    own_emulator.set_series(SENT, [None, {"delivered": 10}] if held else [{"delivered": 10}])
    async with running(*(waiting(number) for number in range(60))):
        await soon(lambda: own_emulator.count() >= 2)
        one = asyncio.create_task(first_event(trigger(timeout=2.0, poke_interval=0.1 if held else 30.0)))
        if held:
            await soon(lambda: polls(own_emulator)[SENT] == 1)
            own_emulator.fault("campaignStats", effect="429", retry_after=100, times=1)
        # Behind the others it would be half a minute, or a hundred seconds.
        assert (await asyncio.wait_for(one, 20))["state"] == "met"


async def test_waits_whose_time_was_up_before_are_not_polled_all_at_once(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    sent = departures(monkeypatch)
    late = [waiting(number, poke_interval=60.0, started_at=time.time() - 100, timeout=50.0) for number in range(300)]
    events = await asyncio.gather(*(first_event(one) for one in late))
    assert {event["state"] for event in events} == {"timeout"}
    assert len(sent) == 300
    assert most_in_a_second(sent) <= 150  # those that a busy machine delays leave together


async def test_first_polls_come_one_by_one(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    sent = departures(monkeypatch)
    async with running(*(waiting(number, poke_interval=60.0) for number in range(300))):
        await soon(lambda: len(sent) == 300)
    seconds = Counter(int(at - sent[0]) for at in sent)
    assert most_in_a_second(sent) <= 150, seconds  # the first ones wait for the look-up and leave together
    assert len(seconds) >= 3


async def test_polls_that_hang_do_not_stop_the_others(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, timeout=60, max_attempts=1)
    async with running(*(waiting(number, poke_interval=0.5) for number in range(60))):
        await soon(lambda: len(polls(own_emulator)) == 60)
        own_emulator.fault("campaignStats", effect="hang", phase="before_commit", seconds=60, times=16)
        await soon(lambda: sum(request.status is None for request in own_emulator.requests()) >= 16)
        before = own_emulator.count()
        await soon(lambda: own_emulator.count() >= before + 60)


async def test_polls_that_fail_now_and_then_are_no_news(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(health_log, "SPAN", 0.5)
    monkeypatch.setattr(poller, "REPORT", 0.2)
    monkeypatch.setattr(connection, "FRESH_FOR", 0.3)
    listen(monkeypatch, TruepushCampaignStatsTrigger)
    caplog.set_level(logging.INFO)
    connect(monkeypatch, own_emulator, max_attempts=1, timeout=60, colour="red")
    async with running(*(waiting(number, goal=PATIENT) for number in range(30))):
        await soon(lambda: len(polls(own_emulator)) == 30)
        own_emulator.fault("campaignStats", effect="status", status=503, probability=0.7)
        await soon(lambda: own_emulator.count() >= 600)
        own_emulator.clear_faults()
        await soon(lambda: "work again" in caplog.text)
    lines = Counter(row.getMessage()[:30] for row in caplog.records if row.name.startswith("airflow_provider"))
    of_the_poller = {line: n for line, n in lines.items() if line.startswith("Polls of")}
    assert 2 <= sum(of_the_poller.values()) <= 4, lines
    assert sum("extras" in row.getMessage() for row in caplog.records) <= 1
    # Of each run of failures the first, and that it is over.
    of_the_triggers = [row for row in caplog.records if row.getMessage().startswith("Campaign")]
    assert len(of_the_triggers) < own_emulator.count() * 0.55


async def test_a_cooldown_does_not_lead_to_the_advice_to_send_more(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(waiting()):
        await soon(lambda: own_emulator.count() >= 2)
        runner = next(iter(poller._pollers[asyncio.get_running_loop()].values()))._runner
        assert "requests_per_second" not in runner.remedy
        own_emulator.fault("campaignStats", effect="429", times=1)
        await soon(lambda: "Truepush has asked" in runner.remedy)
    connect(monkeypatch, own_emulator, timeout=60, requests_per_second=50)
    async with running(waiting()):
        await soon(lambda: own_emulator.count() >= 4)
        runner = next(iter(poller._pollers[asyncio.get_running_loop()].values()))._runner
        await soon(
            lambda: "requests_per_second" in runner.remedy or runner.connection.shared.client.rate_limiter.limited
        )


def test_a_loop_that_ends_just_after_the_last_trigger_leaves_no_connection(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LINGER", 2.0)
    connect(monkeypatch, own_emulator, timeout=60)
    other = "a" * 24
    for one in (SENT, other):
        own_emulator.set_series(one, [{"delivered": 10}])

    async def in_turn() -> None:
        tasks = [asyncio.create_task(first_event(trigger(campaign_id=one))) for one in (SENT, other)]
        for task in tasks:
            await task

    async def some_steps_later(steps: int) -> None:
        await first_event(trigger())
        for _ in range(steps):
            await asyncio.sleep(0)

    async def a_hook() -> None:
        await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)

    gc.collect()
    before = len(shared._shelves)
    others = [id(shelf) for shelf in shared._shelves.values()]  # of loops that other tests have not ended
    for work in (in_turn, a_hook, *(lambda steps=steps: some_steps_later(steps) for steps in range(6))):
        asyncio.run(work())
        for shelf in list(shared._shelves.values()):
            assert id(shelf) in others or not shelf.entries
    asyncio.run(soon(lambda: own_emulator.connections_open == 0))
    gc.collect()
    assert len(shared._shelves) <= before + 1  # asgiref keeps the last loop


async def test_a_restart_of_the_triggerer_forgets_what_was_counted(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the docstrings say: the deadline stays, ``settled_after`` and the error budget begin anew."""
    connect(monkeypatch, own_emulator, timeout=60, max_attempts=1)
    own_emulator.set_series(SENT, [{"delivered": 5}])
    goal = Goal(thresholds={"delivered": 10}, settled_after=0.8, error_budget=3).as_dict()
    one = trigger(goal=goal, timeout=60.0, poke_interval=0.1)
    for _ in range(3):
        async with running(rebuilt(one)) as (task,):
            count = own_emulator.count()
            await soon(lambda count=count: own_emulator.count() >= count + 3)
            await asyncio.sleep(0.1)
            assert not task.done()
    own_emulator.fault("campaignStats", effect="status")
    for _ in range(3):
        async with running(rebuilt(one)) as (task,):
            count = own_emulator.count()
            await soon(lambda count=count: own_emulator.count() >= count + 2)
            assert not task.done()
    own_emulator.clear_faults()
    assert (await first_event(rebuilt(one)))["state"] == "settled"


_IN_THE_LOOP = """
import asyncio, sys, threading, time
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
seen, on, me = [], [False], threading.get_ident()

def hook(event, arguments):
    if on[0] and threading.get_ident() == me and event in ("open", "import", "socket.getaddrinfo", "time.sleep"):
        seen.append((event, str(arguments[0])))

sys.addaudithook(hook)

async def main():
    on[0] = True
    trigger = TruepushCampaignStatsTrigger(
        campaign_id="a" * 24, truepush_conn_id="truepush_suite", goal=Goal({"delivered": 10}).as_dict(),
        poke_interval=0.2, timeout=1.0, started_at=time.time())
    async for event in trigger.run():
        print(event.payload["state"])
    on[0] = False

asyncio.run(main())
ours = ("airflow_provider_truepush", "idna", "stringprep", "zoneinfo")
print([one for one in seen if any(word in one[1] for word in ours)])
"""


def test_the_loop_reads_no_file_and_imports_nothing_of_ours(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60, timezone="Europe/Berlin")
    done = subprocess.run(
        [sys.executable, "-c", _IN_THE_LOOP], capture_output=True, text=True, timeout=100, env=dict(os.environ)
    )
    assert done.stdout.split("\n")[-3:-1] == ["timeout", "[]"], done.stdout + done.stderr
