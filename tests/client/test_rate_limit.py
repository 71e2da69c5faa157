"""The rate limiter spaces requests evenly, and slows down and recovers as asked."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.client.rate_limit import _MADE_UP, USED, RateLimiter
from tests.api.support import quick

gaps = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.3), st.floats(0, 30)), min_size=1, max_size=120)
rates = st.one_of(st.sampled_from([0.5, 1, 2, 3, 7, 10, 50]), st.floats(0.1, 100))


def moments(rate_limiter: RateLimiter, pauses: list[float], start: float = 1000.0) -> list[float]:
    """When those who ask one after another, with these pauses between, may start."""
    now, starts = start, []
    for pause in pauses:
        now += pause
        starts.append(now + rate_limiter.reserve(now))
    return starts


@quick
@given(rates, gaps)
def test_no_second_has_more_than_the_rate_and_one(per_second: float, pauses: list[float]) -> None:
    starts = moments(RateLimiter(per_second), pauses)
    for first in starts:
        within = [at for at in starts if first <= at <= first + 1 - 1e-9]
        assert len(within) <= per_second + 1


@quick
@given(rates, gaps)
def test_starts_are_spaced_in_the_order_of_the_calls(per_second: float, pauses: list[float]) -> None:
    starts = moments(RateLimiter(per_second), pauses)
    for earlier, later in pairwise(starts):
        assert later - earlier >= 1 / per_second - 1e-9


@quick
@given(rates, gaps)
def test_no_wait_is_longer_than_the_queue(per_second: float, pauses: list[float]) -> None:
    """The rate is used up: each starts as soon as it asks, or one interval after the one before."""
    starts = moments(RateLimiter(per_second), pauses)
    now, free = 1000.0, 0.0
    for pause, start in zip(pauses, starts, strict=True):
        now += pause
        assert start == pytest.approx(max(now, free))
        free = start + 1 / per_second


def test_a_burst_is_spread_evenly() -> None:
    rate_limiter = RateLimiter(4)
    assert [rate_limiter.reserve(10.0) for _ in range(5)] == [0, 0.25, 0.5, 0.75, 1.0]
    assert rate_limiter.reserve(11.0) == 0.25
    assert rate_limiter.reserve(20.0) == 0


@quick
@given(gaps)
def test_there_is_no_wait_without_a_limit(pauses: list[float]) -> None:
    rate_limiter, now = RateLimiter(None), 5.0
    for pause in pauses:
        now += pause
        assert rate_limiter.reserve(now) == 0


@pytest.mark.parametrize(("per_second", "waits"), [(None, [7, 7, 7]), (2, [7, 7.5, 8])])
def test_all_wait_for_the_end_of_a_cooldown(per_second: float | None, waits: list[float]) -> None:
    rate_limiter = RateLimiter(per_second)
    assert rate_limiter.reserve(100) == 0
    rate_limiter.cool_down(107)
    assert [rate_limiter.reserve(100) for _ in range(3)] == waits


def test_a_clock_that_begins_at_zero() -> None:
    assert moments(RateLimiter(2), [0.0, 0.0, 0.0], start=0.0) == [0, 0.5, 1]


def test_a_cooldown_is_never_shortened() -> None:
    rate_limiter = RateLimiter(1)
    rate_limiter.cool_down(50)
    rate_limiter.cool_down(20)
    assert rate_limiter.reserve(10) == 40
    rate_limiter.cool_down(30)
    assert rate_limiter.reserve(10) == 41
    assert rate_limiter.reserve(60) == 0


def asking(rate_limiter: RateLimiter, seconds: float, start: float, wanted: float) -> list[float]:
    """The moments given to one who asks that often per second, each time after having had its turn."""
    now, given = start, []
    while now < start + seconds:
        now += rate_limiter.reserve(now)
        given.append(now)
        now += 1 / wanted
    return given


@pytest.mark.parametrize("per_second", [None, 300])
def test_the_rate_is_halved_after_a_429_and_recovers(per_second: float | None) -> None:
    rate_limiter = RateLimiter(per_second)
    asking(rate_limiter, 5, 100.0, wanted=200)
    assert rate_limiter.free is (per_second is None)
    rate_limiter.slow_down(105.0, 107.0)
    assert not rate_limiter.free
    later = asking(rate_limiter, 60, 105.0, wanted=200)
    assert later[0] >= 107
    by_second = [sum(second <= at < second + 1 for at in later) for second in (107, 110, 120, 160)]
    assert by_second[0] <= 120  # half of what went out before, and what has come back of it since
    assert by_second == sorted(by_second)
    assert by_second[-1] >= 180
    assert rate_limiter.free is (per_second is None)


def test_several_429s_of_one_burst_halve_the_rate_once() -> None:
    rate_limiter = RateLimiter(None)
    asking(rate_limiter, 5, 100.0, wanted=400)
    for late in range(20):
        rate_limiter.slow_down(105.0 + late / 100, 106.0 + late / 100)
    later = asking(rate_limiter, 3, 105.2, wanted=1000)
    assert later[0] == pytest.approx(106.19)
    # Halved once, not twenty times.
    assert sum(at < 107.19 for at in later) >= 150


def test_a_slow_caller_is_not_slowed_below_its_rate() -> None:
    rate_limiter = RateLimiter(None)
    asking(rate_limiter, 100, 0.0, wanted=0.1)
    rate_limiter.slow_down(100.0, 101.0)
    assert rate_limiter.reserve(101.0) == 0
    assert rate_limiter.reserve(101.0) <= 0.1


def test_a_late_start_keeps_the_distance_to_the_next() -> None:
    rate_limiter = RateLimiter(10)
    assert rate_limiter.reserve(100.0) == 0
    assert rate_limiter.reserve(100.0) == pytest.approx(0.1)
    rate_limiter.start(100.101)  # by a millisecond: made up for
    assert rate_limiter.reserve(100.101) == pytest.approx(0.099)
    rate_limiter.start(100.7)
    assert rate_limiter.reserve(100.7) == pytest.approx(0.1 - _MADE_UP)


@quick
@given(st.integers(1, 60), st.lists(st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 2)), max_size=150))
def test_late_starts_never_exceed_the_limit_of_a_second(allowed: int, late: list[float]) -> None:
    rate_limiter, now, left = RateLimiter(USED * allowed), 1000.0, []
    for by in late:
        if wait := rate_limiter.reserve(now):
            now += wait + by
            rate_limiter.start(now)
        left.append(now)
    for first in left:
        assert len([at for at in left if first <= at <= first + 1 + _MADE_UP - 1e-6]) <= allowed


def test_urgent_requests_pass_a_cooldown_at_the_same_rate() -> None:
    rate_limiter = RateLimiter(2)
    assert rate_limiter.reserve(100) == 0
    rate_limiter.cool_down(107)
    assert rate_limiter.reserve(100) == 7  # somebody sleeps until then
    assert [rate_limiter.reserve(100.1, urgent=True) for _ in range(3)] == pytest.approx([0.4, 0.9, 1.4])
    # Close to the end there is the one who sleeps, and who comes after it.
    assert rate_limiter.reserve(106.8, urgent=True) == pytest.approx(0.7)
    assert rate_limiter.reserve(106.8) == pytest.approx(1.2)
    assert rate_limiter.cooldown_left(106.8) == pytest.approx(0.2)
    assert rate_limiter.cooldown_left(108) == 0


def test_a_changed_rate_continues_after_the_reserved_moments() -> None:
    rate_limiter = RateLimiter(0.1)
    assert rate_limiter.reserve(100) == 0
    rate_limiter.change(10)
    assert rate_limiter.reserve(100) == pytest.approx(0.1)
    rate_limiter.change(1)
    assert rate_limiter.reserve(100) == pytest.approx(1.1)
    rate_limiter.cool_down(150)
    rate_limiter.change(None)
    assert rate_limiter.reserve(101) == 49
    rate_limiter.change(2)
    assert [rate_limiter.reserve(150), rate_limiter.reserve(150)] == [0.5, 1]


def test_the_rate_recovers_from_the_requested_moment() -> None:
    """Who waits a minute at the most finds half the rate, and not all of it, when the hour that was asked for is up."""
    rate_limiter = RateLimiter(None)
    asking(rate_limiter, 5, 100.0, wanted=200)
    rate_limiter.slow_down(105.0, 165.0, 3705.0)
    assert asking(rate_limiter, 1, 165.0, wanted=1000)[0] == 165
    assert len(asking(rate_limiter, 1, 3705.0, wanted=1000)) <= 120
    assert rate_limiter.limited
