"""A client that is shared request by request, and asks without repeating."""

from __future__ import annotations

import asyncio
import time
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Failure
from airflow_provider_truepush.client import shared
from airflow_provider_truepush.client.shared import enter_client
from airflow_provider_truepush.emulator import Emulator
from tests.contract.world import SENT
from tests.support.soon import soon

CALL = calls.get_campaign_stats(SENT)


def settings(emulator: Emulator, timeout: float = 20.0, per_second: float | None = None) -> Settings:
    return Settings(emulator.url, emulator.token, timeout=timeout, requests_per_second=per_second)


async def test_ask_sends_one_request_whatever_the_answer(own_emulator: Emulator) -> None:
    own_emulator.fault("campaignStats", effect="status", status=503, nth=2)
    entered = await enter_client(settings(own_emulator))
    began = time.monotonic()
    async with entered as client:
        (first, left), (second, _) = await client.ask(CALL), await client.ask(CALL)
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert second.status == 503
    assert began <= left <= time.monotonic()
    assert own_emulator.count() == 2
    await entered.leave_at_once()
    assert not shared._shelves[asyncio.get_running_loop()].entries


async def test_silence_is_reported_after_the_timeout(own_emulator: Emulator) -> None:
    own_emulator.fault("campaignStats", effect="hang", phase="before_commit")
    entered = await enter_client(settings(own_emulator, timeout=0.5))
    async with entered as client:
        result, _ = await client.ask(CALL)
    assert result == Failure(True, "did not complete within 0.5 s")
    await entered.leave_at_once()


async def test_a_canceled_user_closes_a_client_without_other_users(own_emulator: Emulator) -> None:
    own_emulator.fault("campaignStats", effect="hang", phase="before_commit")
    entered = await enter_client(settings(own_emulator))

    async def ask() -> None:
        async with entered as client:
            await client.ask(CALL)

    asking = asyncio.create_task(ask())
    await soon(lambda: own_emulator.count() > 0)
    entered.leave()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not shared._shelves[asyncio.get_running_loop()].entries


async def test_waiting_requests_leave_one_by_one(own_emulator: Emulator) -> None:
    entered = await enter_client(settings(own_emulator, per_second=20))
    assert urlsplit(entered.client.settings.base_url).scheme == "http"
    assert not entered.client.rate_limiter.free
    async with entered as client:

        async def ask() -> None:
            await client.admit()
            await client.ask(CALL)

        await asyncio.gather(*(ask() for _ in range(6)))
    times = sorted(request.monotonic for request in own_emulator.requests())
    assert times[-1] - times[0] >= 5 / 20 * 0.8
    await entered.leave_at_once()
