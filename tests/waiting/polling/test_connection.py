"""The look-up of the connection: it fails, hangs, or returns another host."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import connection
from tests.contract.driver import connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.waiting.polling.waits import (
    PATIENT,
    look_ups,
    nothing_left,
    polls,
    running,
    waiting,
)

__all__ = ["look_ups", "own_emulator", "plain_machine"]


async def test_a_connection_that_is_not_there_uses_up_the_error_budget(
    monkeypatch: pytest.MonkeyPatch, look_ups: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """Airflow says "isn't defined" as well when a secrets backend fails: it may be there the next time."""
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.2)
    goal = Goal(thresholds={"delivered": 10}, error_budget=2).as_dict()
    many = [first_event(waiting(number, truepush_conn_id="not_there", goal=goal)) for number in range(20)]
    events = await asyncio.gather(*many)
    assert {event["state"] for event in events} == {"errors"}
    assert "Connection 'not_there' could not be looked up" in events[0]["reason"]
    assert "isn't defined" in events[0]["reason"]
    # One look-up for all, and each counted once by each.
    assert 3 <= len(look_ups) <= 6
    assert sum("the next look-up is in" in row.getMessage() for row in caplog.records) == 1
    await nothing_left()


async def test_a_look_up_that_fails_once_does_not_end_the_wait(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, look_ups: list[float]
) -> None:
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.3)
    async with running(*(waiting(number) for number in range(100))) as tasks:
        await soon(lambda: len(look_ups) == 1)
        connect(monkeypatch, own_emulator, timeout=60)
        await soon(lambda: len(polls(own_emulator)) == 100)
        assert not any(task.done() for task in tasks)
    assert len(look_ups) <= 4


async def test_a_look_up_that_does_not_come_back(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.1)
    monkeypatch.setattr(connection, "LONGEST_LOOK", 0.3)
    real, answer = TruepushAsyncHook.get_settings, asyncio.Event()
    asked = []

    async def slow(self: TruepushAsyncHook) -> Any:
        asked.append(self)
        await answer.wait()
        return await real(self)

    monkeypatch.setattr(TruepushAsyncHook, "get_settings", slow)
    connect(monkeypatch, own_emulator, timeout=60)
    goal = Goal(thresholds={"delivered": 10}, error_budget=1).as_dict()
    event = await first_event(waiting(goal=goal))
    assert event["state"] == "errors"
    assert "no answer within 0.3 s" in event["reason"]
    await nothing_left()
    async with running(waiting(goal=PATIENT)):
        await soon(lambda: len(asked) == 2)
        await asyncio.sleep(0.5)
        answer.set()
        await soon(lambda: own_emulator.count() >= 3)
    # The answer was taken when it came, and not asked for a second time.
    assert len(asked) == 2


async def test_nothing_goes_to_a_host_that_was_left(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls that wait for their moment take the connection as it is when that comes."""
    monkeypatch.setattr(connection, "FRESH_FOR", 0.5)
    connect(monkeypatch, own_emulator, requests_per_second=2, timeout=60)
    with Emulator(token=own_emulator.token) as other:
        async with running(*(waiting(number) for number in range(60))):
            await soon(lambda: own_emulator.count() >= 2)
            connect(monkeypatch, other, requests_per_second=2, timeout=60)
            await soon(lambda: other.count() >= 1)
            before = own_emulator.count()
            await asyncio.sleep(2)
            assert own_emulator.count() - before <= 1
            assert other.count() >= 2
