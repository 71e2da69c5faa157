"""Copies of models with other fields."""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.api.models.own_send import OwnSend
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import (
    Button,
    Campaign,
    CampaignRef,
    CampaignStats,
    Daily,
    Monthly,
    Once,
    OnDates,
    Template,
    Trigger,
    Weekly,
    Yearly,
)
from airflow_provider_truepush.waiting.goal import Goal

ID, OTHER = "a1" * 12, "b2" * 12
CONTENT: dict[str, Any] = {"title": "Sale", "message": "Today", "link": "https://example.com/"}
TRIGGER: dict[str, Any] = {"name": "Mornings", "template_id": ID, "schedule": Daily(9, 30)}
COPIES = [copy.replace] if sys.version_info >= (3, 13) else []


@pytest.mark.parametrize("more", [{}, {"segment_id": ID}, {"segment_id": ID, "send_at": "2099-01-01T09:00:00+00:00"}])
@pytest.mark.parametrize("change", [lambda model, **changes: model.replace(**changes), *COPIES])
def test_a_campaign_and_a_trigger(change: Any, more: dict[str, Any]) -> None:
    changed = Campaign.read(change(Campaign(**CONTENT, **more).named("VIP"), title="Other", expires_in=4))
    assert changed == Campaign(**{**CONTENT, "title": "Other", "expires_in": 4, **more})
    assert changed.segment_name == "VIP"
    assert change(changed, segment_id=OTHER).segment_name is None
    segment = {name: value for name, value in more.items() if name == "segment_id"}
    trigger = change(Trigger(**TRIGGER, **segment), name="Evenings")
    assert Trigger.read(trigger) == Trigger(**{**TRIGGER, "name": "Evenings", **segment})


@pytest.mark.parametrize("more", [{}, {"segment_id": ID}])
def test_an_audience_is_not_lost_on_the_way(more: dict[str, Any]) -> None:
    """None is an error, as in the constructor: a look-up may have returned it."""
    for model, given in ((Campaign, CONTENT), (Trigger, TRIGGER)):
        with pytest.raises(TruepushValidationError, match=r"segment_id: was given and is empty, got None"):
            model.read(model(**given, **more).replace(segment_id=None))  # type: ignore[attr-defined]


def test_what_dataclasses_replace_adds_is_explained() -> None:
    with pytest.raises(TruepushValidationError, match=r"^campaign\.segment_id: .* If you copied it with dataclasses"):
        Campaign.read(Campaign(**CONTENT, segment_id=None))  # the user wrote it
    campaign, trigger = Campaign(**CONTENT, segment_id=ID), Trigger(**TRIGGER)
    with pytest.raises(
        TruepushValidationError, match=r"^campaign\.send_at: .* dataclasses\.replace\(\), use campaign\.replace\(\)"
    ):
        Campaign.read(replace(campaign, title="Other"))
    with pytest.raises(
        TruepushValidationError, match=r"^trigger\.segment_id: .* dataclasses\.replace\(\), use trigger\.replace\(\)"
    ):
        Trigger.read(replace(trigger, name="Other"))


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Button("Go", "https://example.com/"), {"text": "Stop"}),
        (Template(**CONTENT, name="Sale"), {"name": "Other"}),
        (CampaignRef(ID, "Sale"), {"title": "Other"}),
        (CampaignStats(8, 7, 6, 5, 4, 3, 2, 1), {"reach": 9}),
        (OwnSend(), {"link": "https://example.com/"}),
        (Goal(thresholds={"delivered": 1}, settled_after=timedelta(hours=1)), {"require": "any"}),
        (Once(9), {"hours": 10}),
        (OnDates(["2099-01-01T09:00"]), {"dates": ["2099-01-02T09:00"]}),
        (Daily(9, 30), {"hours": 10}),
        (Weekly([1], 9, 30), {"hours": 10}),
        (Monthly([1], 9, 30), {"hours": 10}),
        (Yearly([1], [1], 9, 30), {"hours": 10}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_others_are_copied_as_any_dataclass(model: Any, change: dict[str, Any]) -> None:
    changed = replace(model, **change)
    assert changed != model
    assert replace(changed, **{name: getattr(model, name) for name in change}) == model
