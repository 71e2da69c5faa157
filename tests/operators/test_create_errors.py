"""The error for a create in doubt says each thing once: what happened, what the list shows, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.operators import templates, tries, triggers
from tests.operators.resources import (
    NOT_DONE_AND_UNANSWERED,
    _connected,
    connect_fixture,
    emulator_fixture,
    fault_name,
)
from tests.operators.triggers import template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "template_fixture"]

CAMPAIGN = {"title": "T", "message": "M", "link": "https://example.com/", "settle_window": timedelta(seconds=0.2)}
#: Operator, arguments, endpoint of the create.
CREATES: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "campaign": (TruepushCreateCampaignOperator, {**CAMPAIGN, "on_doubt": "reconcile"}, "createCampaign"),
    "campaign, not looked for": (TruepushCreateCampaignOperator, {**CAMPAIGN, "on_doubt": "fail"}, "createCampaign"),
    "template": (TruepushCreateTemplateOperator, {**templates.LEAST, "if_exists": "replace"}, "createTemplate"),
    "trigger": (TruepushCreateTriggerOperator, {**triggers.LEAST, "if_exists": "replace"}, "createTrigger"),
}
#: Faults that leave doubt, and two that do not.
FAULTS = [*NOT_DONE_AND_UNANSWERED, {"effect": "429"}, {"effect": "outcome", "code": "BAD-REQUEST"}]
#: The advice to look for what may have been created.
LOOK = re.compile(r"\b(?:look|check)\b[^.]* in Truepush\b|\blook in Truepush\b", re.IGNORECASE)


def sentences(text: str) -> list[str]:
    return [one.strip(" -\n") for one in re.split(r"(?<=[.:?!])\s+", text)]


def check(text: str) -> None:
    repeated = [sentence for sentence, times in Counter(sentences(text)).items() if times > 1]
    assert repeated == [], text
    assert len(LOOK.findall(text)) <= 1, text


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize("fault", FAULTS, ids=fault_name)
@pytest.mark.parametrize("kind", CREATES)
def test_no_create_error_says_a_thing_twice(
    emulator: Emulator, kind: str, fault: dict[str, Any], is_listed: bool
) -> None:
    operator, given, endpoint = CREATES[kind]
    emulator.fault(endpoint, **fault)
    if not is_listed:
        fail_lists_after_the_create(emulator, endpoint)
    with pytest.raises((AirflowFailException, TruepushError)) as caught:
        tries.run(operator, {}, **given)
    check(str(caught.value))


def fail_lists_after_the_create(emulator: Emulator, endpoint: str) -> None:
    def fail() -> None:
        emulator.fault(endpoint.replace("create", "list"), effect="status", status=503)

    emulator.before_request(endpoint, fail)
