"""The second sentence of an error about an argument says what it means for the object of the task."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.api.checks.outcome import NOT_SENT, meaning
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.exceptions import TruepushAuthError, TruepushSendStoreError, TruepushValidationError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
    TruepushListCampaignsOperator,
)
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from airflow_provider_truepush.sending.kill_switch import KillSwitch
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from airflow_provider_truepush.waiting.campaign_wait import CampaignWait
from airflow_provider_truepush.waiting.cancel import cancel_campaign
from airflow_provider_truepush.waiting.goal import Goal, Watch
from airflow_provider_truepush.waiting.polling.connection import KeptConnection
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.fixtures import emulator, flavour, plain_machine
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SEGMENT, SENT
from tests.sensors.context import context

__all__ = ["emulator", "flavour", "plain_machine"]

NOT_AFFECTED = "The campaign is not affected."
#: Operators with their arguments, one of which is wrong, and what that means.
TASKS: list[tuple[Any, dict[str, Any], str]] = [
    (TruepushCreateCampaignOperator, {**CAMPAIGN, "segment_id": "x"}, "Nothing was sent."),
    (TruepushCancelCampaignOperator, {"campaign_id": "x"}, "No campaign was canceled."),
    (TruepushGetCampaignStatsOperator, {"campaign_id": "x"}, "Nothing was fetched."),
    (TruepushListCampaignsOperator, {"truepush_conn_id": ""}, "Nothing was fetched."),
    (TruepushCreateTemplateOperator, {**NEW_TEMPLATE, "link": "x"}, "The template was not created."),
    (TruepushDeleteTemplateOperator, {"template_id": "x"}, "Nothing was deleted."),
    (TruepushCreateTriggerOperator, {**NEW_TRIGGER, "segment_id": "x"}, "The trigger was not created."),
    (TruepushDeleteTriggerOperator, {"trigger_name": ""}, "Nothing was deleted."),
    (TruepushSetTriggerStatusOperator, {"trigger_id": SENT, "status": "x"}, "The trigger was not changed."),
    (TruepushDeleteSegmentOperator, {"segment_id": "x"}, "Nothing was deleted."),
    (TruepushCampaignStatsSensor, {"campaign_id": "x", "thresholds": {"views": 1}}, NOT_AFFECTED),
    (TruepushCampaignStatsSensor, {"campaign_id": SENT, "thresholds": {"views": -1}}, NOT_AFFECTED),
    (TruepushStatsToSqlOperator, {"sql_conn_id": "y", "truepush_conn_id": ""}, "Nothing was exported."),
    (TruepushStatsToObjectStorageOperator, {"path": "/y", "truepush_conn_id": ""}, "Nothing was exported."),
]
by_kind = pytest.mark.parametrize(("kind", "given", "means"), TASKS, ids=[kind.__name__ for kind, _, _ in TASKS])


@by_kind
def test_while_the_dag_file_is_parsed(kind: Any, given: dict[str, Any], means: str) -> None:
    with DAG("a_dag", schedule=None):
        with pytest.raises(TruepushValidationError) as made:
            kind(task_id="t", **given)
        with pytest.raises(TruepushValidationError) as mapped:
            kind.partial(task_id="t", **given).expand_kwargs([{}])
    for caught in (made, mapped):
        assert f". {means}" in str(caught.value)


@by_kind
def test_when_the_task_runs(
    kind: Any, given: dict[str, Any], means: str, emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator)
    emulator.clear_requests()
    wrong = next(name for name, value in given.items() if value in ("x", "", {"views": -1}))
    with DAG("a_dag", schedule=None):
        operator = kind(**{"task_id": "t", "truepush_conn_id": CONN_ID, **given, wrong: "{{ params.x }}"})
    operator.get_dag = lambda: None
    setattr(operator, wrong, given[wrong])
    with pytest.raises(AirflowFailException) as caught:
        operator.execute(context())
    assert f". {means}" in str(caught.value)
    assert emulator.count() == 0


@pytest.mark.parametrize(
    ("method", "args", "means"),
    [
        ("create_campaign", ({**CAMPAIGN, "segment_id": "x"},), "Nothing was sent."),
        ("cancel_campaign", ("x",), "Nothing was canceled."),
        ("get_campaign_stats", ("x",), "Nothing was fetched."),
        ("create_template", ({**NEW_TEMPLATE, "link": "x"},), "The template was not created."),
        ("create_trigger", ({**NEW_TRIGGER, "name": ""},), "The trigger was not created."),
        ("delete_trigger", ("x",), "Nothing was deleted."),
        ("delete_segment", (SEGMENT[1:],), "Nothing was deleted."),
        ("set_trigger_status", (SENT, "x"), "Nothing was changed."),
        ("find_templates", (), "Nothing was fetched."),
    ],
)
def test_of_a_hook(
    flavour: Flavour, method: str, args: tuple[Any, ...], means: str, emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator)
    error = str(attempt(flavour, CONN_ID, method, *args).error)
    assert f". {means}" in error


def test_after_the_send_no_error_says_that_nothing_was_sent() -> None:
    """The connection of the ledger was removed while the task waited."""
    task = TruepushCreateCampaignOperator(
        task_id="t", ledger_conn_id="removed", wait_for_delivery=True, thresholds={"views": 1}, **CAMPAIGN
    )
    event = {"carry": {"campaign_id": SENT, "title": "Sale", "send_token": None}}
    with pytest.raises(TruepushSendStoreError, match=rf"'removed' cannot be used .* Campaign {SENT} was sent before\."):
        task.execute_complete(context(), event)


@pytest.mark.parametrize("sentence", ["The trigger was not created.", "Nothing was sent."])
def test_the_outermost_sentence_counts(sentence: str) -> None:
    with pytest.raises(TruepushValidationError) as caught, meaning(sentence), meaning("Nothing was fetched."):
        refuse("template", "x", "is wrong")
    assert f". {sentence}" in str(caught.value)
    with pytest.raises(TruepushValidationError, match=r"Nothing was sent\."):
        refuse("template", "x", "is wrong")


def test_a_read_that_a_campaign_task_makes_means_that_nothing_was_sent(
    emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TruepushCreateCampaignOperator(task_id="t", truepush_conn_id=connect(monkeypatch, emulator), **CAMPAIGN)
    with pytest.raises(AirflowFailException, match=r"\. Nothing was sent\."), task.truepush() as hook:
        hook.find_segments()


async def test_what_happens_after_the_send_never_says_that_nothing_was_sent(
    emulator: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection has lost its token since then."""
    conn_id = connect(monkeypatch, emulator, "without", token="")
    log = logging.getLogger("after")
    with meaning(NOT_SENT):
        wait = CampaignWait(conn_id, Goal(thresholds={"views": 1}), log, KillSwitch(lambda: None))
        with TruepushHook(conn_id) as hook:
            polled, _ = wait.poll(hook, SENT, Watch(wait.goal))
        canceled = cancel_campaign(conn_id, SENT, "the task was ended", log)
    assert "Only this status request failed; the campaign is not affected." in polled.reason
    assert "The campaign was not canceled." in canceled
    with pytest.raises(TruepushAuthError, match=r"Only this status request failed; the campaign is not affected\."):
        await KeptConnection(conn_id).open()
    assert "Nothing was sent" not in caplog.text
