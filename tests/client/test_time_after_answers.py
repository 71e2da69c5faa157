"""The time after a complete answer to a create: it costs no success its id, and is not part of the limit."""

from __future__ import annotations

import asyncio
import gc
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol import calls, limits
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.client import aio, surplus, sync
from airflow_provider_truepush.client.aio import AsyncClient
from tests.client.peers import CREATED, Peer, answers
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN
from tests.support.tokens import SESSION_TOKEN

REFUSAL = b'{"status_code":429,"status":"ERROR","message":"API Usage Limit Exceeded","data":"API-LIMIT-EXCEEDED"}'


def look_for(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surplus, "MOMENT", seconds)
    monkeypatch.setattr(aio, "MOMENT", seconds)


def limit_to(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for client in (aio, sync):
        monkeypatch.setattr(client, "total_timeout", lambda timeout: seconds)


def created(peer: Peer, flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> Any:
    connect(monkeypatch, peer.url, timezone="UTC", timeout=5)
    return attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)


def test_a_success_is_returned_at_once(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    look_for(4, monkeypatch)
    limit_to(3, monkeypatch)
    began = time.monotonic()
    with Peer(answers(CREATED)) as peer:
        outcome = created(peer, flavour, monkeypatch)
        assert time.monotonic() - began < 3
    assert outcome.value == "ab" * 12
    assert len(peer.requests) == 1


def test_the_look_for_surplus_bytes_is_not_part_of_the_limit(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    look_for(1.5, monkeypatch)
    limit_to(1, monkeypatch)

    with Peer(answers(REFUSAL, status=b"429 Slow")) as peer:
        outcome = created(peer, flavour, monkeypatch)
    assert outcome.name == "TruepushRateLimitError"
    assert len(peer.requests) == 1


async def open_client() -> tuple[AsyncClient, Settings]:
    settings = Settings(token=SESSION_TOKEN, base_url="http://127.0.0.1:9", timezone=ZoneInfo("UTC"))
    return await AsyncClient.open(settings), settings


async def test_nothing_can_interrupt_the_conclusion_of_a_create() -> None:
    client, settings = await open_client()
    call = calls.create_campaign(CAMPAIGN, settings, datetime.now(UTC))
    large = Reply(200, b" " * limits.LARGE_BODY_BYTES + CREATED)
    conclusion = client.conclude(Exchange(call), large, 1.0)
    with pytest.raises(StopIteration) as end:
        conclusion.send(None)
    assert end.value.value == "ab" * 12
    await client.close()


async def test_an_interrupted_reading_leaves_no_error_behind() -> None:
    unseen: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    client, _ = await open_client()
    call = calls.get_campaign_stats("ab" * 12)
    large = Reply(502, b" " * (limits.LARGE_BODY_BYTES + 1))
    reading = asyncio.ensure_future(client.conclude(Exchange(call), large, 1.0))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await asyncio.sleep(0.1)
    gc.collect()
    assert unseen == []
    await client.close()
