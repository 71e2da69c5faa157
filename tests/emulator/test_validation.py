"""Requests that Truepush refuses."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import CAMPAIGN, DAILY, TEMPLATE, UNKNOWN, Api, trigger

BUTTON = {"text": "Go", "link": "https://example.com/b"}
BAD_CONTENT: list[tuple[str, Any]] = [
    ("title", None), ("title", ""), ("title", " "), ("title", 5), ("message", None), ("message", []),
    ("link", None), ("link", "example.com"), ("link", "ftp://example.com"), ("link", "https://"), ("link", "http:// x"),
    ("image", "pic.png"), ("image", 1), ("icon", ""), ("icon", {}),
    ("tags", "one"), ("tags", [1]), ("tags", [""]),
    ("buttons", {}), ("buttons", [BUTTON] * 3), ("buttons", ["x"]), ("buttons", [{"text": "x"}]),
    ("buttons", [{"text": "", "link": "https://x.y"}]), ("buttons", [{"text": "x", "link": "y"}]),
]  # fmt: skip
BAD_CAMPAIGN: list[tuple[str, Any]] = [
    *BAD_CONTENT,
    ("userInteraction", "yes"), ("userInteraction", 1), ("scheduled", "true"), ("timings", "now"),
    ("campaignExpiryTime", 0), ("campaignExpiryTime", -1), ("campaignExpiryTime", "2"), ("campaignExpiryTime", True),
    ("segment", "x"), ("segment", UNKNOWN), ("Segment", UNKNOWN), ("segment", None),
]  # fmt: skip


def check_refusal(emulator: Emulator, api: Api, name: str, body: Any, field: str) -> None:
    """The request is refused for this field, and nothing came of it."""
    before = (emulator.campaigns(), emulator.templates(), emulator.triggers())
    answer = api.call(name, body=body)
    assert answer.status_code == 400
    assert answer.json()["data"] == "BAD-REQUEST"
    assert field.lower() in answer.json()["message"].lower()
    assert (emulator.campaigns(), emulator.templates(), emulator.triggers()) == before


@pytest.mark.parametrize(("field", "value"), BAD_CAMPAIGN)
def test_bad_campaigns_are_refused(emulator: Emulator, api: Api, field: str, value: Any) -> None:
    body = {**CAMPAIGN, field: value}
    if field in CAMPAIGN and value is None:
        del body[field]
    check_refusal(emulator, api, "createCampaign", body, field)


@pytest.mark.parametrize(
    "timings",
    [
        {},
        {"date": "03-03-2026"},
        {"time": "10:00"},
        {"date": "2026-03-03", "time": "10:00"},
        {"date": "3-3-2026", "time": "10:00"},
        {"date": "31-02-2027", "time": "10:00"},
        {"date": "03-03/2026", "time": "10:00"},
        {"date": "03-03-2026", "time": "24:00"},
        {"date": "03-03-2026", "time": "9:00"},
        {"date": "00-00-0000", "time": "10:00"},
        {"date": "02-03-2026", "time": "12:00"},
        {"date": "01-03-2026", "time": "12:00"},
    ],
)
def test_bad_or_past_times_are_refused(emulator: Emulator, api: Api, timings: dict[str, Any]) -> None:
    check_refusal(emulator, api, "createCampaign", {**CAMPAIGN, "scheduled": True, "timings": timings}, "timings")


@pytest.mark.parametrize(
    ("field", "value"), [*BAD_CONTENT, ("name", None), ("name", ""), ("userInteractionRequired", 0)]
)
def test_bad_templates_are_refused(emulator: Emulator, api: Api, field: str, value: Any) -> None:
    body = {**TEMPLATE, field: value}
    if field in TEMPLATE and value is None:
        del body[field]
    check_refusal(emulator, api, "createTemplate", body, field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"note": 1}, "note"),
        ({"templateId": UNKNOWN}, "templateId"),
        ({"templateId": 5}, "templateId"),
        ({"segmentId": UNKNOWN}, "segmentId"),
        ({"type": "weekly"}, "type"),
        ({"type": ["once"]}, "type"),
        ({"timings": []}, "timings"),
        ({"timings": {"sub_type": "hourly", "hours": 1, "minutes": 1}}, "sub_type"),
        ({"timings": {**DAILY, "hours": 24}}, "hours"),
        ({"timings": {**DAILY, "minutes": "1"}}, "minutes"),
        ({"timings": {**DAILY, "hours": True}}, "hours"),
        ({"type": "once", "timings": {"hours": 1}}, "minutes"),
        ({"timings": {**DAILY, "sub_type": "weekly"}}, "week_days"),
        ({"timings": {**DAILY, "sub_type": "weekly", "week_days": [7]}}, "week_days"),
        ({"timings": {**DAILY, "sub_type": "monthly", "dates": []}}, "dates"),
        ({"timings": {**DAILY, "sub_type": "monthly", "dates": [0]}}, "dates"),
        ({"timings": {**DAILY, "sub_type": "yearly", "dates": [1], "months": [13]}}, "months"),
        ({"timings": {**DAILY, "sub_type": "yearly", "dates": [1]}}, "months"),
        ({"type": "multiple"}, "dates"),
        ({"type": "multiple", "timings": {"dates": [{"date": "1-1-2027", "time": "10:00"}]}}, "date"),
        ({"type": "multiple", "timings": {"dates": ["x"]}}, "dates"),
    ],
)
def test_bad_triggers_are_refused(emulator: Emulator, api: Api, changes: dict[str, Any], field: str) -> None:
    template = api.create("createTemplate", TEMPLATE)
    check_refusal(emulator, api, "createTrigger", {**trigger(template), **changes}, field)


@pytest.mark.parametrize(
    "name", ["cancelCampaign", "campaignStats", "deleteSegment", "deleteTemplate", "deleteTrigger"]
)
@pytest.mark.parametrize(
    "argument", ["x", "5f8d407ad11b5a2c2c524f6", "5f8d407ad11b5a2c2c524f63a", "zf8d407ad11b5a2c2c524f63"]
)
def test_malformed_ids_are_refused(api: Api, name: str, argument: str) -> None:
    assert api.code(name, argument) == "BAD-REQUEST"


def test_bad_statuses_are_refused(emulator: Emulator, api: Api) -> None:
    (made,) = emulator.seed({"triggers": [{}]})["triggers"]
    for body in ({}, {"status": "on"}, {"status": None}):
        assert api.code("triggerStatus", made, body) == "BAD-REQUEST"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"null", b'{"title": NaN}', b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_not_a_json_object_is_refused(emulator: Emulator, api: Api, raw: bytes) -> None:
    answer = api.session.post(emulator.url + "/api/v1/createCampaign", data=raw, timeout=30)
    assert answer.json()["data"] == "BAD-REQUEST"
    assert emulator.pushes() == {}


def test_unknown_names_and_other_content_types_are_let_through(emulator: Emulator, api: Api) -> None:
    raw = b'{"title":"t","message":"m","link":"https://x.y","new":1,"campaignExpiryTime":1e300}'
    answer = api.session.post(
        emulator.url + "/api/v1/createCampaign",
        data=raw,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=5,
    )
    assert answer.status_code == 200
    emulator.advance(600)
    assert api.stats(emulator.campaigns()[0]["id"])
