"""How many connections there are, for how long, and that none is left."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from airflow_provider_truepush.client import shared
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.client.peers import ANSWER, Peer
from tests.contract.driver import CONN_ID, Flavour, connect
from tests.contract.world import CAMPAIGN, SENT
from tests.support.soon import soon


@contextmanager
def nothing_is_left(emulator: Emulator) -> Iterator[None]:
    """No warning of what was not closed, and soon no connection at the emulator."""
    asyncio.set_event_loop(None)  # what other tests have left is theirs
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(row.message) for row in caught if issubclass(row.category, ResourceWarning)] == []
    until(lambda: emulator.connections_open == 0)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.025)


def others() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def test_the_blocking_hook_keeps_one_connection_and_closes_it(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator)
    with nothing_is_left(own_emulator):
        with TruepushHook(CONN_ID) as hook:
            for _ in range(20):
                hook.get_campaign_stats(SENT)
            assert (own_emulator.connections_opened, own_emulator.connections_open) == (1, 1)
            # A create has a connection of its own, for its time only.
            hook.create_campaign(CAMPAIGN)
            hook.get_campaign_stats(SENT)
            until(lambda: own_emulator.connections_open == 1)
        assert (own_emulator.connections_opened, own_emulator.count()) == (2, 22)


def test_all_hooks_of_a_loop_share_one_session(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator)

    async def run() -> None:
        for _ in range(10):
            await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)
        assert own_emulator.connections_opened == 1
        async with TruepushAsyncHook(CONN_ID) as one, TruepushAsyncHook(CONN_ID) as other:
            await one.get_campaign_stats(SENT)
            await other.get_campaign_stats(SENT)
        await TruepushAsyncHook(CONN_ID).create_campaign(CAMPAIGN)

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    assert (own_emulator.connections_opened, own_emulator.count()) == (2, 13)


def test_concurrent_calls_use_a_limited_number_of_connections(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)

    async def run() -> None:
        hooks = [TruepushAsyncHook(CONN_ID) for _ in range(300)]
        assert await asyncio.gather(*(hook.get_campaign_stats(SENT) for hook in hooks)) == [None] * 300

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    assert own_emulator.count() == 300
    assert own_emulator.connections_opened <= 50


def test_connections_of_different_settings_are_not_shared(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, "truepush_one")
    connect(monkeypatch, own_emulator, "truepush_two", token="token-of-no-project")

    async def run() -> None:
        await TruepushAsyncHook("truepush_one").get_campaign_stats(SENT)
        with pytest.raises(TruepushError, match="rejected the token"):
            await TruepushAsyncHook("truepush_two").get_campaign_stats(SENT)

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    assert [request.authorised for request in own_emulator.requests()] == [True, False]


def test_an_unused_session_is_closed_while_the_loop_continues(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "LINGER", 1.0)
    connect(monkeypatch, own_emulator)

    async def run() -> None:
        await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)
        await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)
        assert own_emulator.connections_opened == 1
        await soon(lambda: not own_emulator.connections_open and not others())
        await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)
        assert own_emulator.connections_opened == 2

    with nothing_is_left(own_emulator):
        asyncio.run(run())


def test_a_process_may_have_many_loops_in_sequence_and_at_once(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator)

    async def run() -> None:
        hook = TruepushAsyncHook(CONN_ID)
        await asyncio.gather(*(hook.get_campaign_stats(SENT) for _ in range(3)))

    hook = TruepushAsyncHook(CONN_ID)
    with nothing_is_left(own_emulator):
        for _ in range(10):
            asyncio.run(run())
            # One hook may live through several loops.
            asyncio.run(hook.get_campaign_stats(SENT))
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: asyncio.run(run()), range(8)))
    assert own_emulator.count() == 10 * 4 + 8 * 3


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_a_canceled_call_leaves_nothing_open(
    method: str, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_emulator.fault(effect="hang", phase="before_commit")
    connect(monkeypatch, own_emulator, timeout=60)

    async def run() -> None:
        hook = TruepushAsyncHook(CONN_ID)
        waiting = asyncio.create_task(getattr(hook, method)(SENT if "stats" in method else CAMPAIGN))
        await soon(lambda: own_emulator.count() > 0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    # A cancelled create is not sent a second time either.
    assert own_emulator.count() == 1


def test_a_call_canceled_between_attempts_leaves_nothing_open(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.fault(effect="429", retry_after=50)
    connect(monkeypatch, own_emulator)

    async def run() -> None:
        waiting = asyncio.create_task(TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT))
        await soon(lambda: "The next is in" in caplog.text)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    assert own_emulator.count() == 1


def test_a_loop_that_ends_during_calls_leaves_nothing_open(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_emulator.fault("listSegment", effect="hang", phase="before_commit")
    connect(monkeypatch, own_emulator, timeout=60)
    kept: list[asyncio.Task[Any]] = []

    async def inside() -> None:
        async with TruepushAsyncHook(CONN_ID) as hook:
            await hook.get_campaign_stats(SENT)
            await asyncio.sleep(60)

    async def asking() -> None:
        assert [row async for row in TruepushAsyncHook(CONN_ID).list_segments()] == "never"

    async def run() -> None:
        kept.extend(asyncio.create_task(work()) for work in (inside, asking, inside))
        await soon(lambda: own_emulator.count() == 3)

    with nothing_is_left(own_emulator):
        asyncio.run(run())
    assert all(task.cancelled() for task in kept)


def test_an_error_inside_closes_the_session_at_once(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator)

    async def inside() -> None:
        async with TruepushAsyncHook(CONN_ID) as hook:
            await hook.get_campaign_stats(SENT)
            raise RuntimeError("ours")

    async def run() -> None:
        with pytest.raises(RuntimeError, match="ours"):
            await inside()
        assert others() == []

    with nothing_is_left(own_emulator):
        asyncio.run(run())


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("attempts", [1, 2])
@pytest.mark.parametrize("read", [True, False], ids=["closed-under-the-request", "closed-while-idle"])
def test_a_kept_connection_that_the_server_closed_is_replaced(
    read: bool, attempts: int, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next call works, and whatever the library would have liked to do, the server sees our requests only."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + str(len(ANSWER)).encode() + b"\r\n\r\n" + ANSWER

    def once(peer: Peer, connection: Any) -> None:
        peer.read(connection)
        connection.sendall(answer)
        if len(peer.requests) == 1:
            if read:
                peer.read(connection)
            return
        while peer.read(connection):
            connection.sendall(answer)

    with Peer(once) as peer:
        connect(monkeypatch, peer.url, max_attempts=attempts)
        outcome = two_calls(flavour, peer, wait=not read)
        if not read:
            # Nobody read it: a new connection, or one more request over one.
            assert outcome in (None, "TruepushAmbiguousError" if attempts == 1 else None)
            assert len(peer.requests) == (2 if outcome is None else 1)
        elif attempts == 1:
            assert (outcome, len(peer.requests)) == ("TruepushAmbiguousError", 2)
        else:
            assert (outcome, len(peer.requests), peer.connections) == (None, 3, 2)


def two_calls(flavour: Flavour, peer: Peer, *, wait: bool) -> str | None:
    """Two calls of one hook; returns the name of the second's error."""
    pause = 0.3 if wait else 0.0

    async def run() -> None:
        async with TruepushAsyncHook(CONN_ID) as hook:
            assert await hook.get_campaign_stats(SENT) is None
            await asyncio.sleep(pause)
            assert await hook.get_campaign_stats(SENT) is None

    try:
        if flavour == "async":
            asyncio.run(run())
        else:
            with TruepushHook(CONN_ID) as hook:
                assert hook.get_campaign_stats(SENT) is None
                time.sleep(pause)
                assert hook.get_campaign_stats(SENT) is None
    except TruepushError as error:
        return type(error).__name__
    return None


async def test_several_tasks_may_use_one_hook(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "LINGER", 0.05)
    connect(monkeypatch, own_emulator)
    hook = TruepushAsyncHook(CONN_ID)

    async def use(seconds: float) -> None:
        async with hook:
            await hook.get_campaign_stats(SENT)
            await asyncio.sleep(seconds)
            await hook.get_campaign_stats(SENT)

    await asyncio.gather(use(0.05), use(0.2))
    await soon(lambda: own_emulator.connections_open == 0)
    assert own_emulator.count() == 4
