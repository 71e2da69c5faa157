"""A Dag that renders native objects and one that renders text send the same, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Weekly
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.operators.resources import rendered_in, templated
from tests.sensors.context import context

SEGMENT = "123456789012345678901234"
TEMPLATE = "5f80a1b2c3d4e5f6a7b8c901"
CONTENT: dict[str, Any] = {
    "title": "50",
    "message": "It's \"new\": {'a': 1}, 100%, №1",
    "link": "https://example.com/?a=1&b=[2]",
    "buttons": [{"text": "1", "link": "https://example.com/1"}, {"text": "True", "link": "https://example.com/2"}],
    "tags": ["sale", "2026", "it's"],
    "user_interaction": True,
    "image": "https://example.com/wide.jpg",
    "icon": None,
}
CASES: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "campaign": (
        TruepushCreateCampaignOperator,
        "createCampaign",
        {
            **CONTENT,
            "segment_id": SEGMENT,
            "send_at": datetime(2099, 3, 1, 9, 30, tzinfo=UTC),
            "expires_in": timedelta(hours=36),
        },
    ),
    "campaign-with-text-for-times": (
        TruepushCreateCampaignOperator,
        "createCampaign",
        {**CONTENT, "user_interaction": False, "send_at": "2099-03-01T09:30:00", "expires_in": 48},
    ),
    "template": (TruepushCreateTemplateOperator, "createTemplate", {**CONTENT, "name": "2026"}),
    "trigger": (
        TruepushCreateTriggerOperator,
        "createTrigger",
        {
            "name": "7",
            "template_id": TEMPLATE,
            "schedule": Weekly(week_days=[1, 5], hours=9).as_dict(),
            "segment_id": SEGMENT,
            "note": "see [1]",
        },
    ),
    "trigger-by-cron": (
        TruepushCreateTriggerOperator,
        "createTrigger",
        {"name": "cron", "template_id": TEMPLATE, "schedule": "30 9 * * 1", "note": None},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_native_objects_and_text_give_the_same_request(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, endpoint, arguments = CASES[case]
    templates, values = templated(arguments)
    bodies = {}
    for way in ("plain", "text", "native"):
        with Emulator(timezone="Europe/Berlin") as truepush:
            truepush.add_segment("Somebody", 10, segment_id=SEGMENT)
            truepush.seed({"templates": [{"_id": TEMPLATE}]})
            monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", truepush.connection_json)
            given = arguments if way == "plain" else templates
            operator = rendered_in(kind, dict(context(), **values), native=way == "native", **given)
            assert operator.execute(context())
            (request,) = truepush.requests(endpoint)
            bodies[way] = request.body
    assert bodies["text"] == bodies["plain"]
    assert bodies["native"] == bodies["plain"]
