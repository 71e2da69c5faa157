"""``wait_for_delivery``: the id is out before the task lets go of its worker, and a kill reaches the campaign."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, TaskDeferred

from airflow_provider_truepush.waiting.goal import Verdict
from tests.sending.tasks import Tasks, in_days
from tests.support.versions import HAS_STATE_STORE

WAIT: dict[str, Any] = {"wait_for_delivery": True, "thresholds": {"delivered": 1}, "poke_interval": 0.01}


def test_the_id_is_pushed_before_the_deferral_and_the_wait_is_resumed(tasks: Tasks) -> None:
    with pytest.raises(TaskDeferred) as deferral:
        tasks.run(deferrable=True, **WAIT)
    (made,) = tasks.made
    assert tasks.pushed["campaign_id"] == made
    kwargs, trigger = deferral.value.kwargs or {}, deferral.value.trigger
    assert trigger.campaign_id == made
    resume = getattr(tasks.operator(deferrable=True, **WAIT), deferral.value.method_name)
    event = Verdict("met", "delivered 5 of 1", {"delivered": 5}, news=True).as_dict()
    assert resume(tasks.context(), event=event, **kwargs) == made
    assert tasks.pushed["stats"] == {"delivered": 5}
    assert tasks.sends == 1


@pytest.fixture
def recorded(sqlite: str) -> dict[str, Any]:
    """The argument with which this Airflow records tries."""
    return {} if HAS_STATE_STORE else {"ledger_conn_id": sqlite}


def test_a_retry_of_the_wait_sends_nothing(tasks: Tasks, recorded: dict[str, Any]) -> None:
    for _ in range(2):
        with pytest.raises(TaskDeferred):
            tasks.run(deferrable=True, **recorded, **WAIT)
    assert tasks.sends == 1


def test_without_deferral_the_worker_waits_and_a_retry_continues_to_wait(
    tasks: Tasks, recorded: dict[str, Any]
) -> None:
    given = {"deferrable": False, "delivery_timeout": timedelta(seconds=0.2), **recorded, **WAIT}
    with pytest.raises(AirflowSensorTimeout, match="time is up"):
        tasks.run(**given)
    assert tasks.pushed["campaign_id"] == tasks.made[0]
    tasks.emulator.advance(timedelta(days=1))
    assert [tasks.run(**given)] == tasks.made
    assert tasks.pushed["stats"]["delivered"] > 0
    assert tasks.sends == 1


def test_bad_thresholds_are_refused_before_the_send(tasks: Tasks) -> None:
    with pytest.raises(AirflowFailException, match="thresholds"):
        tasks.run(**{**WAIT, "thresholds": {"no_such_counter": 1}})
    assert tasks.sends == 0


@pytest.mark.parametrize("asked", [True, False])
def test_ending_the_task_on_the_worker_cancels_with_cancel_on_kill(tasks: Tasks, asked: bool) -> None:
    operator = tasks.operator(send_at=in_days(2), cancel_on_kill=asked)
    type(operator).execute.__wrapped__(operator, tasks.context())  # type: ignore[attr-defined]
    operator.on_kill()
    assert [row["status"] for row in tasks.emulator.campaigns()] == ["cancelled" if asked else "scheduled"]


@pytest.mark.parametrize("asked", [True, False])
async def test_ending_the_deferred_task_cancels_with_cancel_on_kill(tasks: Tasks, asked: bool) -> None:
    with pytest.raises(TaskDeferred) as deferral:
        tasks.run(send_at=in_days(2), deferrable=True, cancel_on_kill=asked, **WAIT)
    await deferral.value.trigger.on_kill()
    assert [row["status"] for row in tasks.emulator.campaigns()] == ["cancelled" if asked else "scheduled"]


@pytest.mark.parametrize(
    "guard",
    [{"thresholds": {"delivered": 1}}, {"fail_if": {"unsubscribe_rate": 0.1}}, {"cancel_on_failure": True}],
)
def test_arguments_of_a_wait_without_the_wait_are_refused_before_the_send(tasks: Tasks, guard: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match="without wait_for_delivery=True"):
        tasks.run(**guard)
    assert tasks.sends == 0
