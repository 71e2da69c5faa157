"""Requests leave at the allowed rate however late the loop is, and urgent ones before others."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.client import shared_rate
from airflow_provider_truepush.client.admission import AdmissionQueue
from airflow_provider_truepush.client.aio import AsyncClient
from airflow_provider_truepush.client.shared_rate import SharedRateLimiter, rate_limiter_for
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushRateLimitError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import SCHEDULED, SENT, furnish
from tests.support.soon import soon

READ, CANCEL = calls.get_campaign_stats(SENT), calls.cancel_campaign(SCHEDULED)


def settings(emulator: Emulator, per_second: float | None = None, **more: float) -> Settings:
    return Settings(emulator.url, emulator.token, timeout=20, requests_per_second=per_second, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(given: Settings) -> AsyncIterator[AsyncClient]:
    client = await AsyncClient.open(given)
    try:
        yield client
    finally:
        await client.close()


@pytest.mark.parametrize(("rate", "late"), [(2, 0.35), (5, 0.15), (10, 0.25)])
async def test_a_late_event_loop_does_not_send_a_burst(rate: int, late: float, own_emulator: Emulator) -> None:
    left: list[float] = []

    async def ask(client: AsyncClient) -> None:
        while True:
            await client.admit()
            left.append((await client.ask(READ))[1])

    async def block() -> None:
        while True:
            await asyncio.sleep(0.6)
            time.sleep(late)  # noqa: ASYNC251  # the lateness that this is about

    async with opened(settings(own_emulator, rate)) as client:
        tasks = [asyncio.create_task(ask(client)) for _ in range(8)] + [asyncio.create_task(block())]
        await asyncio.sleep(5)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len(left) > 2 * rate
    assert max(sum(at <= other < at + 1 for other in left) for at in left) <= rate


async def test_a_cancel_goes_before_waiting_reads(own_emulator: Emulator) -> None:
    furnish(own_emulator)
    async with opened(settings(own_emulator, 5)) as client:
        reads = [asyncio.create_task(client.execute(READ)) for _ in range(80)]
        await asyncio.sleep(0.3)
        before = own_emulator.count()
        assert await client.execute(CANCEL)
        assert own_emulator.count() - before <= 3
        assert not all(read.done() for read in reads)
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)
        # Who was cancelled while it waited holds up nobody.
        await asyncio.wait_for(client.execute(READ), 10)


async def test_a_cancel_does_not_wait_for_the_end_of_a_cooldown(own_emulator: Emulator) -> None:
    furnish(own_emulator)
    own_emulator.fault("campaignStats", effect="429", retry_after=60, nth=1)
    async with opened(settings(own_emulator)) as client:
        reads = [asyncio.create_task(client.execute(READ)) for _ in range(80)]
        await soon(lambda: client.rate_limiter.cooldown_left() > 0)
        before = own_emulator.count("campaignStats")
        assert await asyncio.wait_for(client.execute(CANCEL), 10)
        assert own_emulator.count("campaignStats") <= before + 50  # what was under way
        assert client.rate_limiter.cooldown_left() > 30
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)


async def test_a_cancel_that_gets_a_429_waits(own_emulator: Emulator) -> None:
    furnish(own_emulator)
    own_emulator.fault("cancelCampaign", effect="429", retry_after=1, nth=1)
    async with opened(settings(own_emulator)) as client:
        assert await client.execute(CANCEL)
    first, second = (request.monotonic for request in own_emulator.requests("cancelCampaign"))
    assert second - first >= 0.95


async def test_a_request_that_is_canceled_when_admitted_admits_the_next() -> None:
    queue = AdmissionQueue(SharedRateLimiter(shared_rate._Project(), 20))
    first, second, third = (asyncio.create_task(queue.admit()) for _ in range(3))
    await first
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait_for(third, 30)
    assert queue.waiting == 0


async def test_a_429_of_a_call_that_gives_up_slows_the_others(own_emulator: Emulator) -> None:
    own_emulator.fault("campaignStats", effect="429", nth=[1, 3])
    async with opened(settings(own_emulator, max_attempts=1)) as client:
        assert client.rate_limiter.free
        with pytest.raises(TruepushRateLimitError):
            await client.execute(READ)
        assert client.rate_limiter.limited
        assert 0 < client.rate_limiter.cooldown_left() <= 0.5
        await client.execute(READ)
    first, second = (request.monotonic for request in own_emulator.requests())
    assert second - first >= 0.4


async def test_others_wait_at_most_for_the_retry_budget(
    own_emulator: Emulator,
) -> None:
    own_emulator.fault("campaignStats", effect="429", retry_after=3600, nth=1)
    async with opened(settings(own_emulator, retry_budget=1)) as client:
        with pytest.raises(TruepushRateLimitError):
            await client.execute(READ)
        assert 0 < client.rate_limiter.cooldown_left() <= 1
        await client.execute(READ)
        assert client.rate_limiter.limited
    first, second = (request.monotonic for request in own_emulator.requests())
    assert second - first >= 0.95


def test_the_lowest_limit_of_its_clients_applies_to_a_project(own_emulator: Emulator) -> None:
    slow = rate_limiter_for(settings(own_emulator, 10))
    quick = rate_limiter_for(settings(own_emulator, 1000))
    none = rate_limiter_for(settings(own_emulator))
    slow.reserve()
    assert 0.05 < quick.reserve() <= 0.11
    assert not none.free
    slow.leave()
    quick.reserve()
    assert quick.reserve() - quick.reserve() == pytest.approx(-0.001, abs=0.0005)
    del quick, slow
    gc.collect()
    none.reserve()
    assert none.free


def test_an_edited_limit_applies_at_once_to_all_clients(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, requests_per_second=1000)
    with TruepushHook(CONN_ID) as first:
        first.get_campaign_stats(SENT)
        connect(monkeypatch, own_emulator, requests_per_second=10)
        with TruepushHook(CONN_ID) as second:
            for _ in range(3):
                first.get_campaign_stats(SENT)
                second.get_campaign_stats(SENT)
    times = [request.monotonic for request in own_emulator.requests()][1:]
    assert times[-1] - times[0] >= 5 / 10 * 0.9


async def test_a_rotated_token_does_not_end_a_cooldown(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, token="token-of-yesterday")
    before = rate_limiter_for(await TruepushAsyncHook(CONN_ID).get_settings())
    before.cool_down(30)
    connect(monkeypatch, own_emulator)
    after = rate_limiter_for(await TruepushAsyncHook(CONN_ID).get_settings())
    assert after.cooldown_left() > 20
    # Another project of the same host is not held.
    connect(monkeypatch, own_emulator, "another", token="token-of-another-project")
    assert rate_limiter_for(await TruepushAsyncHook("another").get_settings()).cooldown_left() == 0


def test_the_rate_limiter_of_a_project_is_forgotten_after_its_last_client(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowed_down(token: str) -> SharedRateLimiter:
        limiter = rate_limiter_for(Settings(own_emulator.url, token))
        limiter.cool_down(0.01)
        return limiter

    def is_limited(token: str) -> bool:
        return rate_limiter_for(Settings(own_emulator.url, token)).limited

    kept = slowed_down("used")
    slowed_down("left")
    rate_limiter_for(Settings(own_emulator.url, "another"))
    assert is_limited("left")  # the next client may come, and has to keep the rate
    monkeypatch.setattr(shared_rate, "FORGET", 0.0)
    time.sleep(0.05)
    rate_limiter_for(Settings(own_emulator.url, "yet another"))
    assert not is_limited("left")
    assert is_limited("used")
    assert kept.limited
