"""Truepush's triggers: what is refused, and what exactly goes out."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_truepush.api.models.trigger import check_status
from airflow_provider_truepush.models import Daily, OnDates, Trigger, Weekly
from tests.api.support import ID, NOW, OTHER_ID, refused, without
from tests.support.arrays import Array

BERLIN = ZoneInfo("Europe/Berlin")
LEAST: dict[str, Any] = {"name": "N", "template_id": ID, "schedule": Daily(9, 30)}
DAILY = {"sub_type": "daily", "hours": 9, "minutes": 30}


def test_the_least() -> None:
    assert Trigger(**LEAST).payload(None, NOW) == {
        "name": "N",
        "templateId": ID,
        "type": "repeated",
        "timings": DAILY,
    }


def test_everything() -> None:
    trigger = Trigger("N", ID, OnDates(["2026-12-01T09:00"]), segment_id=OTHER_ID, note="A note")
    assert trigger.payload(BERLIN, NOW) == {
        "name": "N",
        "note": "A note",
        "segmentId": OTHER_ID,
        "templateId": ID,
        "type": "multiple",
        "timings": {"dates": [{"date": "01-12-2026", "time": "09:00"}]},
    }


@pytest.mark.parametrize(
    "schedule",
    ["30 9 * * *", {"daily": {"hours": 9, "minutes": 30}}, {"type": "repeated", "timings": DAILY}],
)
def test_a_schedule_in_its_other_forms(schedule: Any) -> None:
    assert Trigger("N", ID, schedule) == Trigger(**LEAST)
    assert Trigger("N", ID, schedule).payload(None, NOW)["timings"] == DAILY


@pytest.mark.parametrize("note", [None, ""])
def test_no_note(note: str | None) -> None:
    assert "note" not in Trigger(**LEAST, note=note).payload(None, NOW)


@pytest.mark.parametrize("name", LEAST)
def test_required(name: str) -> None:
    with refused(f"trigger.{name}", "None"):
        Trigger.read(without(LEAST, name))
    with refused(f"trigger.{name}", "None"):
        Trigger(**{**LEAST, name: None})


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("name", {"name": " "}, "' '"),
        ("name", {"name": 5}, "5"),
        ("template_id", {"template_id": "welcome"}, "'welcome'"),
        ("template_id", {"template_id": ""}, "''"),
        ("schedule", {"schedule": "every day"}, "'every day'"),
        ("schedule", {"schedule": DAILY}, "['sub_type', 'hours', 'minutes']"),
        ("schedule", {"schedule": [Daily(9)]}, "[Daily(hours=9, minutes=0)]"),
        ("schedule", {"schedule": Daily}, "<class"),
        ("segment_id", {"segment_id": "everyone"}, "'everyone'"),
        ("segment_id", {"segment_id": "dry-run-0123456789abcdef"}, "'dry-run-0123456789abcdef'"),
        ("note", {"note": 5}, "5"),
        ("note", {"note": "\udc00"}, "'\\udc00'"),
        ("templateId", {"templateId": ID}, f"'{ID}'"),
        ("timings", {"timings": DAILY}, "{'sub_type'"),
    ],
)
def test_bad_values(field: str, given: dict[str, Any], shown: str) -> None:
    with refused(f"trigger.{field}", shown):
        Trigger.read({**LEAST, **given})


def test_a_template_of_a_dry_run_passes() -> None:
    assert Trigger(**{**LEAST, "template_id": "dry-run-1"}).template_id == "dry-run-1"


@pytest.mark.parametrize("given", [None, "text", [LEAST]])
def test_a_trigger_is_a_trigger_or_a_mapping(given: Any) -> None:
    with refused("trigger"):
        Trigger.read(given)


def test_a_trigger_is_taken_as_it_is() -> None:
    trigger = Trigger("N", ID, Weekly([1], 9))
    assert Trigger.read(trigger) is trigger
    assert Trigger.read({"name": "N", "template_id": ID, "schedule": Weekly([1], 9)}) == trigger


@pytest.mark.parametrize("status", [None, "", "Active", 1, True, Array(), ["active"]])
def test_a_status_is_one_of_two_words(status: Any) -> None:
    assert [check_status(word) for word in ("active", "inactive")] == ["active", "inactive"]
    with refused("status", why="must be 'active' or 'inactive'"):
        check_status(status)
