"""Was it given? One answer for every field and form."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, is_empty, refuse_empty, refuse_empty_fields
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.api.models.audience import Everyone, Segment, read_audience
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.models.trigger import Trigger

CAMPAIGN: dict[str, Any] = {"title": "T", "message": "M", "link": "https://example.com/"}
TRIGGER: dict[str, Any] = {"name": "N", "template_id": "ab" * 12, "schedule": "0 9 * * *"}


class NAType:
    """As of pandas: neither equal nor unequal to itself."""

    def __ne__(self, other: object) -> Any:
        raise TypeError("boolean value of NA is ambiguous")

    __hash__ = None  # type: ignore[assignment]


class Array(NAType):
    """As of numpy: its comparison has no single answer."""


EMPTY = (
    *(None, "", " ", "None", " None\n", "\u200b\ufeff", "\u2800", "\u3164 \ufe0f"),
    *(float("nan"), Decimal("nan"), NAType()),
)


def test_there_is_one_sentinel_after_every_copy() -> None:
    assert copy.deepcopy({"a": NOT_GIVEN})["a"] is NOT_GIVEN
    assert copy.copy(NOT_GIVEN) is NOT_GIVEN
    assert pickle.loads(pickle.dumps(NOT_GIVEN)) is NOT_GIVEN


@pytest.mark.parametrize("value", EMPTY)
def test_empty(value: Any) -> None:
    assert is_empty(value)
    with pytest.raises(TruepushValidationError, match=r"^campaign\.send_at: was given and is empty, got .* at once\."):
        refuse_empty("campaign.send_at", value)


@pytest.mark.parametrize("value", ["x", 0, 0.0, [], {}, "none", "Nones", "nan", "👍\ufe0f", Array(), NOT_GIVEN])
def test_not_empty(value: Any) -> None:
    assert not is_empty(value)


def test_a_field_that_is_left_out_is_fine() -> None:
    refuse_empty_fields("campaign", {"segment_id": NOT_GIVEN}, ("segment_id", "send_at"))


def test_audiences() -> None:
    assert read_audience("campaign") == Everyone()
    assert read_audience("campaign", "ab" * 12) == Segment("ab" * 12)
    for value in EMPTY:
        with pytest.raises(TruepushValidationError, match="go to every subscriber"):
            read_audience("trigger", value)


@pytest.mark.parametrize("value", EMPTY)
@pytest.mark.parametrize("name", ["segment_id", "send_at"])
def test_a_mapping_with_an_empty_field_is_refused(name: str, value: Any) -> None:
    with pytest.raises(TruepushValidationError, match=rf"^campaign\.{name}: was given and is empty"):
        Campaign.read({**CAMPAIGN, name: value})


@pytest.mark.parametrize("value", EMPTY)
def test_a_trigger_with_an_empty_segment_is_refused(value: Any) -> None:
    with pytest.raises(TruepushValidationError, match=r"^trigger\.segment_id: was given and is empty"):
        Trigger.read({**TRIGGER, "segment_id": value})


def test_an_object_with_an_empty_field_is_read_no_more_than_a_mapping() -> None:
    for name in ("segment_id", "send_at"):
        with pytest.raises(TruepushValidationError, match=rf"^campaign\.{name}: was given and is empty"):
            Campaign.read(Campaign(**CAMPAIGN, **{name: None}))
    with pytest.raises(TruepushValidationError, match=r"^trigger\.segment_id: was given and is empty"):
        Trigger.read(Trigger(**TRIGGER, segment_id=None))


def test_a_campaign_can_be_moved_and_stays_for_everyone() -> None:
    moved = Campaign(**CAMPAIGN, tags=["a"]).moved_to("2099-01-01T00:00:00")  # type: ignore[arg-type]
    assert Campaign.read(moved).audience == Everyone()
    assert moved.given().keys() == {"title", "message", "link", "tags", "send_at"}
