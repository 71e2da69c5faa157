"""Names inside of an argument: checked beside templates too, and the one that was meant is named."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.models import Button, Daily, OnDates, Trigger, Weekly
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SENT, TEMPLATE

__all__ = ["emulator", "plain_machine"]

X = "{{ params.x }}"
LINK = "https://example.com/"
#: An argument with a template in it, and the error about what is final in it.
BESIDE_TEMPLATES: list[tuple[Any, dict[str, Any], str, Any, str]] = [
    (
        TruepushCreateTriggerOperator,
        NEW_TRIGGER,
        "schedule",
        {"weekly": {"week_days": X, "hurs": 9}},
        "hurs: .*hours\\?",
    ),
    (TruepushCreateTriggerOperator, NEW_TRIGGER, "schedule", {"weekly": {"week_days": X}}, "weekly.hours: is required"),
    (TruepushCreateTriggerOperator, NEW_TRIGGER, "schedule", {"dialy": {"hours": X}}, "Did you mean daily"),
    *[
        (kind, given, name, value, match)
        for kind, given in ((TruepushCreateCampaignOperator, CAMPAIGN), (TruepushCreateTemplateOperator, NEW_TEMPLATE))
        for name, value, match in [
            ("buttons", [{"label": X, "link": LINK}], r"buttons\[0\].label: is not a field"),
            ("buttons", [{"text": X, "link": LINK}, {"text": "a"}], r"buttons\[1\].link: must be a string"),
            ("buttons", [{"text": X, "link": "example.com"}], r"buttons\[0\].link: must be an http or https"),
            ("buttons", [Button(X, LINK)] * 3, "at most 2 buttons"),
            ("tags", [X, 5], r"tags\[1\]: must be a string"),
        ]
    ],
    (
        TruepushNotifier,
        {**CAMPAIGN, "everyone": True},
        "buttons",
        [{"label": X, "link": LINK}],
        "label: is not a field",
    ),
]


@pytest.mark.parametrize(("kind", "given", "name", "value", "match"), BESIDE_TEMPLATES)
def test_what_is_final_beside_a_template_is_checked_at_once(
    kind: Any, given: dict[str, Any], name: str, value: Any, match: str
) -> None:
    task = {} if kind is TruepushNotifier else {"task_id": "t"}
    with pytest.raises(TruepushValidationError, match=match):
        kind(**task, **{**given, name: value})


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        (Daily, r"Daily\(hours=9\)"),
        (Weekly, r"Weekly\(week_days=\[1\], hours=9\)"),
        (OnDates, r"OnDates\(dates=\['2030-01-31T09:00'\]\)"),
    ],
)
def test_the_class_of_a_schedule_is_not_a_schedule(kind: Any, right: str) -> None:
    """Airflow calls what is callable when it renders, so the task would fail when it runs."""
    match = rf"^trigger\.schedule: is a class, not a schedule, got .* The trigger was not created\. Write {right}\.$"
    with pytest.raises(TruepushValidationError, match=match):
        TruepushCreateTriggerOperator(task_id="t", **{**NEW_TRIGGER, "schedule": kind})
    given = {key: value for key, value in NEW_TRIGGER.items() if key != "schedule"}
    with DAG("a_dag", schedule=None), pytest.raises(TruepushValidationError, match=match):
        TruepushCreateTriggerOperator.partial(task_id="t", **given).expand(schedule=[kind])
    with pytest.raises(TruepushValidationError, match=rf"schedule: is a class, not a schedule, .* Write {right}\.$"):
        Trigger(name="x", template_id=TEMPLATE, schedule=kind)


@pytest.mark.parametrize(
    ("name", "right"), [("deliverd", "delivered"), ("Delivery Rate", "delivery_rate"), ("unsubscribe", "unsubscribers")]
)
def test_the_counter_that_was_meant(name: str, right: str) -> None:
    with pytest.raises(TruepushValidationError, match=rf"Did you mean {right}\? Use one of reach, sent"):
        TruepushCampaignStatsSensor(task_id="t", campaign_id=SENT, thresholds={name: 0.5})


def test_no_counter_is_larger_than_any_audience() -> None:
    for number in (10**400, 10**5000, 1e300):
        with pytest.raises(TruepushValidationError, match=r"thresholds\.sent: must be"):
            TruepushCampaignStatsSensor(task_id="t", campaign_id=SENT, thresholds={"sent": number})


def test_the_field_of_a_mapping_that_was_meant(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    with TruepushHook(CONN_ID) as hook:
        for name, right in {"segmentId": "segment_id", "sendAt": "send_at", "Title": "title"}.items():
            with pytest.raises(TruepushValidationError, match=rf"Did you mean {right}\? Use one of buttons"):
                hook.create_campaign({**CAMPAIGN, name: "x"})
