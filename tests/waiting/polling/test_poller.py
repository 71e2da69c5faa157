"""The one poller under all triggers of a connection: what it sends, to whom it is fair, and what it leaves behind."""

from __future__ import annotations

import asyncio
import logging
import time
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.waiting.goal import Goal, Watch
from airflow_provider_truepush.waiting.polling import connection, health_log, poller, waiters
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.contract.world import SENT
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.support.stats_trigger import trigger
from tests.waiting.polling.waits import (
    QUICK,
    campaign,
    departures,
    look_ups,
    no_linger,
    nothing_left,
    polls,
    running,
    waiting,
)

__all__ = ["look_ups", "no_linger", "own_emulator", "plain_machine"]


async def test_a_campaign_that_several_wait_for_is_polled_once(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator)
    own_emulator.set_series(SENT, [{"delivered": 10 * number, "sent": 100} for number in range(12)])
    many = [
        trigger(poke_interval=interval, goal=Goal(thresholds={"delivered": bound}).as_dict())
        for interval, bound in ((QUICK, 100), (QUICK, 60), (3 * QUICK, 30), (50.0, 90))
    ]
    events = await asyncio.gather(*(first_event(one) for one in many))
    assert [event["state"] for event in events] == ["met"] * 4
    # Each by its own bound, all from the same polls.
    assert [event["stats"]["delivered"] for event in events] == [100, 60, 30, 90]
    assert own_emulator.count() == 11
    gaps = [later.monotonic - earlier.monotonic for earlier, later in pairwise(own_emulator.requests())]
    assert sum(gaps) / len(gaps) >= 0.8 * QUICK
    await nothing_left()


async def test_one_look_up_and_a_small_pool_for_all(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(*(waiting(number, poke_interval=1.0) for number in range(100))):
        await soon(lambda: len(polls(own_emulator)) == 100 and own_emulator.count() >= 200)
        assert len(look_ups) == 1
        assert own_emulator.connections_opened <= 16


async def test_waits_that_begin_together_do_not_poll_together(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(*(waiting(number, poke_interval=60.0) for number in range(150))):
        await soon(lambda: own_emulator.count() == 150)
    times = [request.monotonic for request in own_emulator.requests()]
    assert times[-1] - times[0] >= 0.5


async def test_a_rotated_token_is_picked_up(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.3)
    connect(monkeypatch, own_emulator, token="token-of-yesterday", timeout=60)
    own_emulator.set_series(campaign(3), [{"delivered": 10}])
    goal = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()
    async with running(*(waiting(number, goal=goal) for number in range(10))) as tasks:
        await soon(lambda: own_emulator.count() >= 40)
        assert not any(request.authorised for request in own_emulator.requests())
        connect(monkeypatch, own_emulator, timeout=60)
        await soon(lambda: own_emulator.requests()[-1].authorised)
        assert (await tasks[3])["state"] == "met"
    # Not one per poll that was refused.
    assert 2 <= len(look_ups) < own_emulator.count() / 10
    assert all(later - earlier >= 0.3 for earlier, later in pairwise(look_ups))


async def test_a_changed_connection_is_picked_up_after_a_while(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    monkeypatch.setattr(connection, "FRESH_FOR", 0.3)
    connect(monkeypatch, own_emulator, timeout=60)
    with Emulator(token=own_emulator.token) as other:
        async with running(*(waiting(number) for number in range(5))):
            await soon(lambda: own_emulator.count() >= 5)
            connect(monkeypatch, other, timeout=60)
            await soon(lambda: other.count() >= 20)
            before = own_emulator.count()
            await asyncio.sleep(3 * QUICK)
            assert own_emulator.count() == before
            await soon(lambda: own_emulator.connections_open == 0)
            monkeypatch.delenv(f"AIRFLOW_CONN_{CONN_ID.upper()}")
            looked = len(look_ups)
            await soon(lambda: len(look_ups) > looked + 1)
            # It cannot be looked up any more: what is known goes on.
            count = other.count()
            await soon(lambda: other.count() >= count + 10)
        assert all(request.authorised for request in other.requests())


async def test_a_cancelled_trigger_is_polled_for_no_more(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(*(waiting(number) for number in range(6))) as tasks:
        await soon(lambda: len(polls(own_emulator)) == 6)
        for task in tasks[:5]:
            task.cancel()
        await asyncio.gather(*tasks[:5], return_exceptions=True)
        await asyncio.sleep(QUICK)
        own_emulator.clear_requests()
        await soon(lambda: own_emulator.count() >= 3)
        assert set(polls(own_emulator)) == {campaign(5)}
    await soon(lambda: own_emulator.connections_open == 0)


async def test_a_hanging_poll_of_a_canceled_trigger_ends_with_the_last_trigger(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.fault("campaignStats", effect="hang", phase="before_commit")
    async with running(*(waiting(number) for number in range(4))):
        await soon(lambda: own_emulator.count() == 4)
    await soon(lambda: own_emulator.connections_open == 0)


async def test_an_error_of_one_wait_affects_no_other(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Watch.observe
    cursed = Goal(thresholds={"delivered": 666})

    def observe(self: Watch, *args: Any) -> Any:
        if self.goal == cursed:
            raise ZeroDivisionError("this one's own")
        return real(self, *args)

    monkeypatch.setattr(Watch, "observe", observe)
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.set_series(SENT, [*[None] * 5, {"delivered": 10}])
    bad_id = asyncio.create_task(first_event(waiting(campaign_id="no id at all")))
    async with running(trigger(goal=cursed.as_dict()), trigger(poke_interval=QUICK), waiting(1)) as (
        broken,
        good,
        other,
    ):
        with pytest.raises(ZeroDivisionError, match="own"):
            await broken
        assert (await bad_id)["state"] == "errors"
        assert (await good)["state"] == "met"
        assert not other.done()
    assert "no id at all" not in polls(own_emulator)


async def test_errors_count_by_the_interval_of_each(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who polls every second would use up the error budget of one who polls every hour."""
    connect(monkeypatch, own_emulator, max_attempts=1, timeout=60)
    own_emulator.fault("campaignStats", effect="status", nth=range(2, 1000))
    goal = Goal(thresholds={"delivered": 10}, error_budget=2).as_dict()
    async with running(trigger(goal=goal, poke_interval=30.0), trigger(goal=goal, poke_interval=QUICK)) as (
        slow,
        quick,
    ):
        event = await quick
        assert event["state"] == "errors"
        assert own_emulator.count() == 4
        await asyncio.sleep(2 * QUICK)
        assert not slow.done()


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "outcome", "code": "TOKEN-NOT-FOUND"},
        {"effect": "429"},
        {"effect": "429", "retry_after": 0},
        {"effect": "status", "status": 503},
        {"effect": "garbage"},
        {"effect": "rst"},
        {"effect": "redirect"},
        None,
    ],
    ids=["401", "429", "429-now", "503", "garbage", "reset", "redirect", "refused"],
)
async def test_no_fault_makes_polls_more_frequent(
    fault: dict[str, Any] | None, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = departures(monkeypatch)
    target = own_emulator if fault else "http://127.0.0.1:9"
    if fault:
        own_emulator.fault("campaignStats", **fault)
    connect(monkeypatch, target, max_attempts=1, timeout=10)
    goal = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()
    began = time.monotonic()
    async with running(waiting(goal=goal), waiting(goal=goal)):
        await soon(lambda: len(sent) >= 3)
        await asyncio.sleep(0.8)
    assert len(sent) <= (time.monotonic() - began) / QUICK + 2
    if fault:
        assert 0 <= len(sent) - own_emulator.count() <= 2  # what had just left when all was cancelled


async def test_the_end_comes_although_polls_hang(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiters, "GRACE", 0.2)
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.fault("campaignStats", effect="hang", phase="before_commit")
    began = time.monotonic()
    assert (await first_event(waiting(timeout=0.3)))["state"] == "timeout"
    assert 0.4 <= time.monotonic() - began < 20
    await nothing_left()


async def test_a_poller_that_breaks_ends_its_triggers(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(waiting(0), waiting(1)) as tasks:
        await soon(lambda: own_emulator.count() >= 2)
        monkeypatch.setattr(health_log.HealthLog, "report", _broken)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [TruepushError] * 2
        monkeypatch.undo()
    # The next begins anew.
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.set_series(SENT, [{"delivered": 10}])
    assert (await first_event(trigger()))["state"] == "met"


def _broken(*args: Any) -> None:
    raise ZeroDivisionError("a defect")


async def test_nothing_is_logged_per_poll(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, own_emulator, max_attempts=2, timeout=60)
    monkeypatch.setattr("airflow_provider_truepush.api.protocol.retry.FIRST_BACKOFF", 0.002)
    caplog.set_level(logging.INFO)
    goal = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()
    monkeypatch.setattr(health_log, "SPAN", 0.3)
    monkeypatch.setattr(poller, "REPORT", 0.1)
    async with running(*(waiting(number, goal=goal) for number in range(5))):
        await soon(lambda: own_emulator.count() >= 25)
        own_emulator.fault("campaignStats", effect="status", status=503, times=100)
        await soon(lambda: own_emulator.count() >= 180)
    said = [row.getMessage() for row in caplog.records if row.name.startswith("airflow_provider_truepush")]
    said = [line for line in said if "Emulat" not in line]
    assert [line for line in said if "Polls of" in line and "fail" in line] != []
    assert len([line for line in said if not line.startswith("Campaign ")]) <= 6, said


def test_many_loops_after_each_other(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.set_series(SENT, [{"delivered": 10}])
    for _ in range(3):
        assert asyncio.run(first_event(trigger()))["state"] == "met"
    assert own_emulator.count() == 3
