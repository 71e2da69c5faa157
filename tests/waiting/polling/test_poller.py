"""The one poller under all triggers of a connection: what it sends, to whom it is fair, and what it leaves behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_truepush.client import aio, shared
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal, Watch
from airflow_provider_truepush.waiting.polling import connection, health_log, poller, waiters
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.contract.world import SCHEDULED, SENT, furnish
from tests.sensors.modes import first_event
from tests.triggers.test_campaign_stats import soon, trigger

__all__ = ["own_emulator", "plain_machine"]

QUICK = 0.1


@pytest.fixture(autouse=True)
def no_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_LINGER", 0.05)


@pytest.fixture
def look_ups(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When connections were looked up."""
    times: list[float] = []
    real = TruepushAsyncHook.get_settings

    async def counted(self: TruepushAsyncHook) -> Any:
        if self._settings is None:
            times.append(time.monotonic())
        return await real(self)

    monkeypatch.setattr(TruepushAsyncHook, "get_settings", counted)
    return times


def campaign(number: int) -> str:
    return f"{number:024x}"


def waiting(number: int = 0, **arguments: Any) -> TruepushCampaignStatsTrigger:
    return trigger(**{"campaign_id": campaign(number), "poke_interval": QUICK, **arguments})


@asynccontextmanager
async def running(*triggers: TruepushCampaignStatsTrigger) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Triggers at work, all cancelled in the end, and nothing left of them."""
    tasks = [asyncio.create_task(first_event(one)) for one in triggers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await nothing_left()


async def nothing_left() -> None:
    await soon(lambda: asyncio.all_tasks() == {asyncio.current_task()})
    assert not poller._pollers.get(asyncio.get_running_loop())
    gc.collect()


def departures(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When requests leave; on a machine that has other things to do they may arrive in bunches."""
    sent: list[float] = []
    real = aio.AsyncClient._send

    async def noted(self: aio.AsyncClient, *args: Any) -> Any:
        sent.append(time.monotonic())
        return await real(self, *args)

    monkeypatch.setattr(aio.AsyncClient, "_send", noted)
    return sent


def polls(emulator: Emulator) -> Counter[str]:
    return Counter(str(request.argument) for request in emulator.requests("campaignStats"))


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


async def test_those_who_come_together_do_not_poll_together(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(*(waiting(number, poke_interval=60.0) for number in range(150))):
        await soon(lambda: own_emulator.count() == 150)
    times = [request.monotonic for request in own_emulator.requests()]
    assert times[-1] - times[0] >= 0.5


async def test_the_pace_holds_and_nobody_starves(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Sixty campaigns want 600 polls a second, and get 40."""
    monkeypatch.setattr(health_log, "_SPAN", 1.0)
    monkeypatch.setattr(poller, "_REPORT", 0.2)
    caplog.set_level(logging.INFO)
    connect(monkeypatch, own_emulator, requests_per_second=40, timeout=60)
    sent = departures(monkeypatch)
    async with running(*(waiting(number) for number in range(60))):
        await soon(lambda: own_emulator.count() >= 300)
    assert len(sent) >= 300
    assert max(sum(at <= other < at + 1 for other in sent) for at in sent) <= 40
    requests = own_emulator.requests("campaignStats")
    by_campaign = defaultdict(list)
    for request in requests:
        by_campaign[request.argument].append(request.monotonic)
    assert len(by_campaign) == 60
    gaps = [later - earlier for row in by_campaign.values() for earlier, later in pairwise(row)]
    assert max(gaps) <= 1.2 * sum(gaps) / len(gaps)
    said = [row.getMessage() for row in caplog.records if "cannot keep their intervals" in row.getMessage()]
    # Said once, and again while it settles, which takes a moment on a machine that has other things to do.
    assert 1 <= len(said) <= 4, said
    assert "60 campaigns" in said[-1]


async def test_429_slows_all_and_then_they_recover(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    async with running(*(waiting(number, poke_interval=0.2) for number in range(20))):
        await soon(lambda: own_emulator.count() >= 60)
        own_emulator.fault("campaignStats", effect="429", retry_after=1, times=1)
        await soon(lambda: any(request.status == 429 for request in own_emulator.requests()))
        told = next(request.monotonic for request in own_emulator.requests() if request.status == 429)
        before = own_emulator.count()
        await soon(lambda: own_emulator.count() >= before + 100)
    later = [request.monotonic - told for request in own_emulator.requests() if request.monotonic > told]
    assert sum("slow down" in row.getMessage() for row in caplog.records) == 1
    # What was under way may still arrive.
    quiet = [at for at in later if 0.1 < at < 0.95]
    assert quiet == []
    assert len({request.argument for request in own_emulator.requests()[before:]}) == 20


async def test_a_quiet_longer_than_the_budget_holds_for_all(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, retry_budget=0, timeout=60)
    own_emulator.fault("campaignStats", effect="429", retry_after=1, nth=30)
    async with running(*(waiting(number) for number in range(10))):
        await soon(lambda: own_emulator.count() >= 60)
    times = [request.monotonic for request in own_emulator.requests()]
    told = times[29]
    assert [at - told for at in times if 0.15 < at - told < 0.95] == []


@pytest.mark.parametrize("told", [False, True], ids=["behind-a-pace", "in-a-hold"])
async def test_a_persons_cancel_waits_for_no_poll(
    told: bool, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    """Airflow gives it half a minute; eighty polls at one per second take longer."""
    furnish(own_emulator)
    connect(monkeypatch, own_emulator, timeout=60, **({} if told else {"requests_per_second": 1}))
    killed = waiting(campaign_id=SCHEDULED, cancel_on_kill=True)
    async with running(*(waiting(number) for number in range(80)), killed) as tasks:
        await soon(lambda: own_emulator.count() >= 2)
        if told:
            own_emulator.fault("campaignStats", effect="429", retry_after=100, times=1)
            await soon(lambda: any(request.status == 429 for request in own_emulator.requests()))
        tasks[-1].cancel()
        await asyncio.gather(tasks[-1], return_exceptions=True)
        await asyncio.wait_for(killed.on_kill(), 15)
        assert own_emulator.count("cancelCampaign") == 1
    assert len(look_ups) == 1


async def test_a_persons_cancel_looks_for_another_token(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    furnish(own_emulator)
    connect(monkeypatch, own_emulator, token="token-of-yesterday", timeout=60)
    goal = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()
    async with running(waiting(goal=goal)):
        await soon(lambda: own_emulator.count() >= 2)
        connect(monkeypatch, own_emulator, timeout=60)
        await waiting(campaign_id=SCHEDULED, cancel_on_kill=True).on_kill()
        cancels = own_emulator.requests("cancelCampaign")
        assert [request.authorised for request in cancels] == [False, True]


async def test_a_deadline_within_the_quiet_gets_one_last_look(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, retry_budget=0, timeout=60)
    own_emulator.fault("campaignStats", effect="429", retry_after=3600, nth=5)
    async with running(*(waiting(number, timeout=60.0) for number in range(5))) as others:
        await soon(lambda: own_emulator.count() >= 5)
        await asyncio.sleep(QUICK)
        before = own_emulator.count()
        assert (await first_event(waiting(9, timeout=0.5)))["state"] == "timeout"
        assert polls(own_emulator)[campaign(9)] == 1
        assert own_emulator.count() == before + 1
        assert not any(task.done() for task in others)


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


async def test_a_poll_of_one_who_left_while_it_hung_ends_with_the_last(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.fault("campaignStats", effect="hang", phase="before_commit")
    async with running(*(waiting(number) for number in range(4))):
        await soon(lambda: own_emulator.count() == 4)
    await soon(lambda: own_emulator.connections_open == 0)


async def test_trouble_of_one_reaches_no_other(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
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
async def test_nothing_makes_it_hot(
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
    monkeypatch.setattr("airflow_provider_truepush.api.protocol.retry._FIRST_BACKOFF", 0.002)
    caplog.set_level(logging.INFO)
    goal = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()
    monkeypatch.setattr(health_log, "_SPAN", 0.3)
    monkeypatch.setattr(poller, "_REPORT", 0.1)
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
