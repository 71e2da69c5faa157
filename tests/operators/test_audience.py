"""A segment that was asked for and came to nothing is an error, and never a send to everyone."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, TEMPLATE, furnish
from tests.sensors.context import TaskInstance, context

__all__ = ["emulator", "plain_machine"]


@pytest.fixture(autouse=True)
def connected(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project to send to."""
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()


def campaign(**arguments: Any) -> Any:
    """An operator that creates a campaign."""
    return TruepushCreateCampaignOperator(task_id="t", truepush_conn_id=CONN_ID, **{**CAMPAIGN, **arguments})


def trigger(**arguments: Any) -> Any:
    """An operator that creates a trigger."""
    given = {"name": "A trigger", "template_id": TEMPLATE, "schedule": "0 9 * * *", **arguments}
    return TruepushCreateTriggerOperator(task_id="t", truepush_conn_id=CONN_ID, **given)


@pytest.mark.parametrize("make", [campaign, trigger])
@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("template", ["{{ none }}", "{{ '' }}"])
def test_a_template_without_a_value(emulator: Emulator, make: Any, native: bool, template: str) -> None:
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        operator = make(segment_id=template)
    operator.render_template_fields({})
    with pytest.raises(AirflowFailException, match=r"segment_id"):
        operator.execute(context())
    assert emulator.count() == 0


@pytest.mark.parametrize("map_index", [-1, 1])
@pytest.mark.parametrize("make", [campaign, trigger])
def test_a_task_that_is_given_none(emulator: Emulator, make: Any, map_index: int) -> None:
    """A variable that is not set, in the Dag file or in an argument of a mapped task."""
    with pytest.raises(AirflowFailException, match=r"segment_id.*every subscriber"):
        make(segment_id=None).execute(context(TaskInstance(map_index=map_index)))
    assert emulator.count() == 0


@pytest.mark.parametrize("name", ["send_token", "ledger_conn_id", "send_at"])
def test_what_was_meant_and_renders_to_nothing(emulator: Emulator, name: str) -> None:
    operator = campaign(**{name: "{{ '' }}"})
    operator.render_template_fields({})
    with pytest.raises(AirflowFailException, match=name):
        operator.execute(context())
    assert emulator.count() == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settle_window", 60),
        ("settle_window", None),
        ("schedule_ahead", 600),
        ("poke_interval", 0),
        ("poke_interval", "60s"),
        ("delivery_timeout", -1),
        ("on_doubt", "perhaps"),
    ],
)
def test_other_arguments_are_checked_before_anything_is_sent(emulator: Emulator, name: str, value: Any) -> None:
    with pytest.raises(AirflowFailException, match=name):
        campaign(wait_for_delivery=True, thresholds={"sent": 1}, **{name: value})
    assert emulator.count() == 0


def test_everyone_is_meant_where_no_segment_is_named(emulator: Emulator) -> None:
    campaign().execute(context())
    (request,) = emulator.requests("createCampaign")
    assert "segment" not in request.body
