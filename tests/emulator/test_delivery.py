"""Counters: pure, monotone, believable."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.emulator.delivery import counters
from airflow_provider_truepush.emulator.records import Campaign
from tests.emulator.support import CAMPAIGN, Api

SENT_AT = 1_772_452_800.0
MOMENTS = st.one_of(st.floats(0, 400), st.floats(0, 30 * 86400))


@st.composite
def campaigns(draw: st.DrawFn) -> Campaign:
    """Any campaign."""
    return Campaign(
        id=draw(st.text("0123456789abcdef", min_size=24, max_size=24)),
        project="project-1",
        title="t",
        created_at=SENT_AT,
        send_at=SENT_AT,
        reach=draw(st.one_of(st.integers(0, 200), st.integers(0, 10_000_000))),
        buttons=draw(st.integers(0, 2)),
        expires_after=draw(st.one_of(st.none(), st.floats(1, 7200))),
    )


@settings(deadline=None)
@given(st.integers(), campaigns(), st.lists(MOMENTS, min_size=2, max_size=30))
def test_counters_never_fall_and_keep_the_order_of_the_funnel(
    seed: int, campaign: Campaign, elapsed: list[float]
) -> None:
    before = dict.fromkeys(counters(seed, campaign, SENT_AT) or {}, 0)
    for moment in sorted(elapsed):
        now = counters(seed, campaign, SENT_AT + moment)
        assert now is not None
        assert now == counters(seed, campaign, SENT_AT + moment)
        assert all(now[name] >= before[name] for name in now)
        assert now["Reach"] == campaign.reach >= now["Sent"] >= now["Delivered"] >= now["Views"] >= now["Clicks"] >= 0
        assert now["Button0"] + now["Button1"] <= now["Clicks"]
        assert now["Button0"] == 0 or campaign.buttons >= 1
        assert now["Button1"] == 0 or campaign.buttons == 2
        assert now["Unsubscribers"] <= now["Delivered"] * 0.01
        before = now


@settings(deadline=None)
@given(st.integers(), campaigns(), st.integers(0, 3000))
def test_second_by_second_nothing_falls(seed: int, campaign: Campaign, first: int) -> None:
    rows = [counters(seed, campaign, SENT_AT + second) or {} for second in range(first, first + 60)]
    for earlier, later in pairwise(rows):
        assert all(later[name] >= earlier[name] for name in later)


@settings(max_examples=100, deadline=None)
@given(st.integers(), campaigns())
def test_after_five_minutes_95_percent_are_delivered_but_not_at_once(seed: int, campaign: Campaign) -> None:
    campaign.expires_after = None
    late = counters(seed, campaign, SENT_AT + 300)
    assert late is not None
    assert late["Sent"] == campaign.reach
    assert late["Delivered"] >= 0.95 * late["Sent"]
    if campaign.reach >= 100:
        for second in range(2, 60, 3):
            early = counters(seed, campaign, SENT_AT + second)
            assert early is not None
            assert early["Sent"] == 0 or early["Delivered"] < 0.95 * early["Sent"]


@settings(deadline=None)
@given(campaigns(), st.floats(1, 3600))
def test_nothing_is_counted_before_the_send_or_after_a_cancel(campaign: Campaign, before: float) -> None:
    assert counters(7, campaign, SENT_AT - before) is None
    campaign.cancelled_at = SENT_AT - before
    assert counters(7, campaign, SENT_AT + before) is None


def test_expiry_ends_delivery_and_clicks_go_on(emulator: Emulator, api: Api) -> None:
    made = api.create("createCampaign", {**CAMPAIGN, "campaignExpiryTime": 0.01})  # 36 seconds
    emulator.advance(36)
    at_expiry = api.stats(made)
    emulator.advance(timedelta(days=3))
    after = api.stats(made)
    assert at_expiry is not None
    assert after is not None
    assert 0 < after["Delivered"] == at_expiry["Delivered"] < 0.95 * after["Reach"]
    assert after["Sent"] == at_expiry["Sent"]
    assert after["Clicks"] > at_expiry["Clicks"]


def test_a_campaign_with_buttons_looks_like_one(emulator: Emulator, api: Api) -> None:
    buttons = [{"text": "a", "link": "https://x.y"}, {"text": "b", "link": "https://x.y"}]
    made = api.create("createCampaign", {**CAMPAIGN, "buttons": buttons})
    emulator.advance(timedelta(days=2))
    stats = api.stats(made)
    assert stats is not None
    assert all(value > 0 for value in stats.values())
    assert emulator.stats(made) == {name.lower(): value for name, value in stats.items()}


def test_series_answer_in_their_order_and_the_last_repeats(emulator: Emulator, api: Api) -> None:
    made = api.create("createCampaign", CAMPAIGN)
    emulator.set_series(made, [None, {"sent": 10}, {"Sent": 10, "delivered": 9, "Extra": 1}])
    assert api.stats(made) is None
    assert (api.stats(made) or {})["Sent"] == 10
    for _ in range(2):
        stats = api.stats(made)
        assert stats is not None
        assert (stats["Sent"], stats["Delivered"], stats["Reach"], stats["Extra"]) == (10, 9, 0, 1)
    emulator.set_series(made, [])
    assert (api.stats(made) or {})["Reach"] == 100_000
