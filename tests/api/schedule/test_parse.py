"""The forms of a schedule: objects, mappings, text, Truepush's own words, and the way back."""

from __future__ import annotations

import calendar
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, strategies as st

from airflow_provider_truepush.api.schedule.parse import check_names, from_timings, read_schedule
from airflow_provider_truepush.api.schedule.schedules import Skip
from airflow_provider_truepush.emulator import validation
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Daily, Monthly, Once, OnDates, Trigger, Weekly, Yearly

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
ID = "5fb8cde682a1419035c8d981"

hours, minutes = st.integers(0, 23), st.integers(0, 59)
dates = st.lists(st.integers(1, 31), min_size=1, max_size=31)


@st.composite
def yearly(draw: st.DrawFn) -> Yearly:
    months, days = draw(st.lists(st.integers(1, 12), min_size=1)), draw(dates)
    assume(min(days) <= max(calendar.monthrange(2028, month)[1] for month in months))
    return Yearly(months, days, draw(hours), draw(minutes))


repeated = st.one_of(
    st.builds(Once, hours, minutes),
    st.builds(Daily, hours, minutes),
    st.builds(Weekly, st.lists(st.integers(0, 6), min_size=1), hours, minutes),
    st.builds(Monthly, dates, hours, minutes),
    yearly(),
)
moments = st.datetimes(datetime(2026, 7, 1), datetime(2036, 1, 1)).map(lambda m: m.replace(second=0, microsecond=0))
on_dates = st.builds(OnDates, st.lists(moments, min_size=1, max_size=5, unique=True))
schedules = st.one_of(repeated, on_dates)


@given(schedules)
def test_the_json_form_reads_back_as_an_equal_schedule(schedule: Any) -> None:
    form = schedule.as_dict()
    assert read_schedule("s", form) == schedule
    assert read_schedule("s", json.loads(json.dumps(form))) == schedule
    assert read_schedule("s", json.dumps(form)) == schedule, "as a JSON filter renders it"
    assert read_schedule("s", str(form)) == schedule, "as a template renders it"


@given(schedules)
def test_truepush_words_read_back_as_an_equal_schedule(schedule: Any) -> None:
    kind, timings = schedule.timings(ZoneInfo("UTC"), NOW)
    assert from_timings(kind, timings) == schedule
    assert read_schedule("s", {"type": kind, "timings": timings}) == schedule
    body = {"name": "N", "templateId": ID, "type": kind, "timings": timings}
    validation.trigger(body, lambda _: True, lambda _: True, ZoneInfo("UTC"))


@given(schedules)
def test_a_schedule_prints_the_same_every_time(schedule: Any) -> None:
    again = [read_schedule("s", schedule.as_dict()) for _ in range(2)]
    assert repr(again[0]) == repr(again[1])
    assert " at 0x" not in repr(schedule)


def test_moments_go_through_the_zone_of_the_connection_and_back() -> None:
    schedule = OnDates(["2026-12-01T09:00:00+09:00", "2026-12-24 18:00", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)])
    kind, timings = schedule.timings(BERLIN, NOW)
    assert (kind, timings) == (
        "multiple",
        {
            "dates": [
                {"date": "01-12-2026", "time": "01:00"},
                {"date": "24-12-2026", "time": "18:00"},
                {"date": "01-07-2026", "time": "09:30"},
            ]
        },
    )
    back = from_timings(kind, timings, BERLIN)
    assert isinstance(back, OnDates)
    assert back.dates[0] == datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    assert back.timings(BERLIN, NOW) == (kind, timings)


def test_both_spellings_of_a_date_are_read() -> None:
    row = {"date": "24/12/2026", "time": "18:00"}
    assert from_timings("multiple", {"dates": [row]}) == OnDates([datetime(2026, 12, 24, 18)])


@pytest.mark.parametrize(
    ("given_form", "schedule"),
    [
        ({"daily": {"hours": "9"}}, Daily(9)),
        ({"weekly": {"week_days": "[1, 2]", "hours": "09", "minutes": " 5 "}}, Weekly([1, 2], 9, 5)),
        ({"weekly": {"week_days": ["1", "2"], "hours": 9}}, Weekly([1, 2], 9)),
        ({"on_dates": {"dates": "['2026-12-24T18:00']"}}, OnDates([datetime(2026, 12, 24, 18)])),
        (" {'daily': {'hours': 9}}", Daily(9)),
        ('{"once": {"hours": 9, "minutes": 1}}', Once(9, 1)),
        ("30 9 * * 1", Weekly([1], 9, 30)),
        ({"type": "once", "timings": {"hours": "9", "minutes": "1"}}, Once(9, 1)),
    ],
)
def test_text_in_place_of_values(given_form: Any, schedule: object) -> None:
    assert read_schedule("s", given_form) == schedule
    assert Trigger("N", ID, given_form).schedule == schedule


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (None, "must be one of Once"),
        (5, "must be one of Once"),
        (["daily"], "must be one of Once"),
        ({}, "its one key"),
        ({"hourly": {}}, "its one key"),
        ({"daily": {"hours": 9}, "weekly": {}}, "its one key"),
        ({1: {}}, "its one key"),
        ({"daily": 9}, "daily: must be a mapping"),
        ({"daily": {}}, "daily.hours: is required"),
        ({"daily": {"hours": 9, "seconds": 1}}, "daily.seconds: is not a field"),
        ({"daily": {"hours": "nine"}}, "daily.hours: must be a whole number"),
        ({"daily": {"hours": "9.0"}}, "daily.hours"),
        ({"daily": {"hours": "24"}}, "daily.hours"),
        ({"daily": {"hours": True}}, "daily.hours"),
        ({"weekly": {"week_days": "1 2", "hours": 9}}, "weekly.week_days: must be a list"),
        ({"weekly": {"week_days": ["MON"], "hours": 9}}, "weekly.week_days[0]"),
        ({"weekly": {"week_days": [7], "hours": 9}}, "weekly.week_days[0]"),
        ({"monthly": {"dates": [], "hours": 9}}, "monthly.dates"),
        ({"yearly": {"months": [2], "dates": [30], "hours": 9}}, "yearly.dates: do not exist in February"),
        ({"on_dates": {"dates": ["soon"]}}, "on_dates.dates[0]"),
        ("{'daily': ", "must be a mapping"),
        ("every day", "must have five fields"),
        ("None", "must have five fields"),
        ({"type": "daily", "timings": {}}, "type: must be once, multiple or repeated"),
        ({"type": "repeated", "timings": {"sub_type": "hourly"}}, "timings.sub_type"),
        ({"type": "repeated", "timings": {"sub_type": []}}, "timings.sub_type"),
        (
            {"type": "repeated", "timings": {"sub_type": "daily", "hours": 1, "dates": [1]}},
            "daily.dates: is not a field",
        ),
        ({"type": "once", "timings": None}, "timings: must be a mapping"),
        ({"type": "multiple", "timings": {}}, "timings.dates"),
        ({"type": "multiple", "timings": {"dates": ["01-01-2027"]}}, "timings.dates[0]: must be a mapping"),
        ({"type": "multiple", "timings": {"dates": [{"date": "2027-01-01", "time": "09:00"}]}}, "dates[0].date"),
        ({"type": "multiple", "timings": {"dates": [{"date": "01-01-2027", "time": "9:00"}]}}, "dates[0].time"),
        (
            {"type": "multiple", "timings": {"dates": [{"date": "29-02-2027", "time": "09:00"}]}},
            "is not a valid date and time",
        ),
        ({"type": "multiple", "timings": {"dates": [{"date": "01-01-2027", "time": "09:00", "zone": 1}]}}, "zone"),
    ],
)
def test_bad_forms_are_refused_by_name(bad: Any, named: str) -> None:
    with pytest.raises(TruepushValidationError) as caught:
        read_schedule("trigger.schedule", bad)
    assert str(caught.value).startswith("trigger.schedule: ")
    assert named in str(caught.value)
    assert str(caught.value).count("Nothing was sent") == 1


@pytest.mark.parametrize(
    ("schedule", "skips"),
    [
        (Once(9), ()),
        (Daily(9), ()),
        (Weekly([0], 9), ()),
        (OnDates(["2027-01-01T09:00"]), ()),
        (Monthly([1, 28], 9), ()),
        (Monthly(range(1, 32), 9), ()),
        (Monthly([29], 9), ("day 29 in February except in leap years",)),
        (
            Monthly([1, 30, 31], 9),
            ("day 30 in February", "day 31 in February, April, June, September, November"),
        ),
        (Yearly([1, 3], [31], 9), ()),
        (Yearly([2], [29], 9), ("day 29 in February except in leap years",)),
        (Yearly([2, 4], [1, 30, 31], 9), ("day 30 in February", "day 31 in February, April")),
        (Yearly([4], range(1, 32), 9), ()),
    ],
)
def test_days_that_do_not_exist_are_reported(schedule: Any, skips: tuple[str, ...]) -> None:
    assert tuple(map(str, schedule.skips())) == skips


@given(st.one_of(st.builds(Monthly, dates, hours), yearly()), st.integers(2026, 2040))
def test_the_reported_days_are_those_of_the_calendar(schedule: Any, year: int) -> None:
    assume(tuple(schedule.dates) != tuple(range(1, 32)))
    missing = {
        (month, date)
        for month in getattr(schedule, "months", range(1, 13))
        for date in schedule.dates
        if date > calendar.monthrange(year, month)[1]
    }
    told = {
        (month, skip.date)
        for skip in schedule.skips()
        for month in skip.months
        if not (skip.common_years_only and calendar.isleap(year))
    }
    assert told == missing
    assert all(isinstance(skip, Skip) for skip in schedule.skips())


@pytest.mark.parametrize(("months", "days"), [([2], [30]), ([2], [31, 30]), ([4, 6, 9, 11], [31]), ([2, 11], [31])])
def test_a_schedule_that_never_sends_is_refused(months: list[int], days: list[int]) -> None:
    with pytest.raises(TruepushValidationError, match=r"yearly\.dates: do not exist in"):
        Yearly(months, days, 9)


def test_a_moment_in_the_past_is_refused_when_it_is_sent() -> None:
    schedule = OnDates([NOW - timedelta(days=1)])
    with pytest.raises(TruepushValidationError, match=r"on_dates\.dates\[0\]"):
        schedule.timings(BERLIN, NOW)


@pytest.mark.parametrize(
    "given",
    [
        "{{ params.schedule }}",
        {"type": "once", "timings": "{{ params.timings }}"},
        {"{{ params.kind }}": {}},
        {"daily": "{{ params.fields }}"},
        {"daily": {"hours": "{{ params.hour }}"}},
    ],
)
def test_names_beside_templates_are_accepted(given: object) -> None:
    check_names("it", given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"dayly": {"hour": "{{ params.hour }}"}}, "Did you mean daily"),
        ({"daily": {"ours": "{{ params.hour }}"}}, "ours"),
    ],
)
def test_names_beside_templates_are_checked(given: object, why: str) -> None:
    with pytest.raises(TruepushValidationError, match=why):
        check_names("it", given)
