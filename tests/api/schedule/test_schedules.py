"""Schedules: timings exactly as the reference has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.models import Daily, Monthly, Once, OnDates, Weekly, Yearly
from tests.api.support import NOW, quick, refused

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("schedule", "kind", "timings"),
    [
        (Once(9, 30), "once", {"hours": 9, "minutes": 30}),
        (Once(0), "once", {"hours": 0, "minutes": 0}),
        (Daily(23, 59), "repeated", {"sub_type": "daily", "hours": 23, "minutes": 59}),
        (
            Weekly([0, 6], 9),
            "repeated",
            {"sub_type": "weekly", "week_days": [0, 6], "hours": 9, "minutes": 0},
        ),
        (
            Monthly([1, 31], 9, 5),
            "repeated",
            {"sub_type": "monthly", "dates": [1, 31], "hours": 9, "minutes": 5},
        ),
        (
            Yearly([1, 12], [1, 31], 9, 5),
            "repeated",
            {"sub_type": "yearly", "months": [1, 12], "dates": [1, 31], "hours": 9, "minutes": 5},
        ),
    ],
)
def test_timings(schedule: Any, kind: str, timings: dict[str, Any]) -> None:
    for zone in (None, BERLIN):  # a time of day is on the project's clock already
        assert schedule.timings(zone, NOW) == (kind, timings)


def test_on_dates_as_in_the_curl_of_the_reference() -> None:
    schedule = OnDates([datetime(2021, 10, 24, 17, 50), datetime(2021, 10, 23, 17, 50)])
    assert schedule.timings(BERLIN, datetime(2021, 1, 1, tzinfo=UTC)) == (
        "multiple",
        {"dates": [{"date": "24-10-2021", "time": "17:50"}, {"date": "23-10-2021", "time": "17:50"}]},
    )


def test_on_dates_takes_every_form_and_converts() -> None:
    schedule = OnDates(["2026-12-01T09:00", "2026-12-01T09:30:00+00:00", datetime(2026, 12, 2, 9, 0, 1, tzinfo=UTC)])
    assert schedule.timings(BERLIN, NOW)[1]["dates"] == [
        {"date": "01-12-2026", "time": "09:00"},
        {"date": "01-12-2026", "time": "10:30"},
        {"date": "02-12-2026", "time": "10:01"},
    ]


def test_one_minute_is_one_send() -> None:
    schedule = OnDates(["2026-12-01T09:00", "2026-12-01T08:00:00+00:00", "2026-12-01T08:59:30", "2026-12-01T09:01"])
    assert [row["time"] for row in schedule.timings(BERLIN, NOW)[1]["dates"]] == ["09:00", "09:01"]


@pytest.mark.parametrize(
    ("dates", "field", "why"),
    [
        ([], "on_dates.dates", "must not be empty"),
        ((), "on_dates.dates", "must not be empty"),
        ("2026-12-01T09:00", "on_dates.dates", "must be a list"),
        (None, "on_dates.dates", "must be a list"),
        (datetime(2026, 12, 1), "on_dates.dates", "must be a list"),
        ([datetime(2026, 12, 1), "soon"], "on_dates.dates[1]", "must be a datetime"),
        ([None], "on_dates.dates[0]", "must be a datetime"),
    ],
)
def test_bad_dates(dates: Any, field: str, why: str) -> None:
    with refused(field, why=why):
        OnDates(dates)


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("2026-06-01T14:00:00", "is in the past"),
        ("2027-03-28T02:30:00", "does not exist in Europe/Berlin"),
        ("2026-10-25T02:30:00", "occurs twice in Europe/Berlin"),
    ],
)
def test_a_bad_date_among_good_ones_is_named(second: str, why: str) -> None:
    schedule = OnDates(["2026-12-01T09:00", second])
    with refused("on_dates.dates[1]", why=why):
        schedule.timings(BERLIN, NOW)


def test_dates_need_the_zone_of_the_project() -> None:
    with refused("on_dates.dates[0]", why="needs the time zone"):
        OnDates([datetime(2026, 12, 1, 9, tzinfo=UTC)]).timings(None, NOW)


MAKERS: dict[str, Any] = {
    "once": Once,
    "daily": Daily,
    "weekly": lambda hours, minutes: Weekly([1], hours, minutes),
    "monthly": lambda hours, minutes: Monthly([1], hours, minutes),
    "yearly": lambda hours, minutes: Yearly([1], [1], hours, minutes),
}


@pytest.mark.parametrize("name", MAKERS)
def test_bad_times(name: str) -> None:
    bad: list[Any] = [-1, True, False, 9.0, "9", None]
    for hours in [24, *bad]:
        with refused(f"{name}.hours", repr(hours), why="must be a whole number from 0 to 23"):
            MAKERS[name](hours, 0)
    for minutes in [60, *bad]:
        with refused(f"{name}.minutes", repr(minutes), why="must be a whole number from 0 to 59"):
            MAKERS[name](9, minutes)


LISTS_OF_DAYS: list[tuple[str, Any, int, int]] = [
    ("weekly.week_days", lambda days: Weekly(days, 9), 0, 6),
    ("monthly.dates", lambda days: Monthly(days, 9), 1, 31),
    ("yearly.months", lambda days: Yearly(days, [1], 9), 1, 12),
    ("yearly.dates", lambda days: Yearly([1], days, 9), 1, 31),
]


@pytest.mark.parametrize(("field", "make", "low", "high"), LISTS_OF_DAYS)
def test_bad_days(field: str, make: Any, low: int, high: int) -> None:
    for bad in (low - 1, high + 1, True, 1.0, "1", None):
        with refused(f"{field}[1]", repr(bad), why=f"must be a whole number from {low} to {high}"):
            make([low, bad])
    empties: list[Any] = [[], (), range(0)]
    for empty in empties:
        with refused(field, repr(empty), why="must not be empty"):
            make(empty)
    for no_list in (1, "1", None, {1: 2}):
        with refused(field, repr(no_list), why="must be a list"):
            make(no_list)


@pytest.mark.parametrize(("field", "make", "low", "high"), LISTS_OF_DAYS)
@quick
@given(data=st.data())
def test_days_are_sent_once_each_in_order(field: str, make: Any, low: int, high: int, data: st.DataObject) -> None:
    days = data.draw(st.lists(st.integers(low, high), min_size=1))
    _, timings = make(days).timings(None, NOW)
    assert timings[field.partition(".")[2]] == sorted(set(days))


def test_schedules_compare_by_what_they_say() -> None:
    assert Weekly([3, 1, 1], 9) == Weekly((1, 3), 9, 0)
    assert Weekly([1], 9) != Weekly([2], 9)
    assert OnDates([NOW]) == OnDates((NOW,))
    assert len({Daily(9), Daily(9, 0), Daily(9, 1), Once(9)}) == 3
    assert OnDates([NOW]) != OnDates([NOW + timedelta(minutes=1)])
