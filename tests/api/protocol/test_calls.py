"""The thirteen calls: arguments checked and guards held before there is anything to send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.models import Campaign, Daily, Template, Trigger
from tests.api.support import ID, NOW, OTHER_ID, connection, refused

CAMPAIGN: dict[str, Any] = {"title": "T", "message": "M", "link": "https://example.com"}
TEMPLATE: dict[str, Any] = {"name": "N", **CAMPAIGN}
TRIGGER = {"name": "N", "template_id": ID, "schedule": Daily(9)}

BY_ID: list[tuple[Callable[[Any], Call[Any]], str, str]] = [
    (calls.cancel_campaign, "campaign_id", "PUT /api/v1/cancelCampaign/"),
    (calls.get_campaign_stats, "campaign_id", "GET /api/v1/campaignStats/"),
    (calls.delete_template, "template_id", "DELETE /api/v1/deleteTemplate/"),
    (calls.delete_trigger, "trigger_id", "DELETE /api/v1/deleteTrigger/"),
    (calls.delete_segment, "segment_id", "DELETE /api/v1/deleteSegment/"),
    (lambda value: calls.set_trigger_status(value, "active"), "trigger_id", "PUT /api/v1/triggerStatus/"),
]
MALFORMED: list[object] = [
    "",
    ID[:-1],
    ID + "0",
    f" {ID}",
    f"{ID}\n",
    "g" * 24,
    "../" + ID[:21],
    "٠" * 24,
    None,
    5,
    ID.encode(),
    [ID],
]


@pytest.mark.parametrize(("make", "field", "line"), BY_ID)
def test_calls_that_take_an_id(make: Callable[[Any], Call[Any]], field: str, line: str) -> None:
    assert str(make(ID)) == line + ID
    assert str(make(ID.upper())) == line + ID.upper()


@pytest.mark.parametrize(("make", "field", "line"), BY_ID)
def test_a_malformed_id_is_refused(make: Callable[[Any], Call[Any]], field: str, line: str) -> None:
    for value in MALFORMED:
        with refused(field, repr(value), "must be a Truepush id of 24 hexadecimal digits"):
            make(value)


def test_a_dry_run_id_passes_except_as_a_segment() -> None:
    for make, field, line in BY_ID:
        if field == "segment_id":
            with refused("segment_id", "'dry-run-1'"):
                make("dry-run-1")
        else:
            assert str(make("dry-run-1")) == line + "dry-run-1"


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_trigger_status(status: str) -> None:
    assert calls.set_trigger_status(ID, status).body == f'{{"status":"{status}"}}'.encode()


@pytest.mark.parametrize("status", ["Active", "paused", "", None, True, 1])
def test_another_trigger_status_is_refused(status: Any) -> None:
    with refused("status", repr(status)):
        calls.set_trigger_status(ID, status)


@pytest.mark.parametrize("given", [CAMPAIGN, Campaign(**CAMPAIGN)])
def test_create_campaign(given: Any) -> None:
    call = calls.create_campaign(given, connection(), NOW)
    assert (str(call), json.loads(call.body or b"")) == ("POST /api/v1/createCampaign", CAMPAIGN)


@pytest.mark.parametrize("given", [TEMPLATE, Template(**TEMPLATE)])
def test_create_template(given: Any) -> None:
    call = calls.create_template(given)
    assert (str(call), json.loads(call.body or b"")) == ("POST /api/v1/createTemplate", TEMPLATE)


@pytest.mark.parametrize("given", [TRIGGER, Trigger("N", ID, Daily(9))])
def test_create_trigger(given: Any) -> None:
    call = calls.create_trigger(given, connection(), NOW)
    assert str(call) == "POST /api/v1/createTrigger"
    assert json.loads(call.body or b"")["timings"] == {"sub_type": "daily", "hours": 9, "minutes": 0}


def test_a_template_of_a_dry_run_is_for_dry_runs_only() -> None:
    trigger = {**TRIGGER, "template_id": "dry-run-1"}
    with refused("trigger.template_id", "'dry-run-1'", "was returned by a dry run and is not the id of a template"):
        calls.create_trigger(trigger, connection(), NOW)
    payload = calls.create_trigger(trigger, connection(dry_run=True), NOW).payload
    assert payload is not None
    assert payload["templateId"] == "dry-run-1"


def test_the_audience_guard_requires_a_segment() -> None:
    guarded = connection(require_segment=True)
    with refused("campaign.segment_id", "None"):
        calls.create_campaign(CAMPAIGN, guarded, NOW)
    with refused("trigger.segment_id", "None"):
        calls.create_trigger(TRIGGER, guarded, NOW)
    assert calls.create_campaign({**CAMPAIGN, "segment_id": OTHER_ID}, guarded, NOW).payload == {
        **CAMPAIGN,
        "segment": OTHER_ID,
    }
    trigger = calls.create_trigger({**TRIGGER, "segment_id": OTHER_ID}, guarded, NOW).payload
    assert trigger is not None
    assert trigger["segmentId"] == OTHER_ID


@pytest.mark.parametrize("segment", ["", "dry-run-anything", "everyone", 0, False])
def test_other_spellings_do_not_pass_the_audience_guard(segment: Any) -> None:
    guarded = connection(require_segment=True)
    with refused("campaign.segment_id", repr(segment)):
        calls.create_campaign({**CAMPAIGN, "segment_id": segment}, guarded, NOW)
    with refused("trigger.segment_id", repr(segment)):
        calls.create_trigger({**TRIGGER, "segment_id": segment}, guarded, NOW)
