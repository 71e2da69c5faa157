"""Rows of lists, and counters with their rates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.models.stats import UnreadableStatsError
from airflow_provider_truepush.models import CampaignRef, CampaignStats, SegmentRef, TemplateRef, TriggerRef
from tests.api.support import COUNTERS, ID, quick, without

OURS = {"reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers"}


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (CampaignRef(ID, "T"), {"id": ID, "title": "T"}),
        (TemplateRef(ID, "N"), {"id": ID, "name": "N"}),
        (SegmentRef(ID, "N"), {"id": ID, "name": "N"}),
        (TriggerRef(ID, "N", "active"), {"id": ID, "name": "N", "status": "active"}),
    ],
)
def test_refs(ref: Any, expected: dict[str, str]) -> None:
    assert ref.as_dict() == expected
    assert json.loads(json.dumps(ref.as_dict())) == expected
    # 0x5f8d407a seconds after the epoch
    assert ref.created_at == datetime(2020, 10, 19, 7, 30, 2, tzinfo=UTC)
    assert type(ref)("no-object-id", *list(expected.values())[1:]).created_at is None
    assert len({ref, type(ref)(**expected)}) == 1


def test_counters_under_their_names() -> None:
    stats = CampaignStats.from_api(COUNTERS)
    assert stats.as_dict() == {
        "reach": 200,
        "sent": 100,
        "delivered": 80,
        "views": 40,
        "clicks": 8,
        "button0": 3,
        "button1": 2,
        "unsubscribers": 4,
    }
    assert stats.extra == {}
    assert set(stats.as_dict()) == OURS


def test_rates() -> None:
    stats = CampaignStats.from_api(COUNTERS)
    assert (stats.delivery_rate, stats.view_rate, stats.click_rate, stats.unsubscribe_rate) == (0.8, 0.5, 0.1, 0.05)
    assert [stats.rate(f"{name}_rate") for name in ("delivery", "view", "click", "unsubscribe")] == [
        0.8,
        0.5,
        0.1,
        0.05,
    ]


def test_a_rate_of_nothing_is_none() -> None:
    unsent = CampaignStats.from_api({**COUNTERS, "Sent": 0})
    assert (unsent.delivery_rate, unsent.view_rate) == (None, 0.5)
    undelivered = CampaignStats.from_api({**COUNTERS, "Delivered": 0})
    assert undelivered.delivery_rate == 0
    assert (undelivered.view_rate, undelivered.click_rate, undelivered.unsubscribe_rate) == (None, None, None)


def test_no_other_rate() -> None:
    with pytest.raises(KeyError):
        CampaignStats.from_api(COUNTERS).rate("open_rate")


@pytest.mark.parametrize("name", COUNTERS)
def test_a_counter_is_a_whole_number(name: str) -> None:
    bad: list[Any] = [None, -1, 1.0, "1", True, [5], "x" * 1_000_000]
    for value in bad:
        with pytest.raises(UnreadableStatsError) as caught:
            CampaignStats.from_api({**COUNTERS, name: value})
        assert str(caught.value).startswith(f"counter {name} is {repr(value)[:5]}")
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("name", COUNTERS)
def test_a_missing_counter_is_not_zero(name: str) -> None:
    with pytest.raises(UnreadableStatsError, match=f"counter {name} is missing"):
        CampaignStats.from_api({**without(COUNTERS, name), name.lower(): 1})


@quick
@given(
    st.fixed_dictionaries({name: st.integers(0, 2**63 - 1) for name in COUNTERS}),
    st.dictionaries(st.text(max_size=6).filter(lambda key: key not in COUNTERS), st.integers()),
)
def test_what_is_not_known_is_kept(counters: dict[str, int], extra: dict[str, int]) -> None:
    stats = CampaignStats.from_api({**extra, **counters})
    assert stats.as_dict() == {name.lower(): value for name, value in counters.items()}
    assert stats.extra == extra
    for rate in ("delivery_rate", "view_rate", "click_rate", "unsubscribe_rate"):
        value = stats.rate(rate)
        assert value is None or value >= 0
