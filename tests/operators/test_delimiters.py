"""A Dag may set other delimiters of templates. What is a template there is checked when the task runs."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import TruepushCancelCampaignOperator, TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator, TruepushSetTriggerStatusOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SEGMENT, SENT, furnish
from tests.sensors.context import context

__all__ = ["emulator", "plain_machine"]

SQUARE = {"variable_start_string": "[[", "variable_end_string": "]]"}
TEMPLATE = "[[ params.x ]]"
TASKS: list[tuple[Any, dict[str, Any]]] = [
    (TruepushCreateCampaignOperator, {**CAMPAIGN, "link": TEMPLATE, "segment_id": TEMPLATE, "send_at": TEMPLATE}),
    (TruepushCreateCampaignOperator, {**CAMPAIGN, "buttons": [{"text": "Go", "link": TEMPLATE}], "image": TEMPLATE}),
    (TruepushCancelCampaignOperator, {"campaign_id": TEMPLATE}),
    (TruepushCreateTemplateOperator, {**NEW_TEMPLATE, "link": TEMPLATE}),
    (TruepushCreateTemplateOperator, {**NEW_TEMPLATE, "buttons": [Button("Go", TEMPLATE)]}),
    (TruepushDeleteTemplateOperator, {"template_id": TEMPLATE}),
    (TruepushCreateTriggerOperator, {**NEW_TRIGGER, "schedule": TEMPLATE, "template_id": TEMPLATE}),
    (TruepushSetTriggerStatusOperator, {"trigger_id": TEMPLATE, "status": TEMPLATE}),
    (TruepushDeleteSegmentOperator, {"segment_id": TEMPLATE}),
    (TruepushCampaignStatsSensor, {"campaign_id": SENT, "thresholds": TEMPLATE}),
    (TruepushStatsToObjectStorageOperator, {"path": TEMPLATE}),
]
IDS = [f"{kind.__name__}-{len(given)}" for kind, given in TASKS]
by_task = pytest.mark.parametrize(("kind", "given"), TASKS, ids=IDS)


def dag_with(**options: Any) -> DAG:
    return DAG("a_dag", schedule=None, jinja_environment_kwargs=options)


@by_task
def test_a_template_of_the_dag_is_no_literal(kind: Any, given: dict[str, Any]) -> None:
    kind(task_id="given", dag=dag_with(**SQUARE), **given)
    with dag_with(**SQUARE):
        kind(task_id="current", **given)
        kind.partial(task_id="partial", **given).expand(truepush_conn_id=["a", "b"])
        kind.partial(task_id="mapped").expand_kwargs([given])
    with pytest.raises(TruepushValidationError):
        kind(task_id="other", dag=dag_with(trim_blocks=True), **given)
    with pytest.raises(TruepushValidationError):
        kind(task_id="none", **given)


def test_a_decorated_function() -> None:
    with dag_with(**SQUARE):
        truepush_campaign_task(lambda: CAMPAIGN, task_id="t", link=TEMPLATE, segment_id=TEMPLATE)()
        truepush_campaign_task(lambda x: CAMPAIGN, task_id="u", link=TEMPLATE).expand(x=[1])  # type: ignore[attr-defined]
        truepush_campaign_task(lambda: CAMPAIGN, task_id="v").override(link=TEMPLATE)()
        with pytest.raises(TruepushValidationError, match="link"):
            truepush_campaign_task(lambda: CAMPAIGN, task_id="w", link="{ x }")()


def test_it_is_rendered_and_checked_when_the_task_runs(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()
    with dag_with(**SQUARE):
        task = TruepushCreateCampaignOperator(
            task_id="t",
            truepush_conn_id=CONN_ID,
            **{**CAMPAIGN, "title": "{{ kept }}", "link": TEMPLATE, "segment_id": SEGMENT},
        )
        wrong = TruepushCreateCampaignOperator(task_id="w", truepush_conn_id=CONN_ID, **{**CAMPAIGN, "link": TEMPLATE})
    task.render_template_fields({"params": {"x": "https://example.com/sale"}})
    task.execute(context())
    wrong.render_template_fields({"params": {"x": "example"}})
    with pytest.raises(AirflowFailException, match=r"campaign\.link"):
        wrong.execute(context())
    (request,) = emulator.requests("createCampaign")
    assert (request.body["title"], request.body["link"]) == ("{{ kept }}", "https://example.com/sale")


@pytest.mark.parametrize("native", [False, True])
def test_a_button_and_a_notifier_are_made_before_their_dag(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()
    button = Button("Only [[ params.left ]] left", TEMPLATE)
    given = {**CAMPAIGN, "link": TEMPLATE, "image": TEMPLATE, "buttons": [button], "truepush_conn_id": CONN_ID}
    values = context(params={"x": "https://example.com/sale", "left": 5, "segment": SEGMENT})
    notifier = TruepushNotifier(**given, segment_id="[[ params.segment ]]")
    dag = DAG("a_dag", schedule=None, jinja_environment_kwargs=SQUARE, render_template_as_native_obj=native)
    template = TruepushCreateTemplateOperator(task_id="t", dag=dag, name="N", **given)
    notifier({**values, "dag": dag})
    template.render_template_fields(values)
    template.execute(values)
    sent = [request for request in emulator.requests() if request.endpoint.startswith("create")]
    assert [request.body["buttons"] for request in sent] == [
        [{"text": "Only 5 left", "link": "https://example.com/sale"}]
    ] * 2
    assert (sent[0].body["link"], sent[0].body["segment"]) == ("https://example.com/sale", SEGMENT)


def test_what_is_no_template_of_any_dag_is_refused_at_once() -> None:
    with pytest.raises(TruepushValidationError, match=r"button\.link"):
        Button("Go", "example.com")
    with pytest.raises(TruepushValidationError, match=r"campaign\.segment_id"):
        TruepushNotifier(**CAMPAIGN, segment_id="<the segment>")
    for dag in (None, dag_with(variable_start_string="<<", variable_end_string=">>")):
        with pytest.raises(TruepushValidationError, match=r"buttons\[0\]\.link"):
            TruepushCreateCampaignOperator(task_id="t", dag=dag, **CAMPAIGN, buttons=[Button("Go", TEMPLATE)])
