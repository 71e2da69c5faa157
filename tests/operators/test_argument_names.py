"""An argument that does not exist ends the parsing of the Dag file, with the name of the one that was meant."""

from __future__ import annotations

import copy
import inspect
import pickle
from typing import Any, ClassVar, Self

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from airflow_provider_truepush.models import Button, Campaign, Daily, Template, Trigger, Weekly
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import (
    TruepushCreateTemplateOperator,
    TruepushDeleteTemplateOperator,
)
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SENT

MEANT = {"segmant_id": "segment_id", "truepush_con_id": "truepush_conn_id", "conn_id": "truepush_conn_id"}
TRIGGER = {"trigger": "trigger_id for an id, or trigger_name for a name", "name": "trigger_name"}
CAMPAIGN_TARGET = {"campaign": "campaign_id for an id, or campaign_title for a title", "title": "campaign_title"}
KINDS: list[tuple[Any, dict[str, Any], dict[str, str]]] = [
    (TruepushCreateCampaignOperator, CAMPAIGN, {**MEANT, "sendAt": "send_at", "timeout": "delivery_timeout"}),
    (TruepushCreateCampaignOperator, CAMPAIGN, {"retrys": "retries", "quite_hours": "quiet_hours"}),
    (TruepushCreateTemplateOperator, NEW_TEMPLATE, {"buttns": "buttons", "if_exist": "if_exists"}),
    (TruepushCreateCampaignOperator, CAMPAIGN, {"schedule": "send_at", "at": "send_at", "timings": "send_at"}),
    (TruepushCreateCampaignOperator, CAMPAIGN, {"audience": "segment_id or segment"}),
    (TruepushCreateTriggerOperator, NEW_TRIGGER, {**MEANT, "shedule": "schedule"}),
    (TruepushCreateTriggerOperator, NEW_TRIGGER, dict.fromkeys(("send_at", "cron", "at", "timings"), "schedule")),
    *((kind, {}, TRIGGER) for kind in (TruepushDeleteTriggerOperator, TruepushSetTriggerStatusOperator)),
    (TruepushDeleteTemplateOperator, {}, {"name": "template", "id": "template_id"}),
    (TruepushCancelCampaignOperator, {}, CAMPAIGN_TARGET),
    (TruepushGetCampaignStatsOperator, {}, CAMPAIGN_TARGET),
    (TruepushDeleteSegmentOperator, {"segment": "x"}, {"if_mising": "if_missing"}),
    (TruepushCampaignStatsSensor, {"campaign_id": SENT, "settled_after": 60}, {"threshold": "thresholds"}),
    (TruepushStatsToSqlOperator, {"sql_conn_id": "x"}, {"campaigns_ids": "campaign_ids"}),
    (TruepushNotifier, {**CAMPAIGN, "everyone": True}, {"expire_in": "expires_in", "conn_id": "truepush_conn_id"}),
]


@pytest.mark.parametrize(("kind", "given", "names"), KINDS, ids=lambda one: getattr(one, "__name__", ""))
def test_the_one_that_was_meant_is_named(kind: Any, given: dict[str, Any], names: dict[str, str]) -> None:
    task = {} if kind is TruepushNotifier else {"task_id": "t"}
    for wrong, right in names.items():
        with pytest.raises(
            TruepushValidationError, match=rf"^{wrong}: is not an argument of .*\. Use {right}\.$"
        ) as caught:
            kind(**task, **given, **{wrong: "a secret"})
        assert "a secret" not in str(caught.value)


#: Classes that users create in their code, an argument that does not exist, and the one that was meant. Others that the
#: constructor needs are missing.
BY_HAND: list[tuple[Any, str, str]] = [
    (TruepushNotifier, "mesage", "message"),
    (TruepushHook, "trupush_conn_id", "truepush_conn_id"),
    (TruepushHook, "conn_id", "truepush_conn_id"),
    (TruepushAsyncHook, "trupush_conn_id", "truepush_conn_id"),
    (TruepushNewCampaignsTrigger, "trupush_conn_id", "truepush_conn_id"),
    (Button, "txt", "text"),
    (Button, "url", "link"),
    (Button, "label", "text"),
    (Campaign, "segmentid", "segment_id"),
    (Template, "mesage", "message"),
    (Trigger, "template", "template_id"),
    (Daily, "hour", "hours"),
    (Weekly, "weekdays", "week_days"),
]


@pytest.mark.parametrize(("kind", "wrong", "right"), BY_HAND)
def test_of_classes_that_users_create(kind: Any, wrong: str, right: str) -> None:
    match = rf"^{wrong}: is not an argument of {kind.__name__}\. Nothing was sent\. Use {right}\.$"
    with pytest.raises(TruepushValidationError, match=match) as caught:
        kind(**{wrong: "a secret"})
    assert "a secret" not in str(caught.value)


def test_a_name_that_resembles_none_is_answered_with_all() -> None:
    with pytest.raises(TruepushValidationError, match=r"bogus: is not an argument of Daily\. .* Its arguments are: "):
        Daily(bogus=1)  # type: ignore[call-arg]


class Noted:
    """A class that a user mixes in, and that needs the arguments before the constructor."""

    noted: ClassVar[list[dict[str, Any]]] = []

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        cls.noted.append(kwargs)
        return super().__new__(cls)


def test_a_class_that_is_mixed_in_gets_the_arguments() -> None:
    class Hook(TruepushHook, Noted):
        pass

    class Operator(TruepushCancelCampaignOperator, Noted):
        pass

    Hook(truepush_conn_id="x")
    Operator(task_id="cancel", campaign_id="6b0aac00fe8548cb90950001")
    assert [set(given) for given in Noted.noted] == [{"truepush_conn_id"}, {"task_id", "campaign_id"}]


def test_an_extra_of_the_connection_is_no_argument_of_a_hook() -> None:
    with pytest.raises(TruepushValidationError, match=r"Set the extra `dry_run` of the connection\."):
        TruepushHook(dry_run=True)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda button: pickle.loads(pickle.dumps(button))])
def test_what_users_create_can_be_copied(copied: Any) -> None:
    button = Button("Go", link="https://example.com/")
    assert copied(button) == button
    assert list(inspect.signature(Button).parameters) == ["text", "link"]


@pytest.mark.parametrize("name", ["conn_id", "connection_id"])
def test_both_connections_of_an_export_to_sql_are_named(name: str) -> None:
    with pytest.raises(TruepushValidationError) as caught:
        TruepushStatsToSqlOperator(task_id="t", **{name: "x"})
    assert str(caught.value).endswith("Use sql_conn_id for the database, or truepush_conn_id for Truepush.")


WRONG: dict[str, Any] = {"segmant_id": "b1" * 12}
MAPPED: dict[str, Any] = {
    "partial": lambda kind: kind.partial(task_id="u", **CAMPAIGN, **WRONG),
    "expand": lambda kind: kind.partial(task_id="u", **CAMPAIGN).expand(segmant_id=["x"]),
    "expand_kwargs": lambda kind: kind.partial(task_id="u", **CAMPAIGN).expand_kwargs([WRONG]),
    "when it runs": lambda kind: (
        kind.partial(task_id="u", **CAMPAIGN).expand_kwargs(BaseOperator(task_id="b").output).unmap(WRONG)
    ),
}


@pytest.mark.parametrize("form", MAPPED)
def test_of_a_mapped_operator(form: str) -> None:
    with DAG("a_dag", schedule=None), pytest.raises(TruepushValidationError, match="Use segment_id"):
        MAPPED[form](TruepushCreateCampaignOperator)


DECORATED: dict[str, Any] = {
    "call": lambda task: task(lambda: CAMPAIGN, task_id="t", **WRONG)(),
    "expand": lambda task: task(lambda x: CAMPAIGN, task_id="t", **WRONG).expand(x=[1]),
    "override": lambda task: task(lambda: CAMPAIGN, task_id="t").override(**WRONG)(),
}


@pytest.mark.parametrize("form", DECORATED)
def test_of_a_decorated_function(form: str) -> None:
    match = r"is not an argument of @task\.truepush_campaign\. .* Use segment_id"
    with DAG("a_dag", schedule=None), pytest.raises(TruepushValidationError, match=match):
        DECORATED[form](truepush_campaign_task)


IN_DEFAULT_ARGS: dict[str, Any] = {
    "decorator": lambda task: task(lambda: CAMPAIGN, task_id="t", default_args=WRONG),
    "call": lambda task: task(lambda: CAMPAIGN, task_id="t")(),
    "expand": lambda task: task(lambda x: CAMPAIGN, task_id="t").expand(x=[1]),
}


@pytest.mark.parametrize("form", IN_DEFAULT_ARGS)
def test_default_args_of_a_decorated_function(form: str) -> None:
    """Users do not know the class behind the decorator."""
    match = r"^default_args\['segmant_id'\]: is not an argument of @task\.truepush_campaign and has no effect"
    with DAG("a_dag", schedule=None, default_args=WRONG), pytest.raises(TruepushValidationError, match=match):
        IN_DEFAULT_ARGS[form](truepush_campaign_task)


def test_a_class_of_a_user_has_arguments_of_its_own() -> None:
    class Product(TruepushCreateCampaignOperator):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(title=kwargs.pop("product"), **kwargs)

    given = {"message": "M", "link": "https://example.com/"}
    assert Product(task_id="t", product="Shoes", **given).title == "Shoes"


def test_an_argument_of_partial_and_expand_kwargs() -> None:
    partial = TruepushCreateCampaignOperator.partial(task_id="t", **CAMPAIGN)
    with DAG("a_dag", schedule=None), pytest.raises(TruepushValidationError, match="title: was given to partial"):
        partial.expand_kwargs([{"title": "x"}])


def test_mapped_values_replace_the_defaults_of_the_task() -> None:
    defaults = {"tags": ["default"], "expires_in": 1}
    with DAG("a_dag", schedule=None):
        partial = [
            TruepushCreateCampaignOperator.partial(task_id=f"t{i}", default_args=defaults, **CAMPAIGN) for i in range(2)
        ]
        one = partial[0].expand(tags=[["mine"]])
        both = partial[1].expand_kwargs([{"tags": ["mine"]}, {"expires_in": 2}])
    assert (one.partial_kwargs["expires_in"], "tags" in one.partial_kwargs) == (1, False)
    mapped = [both.unmap(item) for item in both.expand_input.value]
    assert [(task.tags, task.expires_in) for task in mapped] == [(["mine"], 1), (["default"], 2)]
