"""A triggerer with watchers of new campaigns, and what its tests wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger
from tests.support.asset_state import Store

shared_streams = pytest.importorskip("airflow.triggers.shared_stream", reason="Airflow 3.3 brings shared streams")

CONN_ID = "truepush_default"
SOON = 0.05


class Triggerer:
    """What a triggerer does with watchers, with Airflow's own manager of shared streams.

    Events are stored only when the test says so, as far as the watchers can tell.
    """

    def __init__(self, *, storing: bool = True) -> None:
        self.manager = shared_streams.SharedStreamManager()
        self.told: list[tuple[str, str]] = []
        self.titles: list[str] = []
        self.times: list[float] = []
        self.unstored: list[int] = []
        self.storing = storing
        self.spacing = 0.0
        self.tasks: list[asyncio.Task[None]] = []

    def watch(self, store: Store | None = None, **kwargs: Any) -> TruepushNewCampaignsTrigger:
        trigger = TruepushNewCampaignsTrigger(**{"poll_interval": SOON, **kwargs})
        trigger.event_spacing = self.spacing
        trigger.asset_state_store = store  # type: ignore[assignment]
        number = len(self.tasks)
        self.tasks.append(asyncio.create_task(self._run(number, trigger)))
        return trigger

    async def _run(self, number: int, trigger: TruepushNewCampaignsTrigger) -> None:
        """As ``TriggerRunner.run_trigger``."""
        key = trigger.shared_stream_key()
        stream = self.manager.subscribe(trigger_id=number, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                seq = self.manager.bind_pending_event(trigger_id=number, key=key)
                self.told.append((trigger.project, event.payload["campaign_id"]))
                self.titles.append(event.payload["title"])
                self.times.append(time.monotonic())
                self.unstored.append(seq)
                if self.storing:
                    self.store_events()
        finally:
            await self.manager.unsubscribe(number, key)

    def store_events(self) -> None:
        asyncio.get_running_loop().call_soon(self.manager.confirm_persisted, list(self.unstored))
        self.unstored.clear()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.manager.stop_all()

    @property
    def ids(self) -> list[str]:
        return [campaign_id for _, campaign_id in self.told]


@asynccontextmanager
async def triggerer(*, storing: bool = True) -> AsyncIterator[Triggerer]:
    running = Triggerer(storing=storing)
    try:
        yield running
    finally:
        await running.stop()


async def until(done: Callable[[], Any], what: str = "") -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, f"waited in vain {what}"
        await asyncio.sleep(0.01)


async def polls(emulator: Emulator, more: int = 3) -> None:
    """Until the list was read anew so many times. The first poll reads an empty one twice."""
    target = first_pages(emulator) + more
    await until(lambda: first_pages(emulator) >= target, "for polls")


async def wait_for_state(store: Store, campaign_id: str) -> None:
    await until(lambda: campaign_id in str(store.kept), "for the state")


def first_pages(emulator: Emulator) -> int:
    return sum(request.argument == "1" for request in emulator.requests("listCampaign"))


def add(emulator: Emulator, title: str = "New") -> str:
    return emulator.seed({"campaigns": [{"title": title}]})["campaigns"][0]
