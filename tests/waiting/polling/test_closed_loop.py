"""A loop that was closed with tasks in it. They are collected later, when nothing can run anymore."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.contract.world import SENT
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.support.stats_trigger import trigger

__all__ = ["own_emulator", "plain_machine"]


@pytest.fixture(autouse=True)
def sockets_left() -> Iterator[None]:
    """Collect what a test has left: only a loop that is open can close its sockets without a warning."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def wait_for_a_verdict() -> None:
    await first_event(trigger())


async def use_a_hook() -> None:
    async with TruepushAsyncHook(CONN_ID) as hook:
        await hook.get_campaign_stats(SENT)
        await asyncio.sleep(60)


async def read_a_list() -> None:
    async for _ in TruepushAsyncHook(CONN_ID).list_segments():
        await asyncio.sleep(60)


def errors_of_collecting(tasks: set[asyncio.Task[Any]]) -> list[str]:
    """Close the coroutines of tasks, as the garbage collector does."""
    errors = []
    for task in tasks:
        coroutine = task.get_coro()
        assert coroutine is not None
        try:
            coroutine.close()
        except RuntimeError as error:
            errors.append(f"{coroutine.__qualname__}: {error}")
    return errors


@pytest.mark.parametrize("hangs", [False, True], ids=["resting", "in-a-request"])
@pytest.mark.parametrize("work", [wait_for_a_verdict, use_a_hook, read_a_list])
def test_what_is_left_of_a_closed_loop_raises_no_error(
    work: Callable[[], Coroutine[Any, Any, None]], hangs: bool, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    if hangs:
        own_emulator.fault("*", effect="hang")
    loop = asyncio.new_event_loop()
    task = loop.create_task(work())
    loop.run_until_complete(soon(lambda: own_emulator.count() == 1))
    loop.run_until_complete(asyncio.sleep(0.02))
    left = asyncio.all_tasks(loop)
    assert task in left
    loop.close()
    assert errors_of_collecting(left) == []


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_poller_that_was_closing_raises_no_error(
    steps: int, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_emulator.fault("campaignStats", effect="hang")
    connect(monkeypatch, own_emulator, timeout=60)

    async def leave() -> None:
        task = asyncio.create_task(wait_for_a_verdict())
        await soon(lambda: own_emulator.count() == 1)
        task.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave())
    left = asyncio.all_tasks(loop)
    loop.close()
    assert {one.get_name() for one in left} >= {f"truepush-poller-{CONN_ID}"}
    assert errors_of_collecting(left) == []
