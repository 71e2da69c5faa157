"""Many waits on one poller: start them, watch their requests, and check that nothing is left of them."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from airflow_provider_truepush.client import aio, shared
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import poller
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.support.stats_trigger import trigger

QUICK = 0.1
#: A goal that outlasts failed polls.
PATIENT = Goal(thresholds={"delivered": 10}, error_budget=1000).as_dict()


@pytest.fixture(autouse=True)
def no_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LINGER", 0.05)


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
    """When polls leave; on a machine that has other things to do they may arrive in bunches."""
    sent: list[float] = []
    real = aio.AsyncClient.ask

    async def counted(self: aio.AsyncClient, call: Any) -> Any:
        sent.append(time.monotonic())
        return await real(self, call)

    monkeypatch.setattr(aio.AsyncClient, "ask", counted)
    return sent


def polls(emulator: Emulator) -> Counter[str]:
    return Counter(str(request.argument) for request in emulator.requests("campaignStats"))
