"""Wrong literals are errors of the Dag file; templates and XComs are judged when the task runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.world import SENT
from tests.sensors.context import context

GIVEN: dict[str, Any] = {"campaign_id": SENT, "thresholds": {"delivered": 1}}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"require": "some"}, "require: must be 'all' or 'any', got 'some'"),
    ({"require": None}, "require"),
    ({"on_settled": "skip"}, "on_settled: must be 'succeed' or 'fail', got 'skip'"),
    ({"thresholds": {"deliverd": 1}}, "thresholds.deliverd: is not a counter or a rate"),
    ({"thresholds": {"Delivered": 1}}, "thresholds.Delivered"),
    ({"thresholds": {"delivery_rate": 95}}, "thresholds.delivery_rate: is a rate and must lie between 0 and 1, got 95"),
    ({"thresholds": {"delivered": -1}}, "thresholds.delivered"),
    ({"thresholds": {"delivered": "many"}}, "thresholds.delivered"),
    ({"thresholds": {"delivered": 0.5}}, "thresholds.delivered: is a counter and must be a whole number"),
    ({"thresholds": '{"deliverd": 1}'}, "thresholds.deliverd"),
    ({"thresholds": "delivered"}, "thresholds: must be a mapping"),
    ({"thresholds": ["delivered"]}, "thresholds: must be a mapping"),
    ({"thresholds": {}}, "thresholds: must name a counter or a rate unless settled_after is set"),
    ({"thresholds": None}, "thresholds: must name a counter or a rate unless settled_after is set"),
    # Next to a template, which only the run can judge.
    ({"thresholds": {"deliverd": "{{ params.n }}", "views": 1}}, "thresholds.deliverd"),
    ({"thresholds": {"delivered": "{{ params.n }}", "view_rate": 50}}, "thresholds.view_rate"),
    ({"fail_if": {"unsubscribe_rate": 2}}, "fail_if.unsubscribe_rate"),
    ({"fail_if": {"unsubs": 2}}, "fail_if.unsubs"),
    ({"settled_after": 0}, "settled_after"),
    ({"settled_after": timedelta(seconds=-1)}, "settled_after"),
    ({"settled_after": "1 hour"}, "settled_after"),
    ({"error_budget": 600.0}, "error_budget: must be a timedelta, such as timedelta(minutes=10), got 600.0"),
    ({"error_budget": timedelta(0)}, "error_budget"),
    ({"error_budget": None}, "error_budget"),
    ({"error_budget": "10 minutes"}, "error_budget"),
    ({"poke_interval": 0}, "poke_interval"),
    ({"campaign_id": "12345"}, "campaign_id: must be a Truepush id of 24 hexadecimal digits, got '12345'"),
    ({"campaign_id": None}, "campaign_id"),
    ({"deferrable": True, "exponential_backoff": True}, "exponential_backoff"),
    ({"fail_if": ""}, "fail_if: must be a mapping"),
    ({"cancel_on_kill": "False"}, "cancel_on_kill: must be True or False"),
    ({"cancel_on_failure": "no"}, "cancel_on_failure: must be True or False"),
    ({"deferrable": 1}, "deferrable: must be True or False"),
    ({"truepush_conn_id": None}, "truepush_conn_id: was given and is empty"),
    ({"cancel_on_kill": "{{ params.cancel }}"}, "cancel_on_kill: is not a template field"),
    ({"require": "{{ params.require }}"}, "require: is not a template field"),
]


@pytest.mark.parametrize(("given", "says"), WRONG, ids=[f"{given}" for given, _ in WRONG])
def test_a_wrong_literal_is_an_error_of_the_dag_file(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TruepushValidationError) as caught, DAG("a_dag", schedule=None):
        TruepushCampaignStatsSensor(task_id="wait", **{**GIVEN, **given})
    assert str(caught.value).startswith(says)


@pytest.mark.parametrize("level", ["argument", "task", "dag"])
@pytest.mark.parametrize("given", [given for given, _ in WRONG if "campaign_id" not in given], ids=str)
def test_a_wrong_literal_of_a_mapped_sensor_is_one_too(given: dict[str, Any], level: str) -> None:
    whole = {"thresholds": {"delivered": 1}, **given}
    of_the_task = {"argument": whole, "task": {"default_args": whole}}.get(level, {})
    with (
        pytest.raises(TruepushValidationError),
        DAG("a_dag", schedule=None, default_args=whole if level == "dag" else {}),
    ):
        TruepushCampaignStatsSensor.partial(task_id="wait", **of_the_task).expand(campaign_id=[SENT])


def test_a_mapped_value_that_is_wrong_is_one_too() -> None:
    with pytest.raises(TruepushValidationError, match="campaign_id"), DAG("a_dag", schedule=None):
        TruepushCampaignStatsSensor.partial(task_id="wait", thresholds={"delivered": 1}).expand(
            campaign_id=[SENT, "12"]
        )


def test_a_mapped_sensor() -> None:
    with DAG("a_dag", schedule=None) as dag:
        partial = TruepushCampaignStatsSensor.partial(task_id="wait", thresholds={"delivered": 1}, poke_interval=5)
        partial.expand(campaign_id=[SENT, "{{ params.id }}"])
    assert dag.task_ids == ["wait"]


@pytest.mark.parametrize(
    "given",
    [
        {"campaign_id": "{{ ti.xcom_pull('send') }}"},
        {"thresholds": "{{ params.thresholds }}"},
        {"thresholds": {"delivered": "{{ params.n }}"}},
        {"thresholds": {"{{ params.name }}": 1}},
        {"thresholds": {"delivered": "1000", "delivery_rate": "0.5"}},
        {"thresholds": '{"delivered": 1000}'},
        {"thresholds": None, "settled_after": timedelta(hours=1)},
        {"fail_if": {"unsubscribe_rate": "{{ var.value.rate }}"}},
        {"campaign_id": "dry-run-0123456789abcdef"},
        {"campaign_id": "123456789012345678901234"},
    ],
    ids=str,
)
def test_what_only_the_run_can_judge_is_left_to_it(given: dict[str, Any]) -> None:
    TruepushCampaignStatsSensor(task_id="wait", **{**GIVEN, **given})


def test_an_xcom_is_left_to_the_run() -> None:
    with DAG("a_dag", schedule=None):
        send = TruepushCreateCampaignOperator(
            task_id="send", title="Sale", message="All of it", link="https://shop.example"
        )
        sensor = TruepushCampaignStatsSensor(task_id="wait", campaign_id=send.output, thresholds=send.output)
    assert sensor.upstream_task_ids == {"send"}


@pytest.mark.parametrize("rendered", [{"deliverd": 1}, {"delivery_rate": 95}, "delivered"], ids=str)
def test_what_a_template_rendered_to_is_judged_by_the_run(rendered: Any) -> None:
    sensor = TruepushCampaignStatsSensor(task_id="wait", **{**GIVEN, "thresholds": "{{ params.thresholds }}"})
    sensor.thresholds = rendered
    with pytest.raises(AirflowFailException, match="thresholds"):
        sensor.execute(context())


def test_an_id_of_digits_is_text_where_templates_render_native_objects() -> None:
    digits = "123456789012345678901234"
    dag = DAG("native", schedule=None, render_template_as_native_obj=True, params={"id": digits, "n": 5})
    sensor = TruepushCampaignStatsSensor(
        task_id="wait", campaign_id="{{ params.id }}", thresholds={"delivered": "{{ params.n }}"}, dag=dag
    )
    sensor.render_template_fields({"params": {"id": digits, "n": 5}})
    assert sensor.campaign_id == digits
    assert sensor.goal().thresholds == {"delivered": 5}


@pytest.mark.parametrize("template", ["{{ none }}", "{{ '' }}", "{{ [] }}"])
@pytest.mark.parametrize("name", ["truepush_conn_id", "thresholds", "fail_if"])
def test_what_renders_to_nothing_fails_at_once(name: str, template: str) -> None:
    if (name, template) == ("truepush_conn_id", "{{ [] }}"):
        template = "{{ ' ' }}"
    with DAG("a_dag", schedule=None, render_template_as_native_obj=True):
        given = {**GIVEN, "settled_after": 1, "timeout": 5, name: template}
        sensor = TruepushCampaignStatsSensor(task_id="wait", **given)
    sensor.render_template_fields({})
    with pytest.raises(AirflowFailException, match=rf"{name}: (was given and is empty|must be a mapping)"):
        sensor.execute(context())
