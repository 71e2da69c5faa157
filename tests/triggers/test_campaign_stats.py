"""The trigger by itself, as a triggerer runs it: started, cancelled, moved to another triggerer, killed."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import warnings
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, own_emulator, plain_machine
from tests.contract.world import SCHEDULED, SENT, furnish
from tests.sensors.modes import first_event, listen, rebuilt
from tests.support.soon import soon
from tests.support.stats_trigger import trigger
from tests.support.tokens import SESSION_TOKEN

__all__ = ["emulator", "own_emulator", "plain_machine"]


def test_serialized_arguments_are_json_without_the_token(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    emulator.set_series(SENT, [{"delivered": 10}])
    before = trigger(cancel_on_kill=True)
    # A trigger that has run holds no more than one that has not.
    asyncio.run(first_event(before))
    path, kwargs = before.serialize()
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert SESSION_TOKEN not in json.dumps(kwargs)
    assert rebuilt(before).serialize() == (path, kwargs)


def test_the_trigger_ends_after_one_event(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    emulator.set_series(SENT, [None, {"delivered": 10, "sent": 12}])
    event = asyncio.run(first_event(trigger()))
    assert event["state"] == "met"
    assert (event["stats"]["delivered"], event["stats"]["sent"]) == (10, 12)
    assert json.loads(json.dumps(event)) == event
    assert emulator.count() == 2


def test_a_restart_keeps_the_deadline(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait that moves to another triggerer has no more time than it had."""
    connect(monkeypatch, emulator)
    late = trigger(timeout=100.0, started_at=time.time() - 101)
    event = asyncio.run(first_event(rebuilt(late)))
    assert event["state"] == "timeout"
    # One last look, though.
    assert emulator.count() == 1
    emulator.set_series(SENT, [{"delivered": 10}])
    assert asyncio.run(first_event(rebuilt(late)))["state"] == "met"


def test_a_restart_continues_with_the_present_counters(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    first = trigger(timeout=60.0)

    async def interrupted() -> None:
        waiting = asyncio.create_task(first_event(first))
        await soon(lambda: emulator.count() >= 2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await first.cleanup()

    asyncio.run(interrupted())
    emulator.set_series(SENT, [{"delivered": 10}])
    second = rebuilt(first)
    assert (second.started_at, second.timeout) == (first.started_at, first.timeout)
    assert asyncio.run(first_event(second))["state"] == "met"
    assert {request.endpoint for request in emulator.requests()} == {"campaignStats"}


@pytest.mark.parametrize("hanging", [True, False], ids=["in-a-poll", "between-polls"])
def test_a_canceled_trigger_leaves_nothing_open(
    hanging: bool, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    if hanging:
        own_emulator.fault("campaignStats", effect="hang", phase="before_commit")

    async def run() -> None:
        waiting = asyncio.create_task(first_event(trigger(poke_interval=50.0)))
        await soon(lambda: own_emulator.count() == 1)
        if not hanging:
            await soon(lambda: own_emulator.requests()[0].status is not None)
            await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(run())
        gc.collect()
    assert [str(row.message) for row in caught if issubclass(row.category, ResourceWarning)] == []
    asyncio.run(soon(lambda: own_emulator.connections_open == 0))
    assert own_emulator.count() == 1


@pytest.mark.parametrize(("asked", "cancels"), [(True, 1), (False, 0)])
def test_ending_a_deferred_task_cancels_its_campaign(
    asked: bool, cancels: int, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    asyncio.run(rebuilt(trigger(campaign_id=SCHEDULED, cancel_on_kill=asked)).on_kill())
    assert emulator.count("cancelCampaign") == emulator.count() == cancels
    (campaign,) = [row for row in emulator.campaigns() if row["id"] == SCHEDULED]
    assert campaign["status"] == ("cancelled" if asked else "scheduled")


def test_ending_a_task_whose_campaign_was_sent(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    listen(monkeypatch, TruepushCampaignStatsTrigger)
    asyncio.run(trigger(cancel_on_kill=True).on_kill())
    assert emulator.count("cancelCampaign") == 1
    assert "could not be canceled" in caplog.text


def test_cleanup_does_not_cancel_the_campaign(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A triggerer that restarts cleans up too: nobody has ended anything then."""
    furnish(emulator)
    connect(monkeypatch, emulator)
    asyncio.run(trigger(campaign_id=SCHEDULED, cancel_on_kill=True).cleanup())
    assert emulator.count() == 0


def test_many_triggers_share_a_session(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, timeout=60)
    own_emulator.set_series(SENT, [*[None] * 100, {"delivered": 10}])

    async def run() -> list[Any]:
        return list(await asyncio.gather(*(first_event(trigger()) for _ in range(100))))

    events = asyncio.run(run())
    assert [event["state"] for event in events] == ["met"] * 100
    assert own_emulator.connections_opened <= 50


def test_a_connection_without_a_token_is_a_failed_poll(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, token="")
    goal = Goal(thresholds={"delivered": 10}, error_budget=1).as_dict()
    event = asyncio.run(first_event(trigger(goal=goal)))
    assert event["state"] == "errors"
    assert "token" in event["reason"]
    assert emulator.count() == 0
    with pytest.raises(TruepushError, match="token"):
        asyncio.run(trigger(cancel_on_kill=True).on_kill())


@pytest.mark.parametrize(("failures", "state"), [(5, "met"), (6, "errors")])
def test_a_trigger_serialized_by_version_0_1_continues(
    failures: int, state: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error budget is a number of failed polls, and stays one."""
    connect(monkeypatch, emulator, max_attempts=1)
    emulator.set_series(SENT, [{"delivered": 10}])
    emulator.fault("campaignStats", effect="status", status=503, nth=range(1, failures + 1))
    goal = {
        "thresholds": {"delivered": 10},
        "require": "all",
        "fail_if": {},
        "settled_after": None,
        "on_settled": "succeed",
        "error_budget": 5,
    }
    kwargs = {
        "campaign_id": SENT,
        "truepush_conn_id": CONN_ID,
        "goal": goal,
        "poke_interval": 0.05,
        "timeout": 60.0,
        "started_at": time.time(),
        "cancel_on_kill": False,
    }
    event = asyncio.run(first_event(TruepushCampaignStatsTrigger(**kwargs)))
    assert event["state"] == state
    assert "carry" not in event
