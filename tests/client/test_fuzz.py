"""Whatever is answered: a result of the documented type or an error of this provider, in bounded time and memory."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.body import UnreadableBodyError, decompress
from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.client.aio import AsyncClient
from airflow_provider_truepush.client.sync import SyncClient
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError
from airflow_provider_truepush.hooks.session import open_session
from tests.api.support import CREATES, ID, NAMES, call_of
from tests.client.fuzzing import PACKERS, answers, bodies, fuzz, fuzz_wire, scripted, statuses
from tests.client.peers import Peer
from tests.support.tokens import SESSION_TOKEN

#: What a call of each kind may return.
RESULTS: dict[str, tuple[type, ...]] = {
    "create": (str, type(None)),
    "cancel": (bool,),
    "delete": (bool,),
    "set_status": (bool,),
    "stats": (CampaignStats, type(None)),
    "list": (list,),
}
ACTIONS = {endpoint.name: endpoint.action for endpoint in ENDPOINTS}


def check(name: str, end: Any) -> None:
    """A result that can be stored and logged, or an error that can be shown."""
    if isinstance(end, TruepushError):
        text = str(end)
        assert len(text) < 4_100
        assert text.encode()
        assert SESSION_TOKEN not in text
        if name in CREATES and isinstance(end, TruepushAmbiguousError):
            assert not end.repeatable
        return
    assert isinstance(end, RESULTS[ACTIONS[name]])
    if isinstance(end, CampaignStats):
        assert json.dumps([end.as_dict(), end.extra], allow_nan=False).encode()
        assert all(0 <= value <= limits.MAX_COUNTER for value in end.as_dict().values())
        for rate in ("delivery_rate", "view_rate", "click_rate", "unsubscribe_rate"):
            assert end.rate(rate) is None or isinstance(end.rate(rate), float)
    elif isinstance(end, list):
        for row in end:
            assert isinstance(row, Ref)
            assert len(row.id) == len(ID)
            assert row.created_at is not None
            assert json.dumps(row.as_dict(), ensure_ascii=False).encode()
    elif isinstance(end, str):
        assert len(end) == len(ID)


@fuzz
@given(st.sampled_from(NAMES), statuses, bodies, st.none() | st.text(max_size=20))
def test_any_answer_is_read_or_refused(name: str, status: int, body: bytes, retry_after: str | None) -> None:
    exchange = Exchange(call_of(name))
    for _ in range(2):
        try:
            end: Any = exchange.conclude(Reply(status, body, retry_after))
        except TruepushError as error:
            end = error
        check(name, end)


@fuzz
@given(bodies, st.sampled_from(list(PACKERS)), st.sampled_from(list(PACKERS)) | st.text(max_size=10))
def test_any_body_is_decompressed_or_refused(body: bytes, packed_as: str, named: str) -> None:
    try:
        found = decompress(PACKERS[packed_as](body), named)
    except UnreadableBodyError:
        return
    assert len(found) <= limits.MAX_BODY_BYTES


SCRIPT: deque[bytes] = deque()


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    """A connection to a server that answers what the script says."""
    with Peer(scripted(SCRIPT)) as peer:
        yield Settings(peer.url, SESSION_TOKEN, timeout=5.0, max_attempts=1, retry_budget=0)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for all examples."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@fuzz_wire
@given(st.sampled_from(NAMES), answers())
def test_the_blocking_client_takes_any_bytes(settings: Settings, name: str, answer: bytes) -> None:
    SCRIPT.clear()
    SCRIPT.append(answer)
    client = SyncClient(settings, open_session)
    began = time.monotonic()
    try:
        end: Any = client.execute(call_of(name))
    except TruepushError as error:
        end = error
    finally:
        client.close()
    check(name, end)
    assert time.monotonic() - began < 4 * settings.timeout


@fuzz_wire
@given(st.sampled_from(NAMES), answers())
def test_the_asynchronous_client_takes_any_bytes(
    settings: Settings, loop: asyncio.AbstractEventLoop, name: str, answer: bytes
) -> None:
    SCRIPT.clear()
    SCRIPT.append(answer)

    async def run() -> Any:
        client = await AsyncClient.open(settings)
        try:
            return await client.execute(call_of(name))
        except TruepushError as error:
            return error
        finally:
            await client.close()

    began = time.monotonic()
    check(name, loop.run_until_complete(run()))
    assert time.monotonic() - began < 4 * settings.timeout


@fuzz_wire
@given(st.sampled_from(CREATES), answers())
def test_both_clients_judge_a_create_alike(
    settings: Settings, loop: asyncio.AbstractEventLoop, name: str, answer: bytes
) -> None:
    """Where one is sure that nothing was created, the other is not of the opinion that something was."""
    ends = []
    for blocking in (True, False):
        SCRIPT.clear()
        SCRIPT.append(answer)
        try:
            if blocking:
                ends.append(SyncClient(settings, open_session).execute(call_of(name)))
            else:
                ends.append(loop.run_until_complete(_asynchronously(settings, name)))
        except TruepushError as error:
            ends.append(error)
    kinds = {type(end) for end in ends}
    assert len(kinds) == 1 or TruepushAmbiguousError in kinds, ends


async def _asynchronously(settings: Settings, name: str) -> Any:
    client = await AsyncClient.open(settings)
    try:
        return await client.execute(call_of(name))
    finally:
        await client.close()
