"""Rate limits, HTTP 429 and cooldowns: what they hold back, and what goes first."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from itertools import pairwise

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import health_log, poller
from tests.contract.driver import connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.contract.world import SCHEDULED, furnish
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.waiting.polling.waits import QUICK, campaign, departures, look_ups, no_linger, polls, running, waiting

__all__ = ["look_ups", "no_linger", "own_emulator", "plain_machine"]


async def test_the_rate_limit_holds_and_no_campaign_starves(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Sixty campaigns want 600 polls a second, and get 40."""
    monkeypatch.setattr(health_log, "SPAN", 1.0)
    monkeypatch.setattr(poller, "REPORT", 0.2)
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


async def test_a_cooldown_longer_than_the_budget_applies_to_all(
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
async def test_a_cancel_goes_before_all_polls(
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


async def test_a_cancel_uses_a_corrected_token(
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


async def test_a_deadline_within_the_cooldown_gets_one_last_poll(
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
