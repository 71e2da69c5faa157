"""Keeping a pace."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.client.rate_limit import _MADE_UP, USED, Pace
from tests.api.support import quick

gaps = st.lists(st.one_of(st.just(0.0), st.floats(0, 0.3), st.floats(0, 30)), min_size=1, max_size=120)
paces = st.one_of(st.sampled_from([0.5, 1, 2, 3, 7, 10, 50]), st.floats(0.1, 100))


def moments(pace: Pace, pauses: list[float], start: float = 1000.0) -> list[float]:
    """When those who ask one after another, with these pauses between, may start."""
    now, starts = start, []
    for pause in pauses:
        now += pause
        starts.append(now + pace.reserve(now))
    return starts


@quick
@given(paces, gaps)
def test_no_second_holds_more_than_the_pace_and_one(per_second: float, pauses: list[float]) -> None:
    starts = moments(Pace(per_second), pauses)
    for first in starts:
        within = [at for at in starts if first <= at <= first + 1 - 1e-9]
        assert len(within) <= per_second + 1


@quick
@given(paces, gaps)
def test_starts_are_spaced_and_in_the_order_of_asking(per_second: float, pauses: list[float]) -> None:
    starts = moments(Pace(per_second), pauses)
    for earlier, later in pairwise(starts):
        assert later - earlier >= 1 / per_second - 1e-9


@quick
@given(paces, gaps)
def test_nobody_waits_longer_than_the_queue(per_second: float, pauses: list[float]) -> None:
    """The pace is used up: each starts as soon as it asks, or one interval after the one before."""
    starts = moments(Pace(per_second), pauses)
    now, free = 1000.0, 0.0
    for pause, start in zip(pauses, starts, strict=True):
        now += pause
        assert start == pytest.approx(max(now, free))
        free = start + 1 / per_second


def test_a_burst() -> None:
    pace = Pace(4)
    assert [pace.reserve(10.0) for _ in range(5)] == [0, 0.25, 0.5, 0.75, 1.0]
    assert pace.reserve(11.0) == 0.25
    assert pace.reserve(20.0) == 0


@quick
@given(gaps)
def test_without_a_limit_nobody_waits(pauses: list[float]) -> None:
    pace, now = Pace(None), 5.0
    for pause in pauses:
        now += pause
        assert pace.reserve(now) == 0


@pytest.mark.parametrize(("per_second", "waits"), [(None, [7, 7, 7]), (2, [7, 7.5, 8])])
def test_told_to_slow_down_all_wait(per_second: float | None, waits: list[float]) -> None:
    pace = Pace(per_second)
    assert pace.reserve(100) == 0
    pace.hold(107)
    assert [pace.reserve(100) for _ in range(3)] == waits


def test_a_clock_that_begins_at_nothing() -> None:
    assert moments(Pace(2), [0.0, 0.0, 0.0], start=0.0) == [0, 0.5, 1]


def test_a_hold_only_lengthens() -> None:
    pace = Pace(1)
    pace.hold(50)
    pace.hold(20)
    assert pace.reserve(10) == 40
    pace.hold(30)
    assert pace.reserve(10) == 41
    assert pace.reserve(60) == 0


def asking(pace: Pace, seconds: float, start: float, wanted: float) -> list[float]:
    """The moments given to one who asks that often per second, each time after having had its turn."""
    now, given = start, []
    while now < start + seconds:
        now += pace.reserve(now)
        given.append(now)
        now += 1 / wanted
    return given


@pytest.mark.parametrize("per_second", [None, 300])
def test_after_a_429_half_the_rate_and_then_all_of_it(per_second: float | None) -> None:
    pace = Pace(per_second)
    asking(pace, 5, 100.0, wanted=200)
    assert pace.free is (per_second is None)
    pace.slow_down(105.0, 107.0)
    assert not pace.free
    later = asking(pace, 60, 105.0, wanted=200)
    assert later[0] >= 107
    by_second = [sum(second <= at < second + 1 for at in later) for second in (107, 110, 120, 160)]
    assert by_second[0] <= 120  # half of what went out before, and what has come back of it since
    assert by_second == sorted(by_second)
    assert by_second[-1] >= 180
    assert pace.free is (per_second is None)


def test_a_burst_that_is_told_together_is_told_once() -> None:
    pace = Pace(None)
    asking(pace, 5, 100.0, wanted=400)
    for late in range(20):
        pace.slow_down(105.0 + late / 100, 106.0 + late / 100)
    later = asking(pace, 3, 105.2, wanted=1000)
    assert later[0] == pytest.approx(106.19)
    # Halved once, not twenty times.
    assert sum(at < 107.19 for at in later) >= 150


def test_a_slow_caller_is_not_slowed_further() -> None:
    pace = Pace(None)
    asking(pace, 100, 0.0, wanted=0.1)
    pace.slow_down(100.0, 101.0)
    assert pace.reserve(101.0) == 0
    assert pace.reserve(101.0) <= 0.1


def test_who_starts_late_keeps_the_distance() -> None:
    pace = Pace(10)
    assert pace.reserve(100.0) == 0
    assert pace.reserve(100.0) == pytest.approx(0.1)
    pace.start(100.101)  # by a millisecond: made up for
    assert pace.reserve(100.101) == pytest.approx(0.099)
    pace.start(100.7)
    assert pace.reserve(100.7) == pytest.approx(0.1 - _MADE_UP)


@quick
@given(st.integers(1, 60), st.lists(st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 2)), max_size=150))
def test_whoever_is_late_no_second_holds_more_than_is_allowed(allowed: int, late: list[float]) -> None:
    pace, now, left = Pace(USED * allowed), 1000.0, []
    for by in late:
        if wait := pace.reserve(now):
            now += wait + by
            pace.start(now)
        left.append(now)
    for first in left:
        assert len([at for at in left if first <= at <= first + 1 + _MADE_UP - 1e-6]) <= allowed


def test_what_is_urgent_passes_a_hold_at_the_same_pace() -> None:
    pace = Pace(2)
    assert pace.reserve(100) == 0
    pace.hold(107)
    assert pace.reserve(100) == 7  # somebody sleeps until then
    assert [pace.reserve(100.1, urgent=True) for _ in range(3)] == pytest.approx([0.4, 0.9, 1.4])
    # Close to the end there is the one who sleeps, and who comes after it.
    assert pace.reserve(106.8, urgent=True) == pytest.approx(0.7)
    assert pace.reserve(106.8) == pytest.approx(1.2)
    assert pace.quiet(106.8) == pytest.approx(0.2)
    assert pace.quiet(108) == 0


def test_a_pace_that_is_changed_goes_on_from_what_was_given_out() -> None:
    pace = Pace(0.1)
    assert pace.reserve(100) == 0
    pace.change(10)
    assert pace.reserve(100) == pytest.approx(0.1)
    pace.change(1)
    assert pace.reserve(100) == pytest.approx(1.1)
    pace.hold(150)
    pace.change(None)
    assert pace.reserve(101) == 49
    pace.change(2)
    assert [pace.reserve(150), pace.reserve(150)] == [0.5, 1]


def test_the_rate_comes_back_from_the_moment_that_was_asked_for() -> None:
    """Who waits a minute at the most finds half the rate, and not all of it, when the hour that was asked for is up."""
    pace = Pace(None)
    asking(pace, 5, 100.0, wanted=200)
    pace.slow_down(105.0, 165.0, 3705.0)
    assert asking(pace, 1, 165.0, wanted=1000)[0] == 165
    assert len(asking(pace, 1, 3705.0, wanted=1000)) <= 120
    assert pace.limited
