"""Whether a run is about the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.transfers.interval import is_past

END = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def timetable(schedule: Any, **given: Any) -> Any:
    return DAG("d", schedule=schedule, start_date=datetime(2026, 1, 1, tzinfo=UTC), **given).timetable


def past(after: timedelta, schedule: Any, length: timedelta = timedelta(0)) -> bool:
    table = schedule if isinstance(schedule, SimpleNamespace) else timetable(schedule)
    return is_past(interval_start=END - length, interval_end=END, timetable=table, now=END + after)


@pytest.mark.parametrize(
    ("schedule", "length", "following"),
    [
        ("@daily", timedelta(0), DAY),  # of Airflow 3: no interval to speak of
        ("0 0 * * *", DAY, DAY),
        ("0 * * * *", timedelta(0), HOUR),
        ("0 0 * * 1-5", timedelta(0), 3 * DAY),  # a Friday
        ("@monthly", timedelta(days=31), 11 * DAY),
        (timedelta(hours=6), timedelta(hours=6), timedelta(hours=6)),
        (SimpleNamespace(), timedelta(days=7), timedelta(days=7)),  # a timetable of the user's
        (SimpleNamespace(), timedelta(minutes=5), DAY),
    ],
)
def test_a_run_is_past_when_the_next_interval_has_ended(schedule: Any, length: timedelta, following: timedelta) -> None:
    assert not past(timedelta(0), schedule, length)
    assert not past(following - timedelta(seconds=1), schedule, length)
    assert past(following, schedule, length)


def test_a_schedule_without_a_next_run_has_no_past() -> None:
    for schedule in (None, "@once", "@continuous"):
        given = {"max_active_runs": 1} if schedule == "@continuous" else {}
        table = timetable(schedule, **given)
        assert not is_past(interval_start=END, interval_end=END, timetable=table, now=END + 400 * DAY)
    assert not is_past(interval_start=None, interval_end=None, timetable=None, now=END)


def test_cron_counts_in_the_dags_time_zone() -> None:
    berlin = SimpleNamespace(expression="0 1 * * *", timezone=ZoneInfo("Europe/Berlin"))
    end = datetime(2026, 3, 28, 0, 0, tzinfo=UTC)  # 01:00; the next night the clocks go forward at 02:00
    for hours, expected in ((23, False), (24, True)):
        now = end + timedelta(hours=hours)
        assert is_past(interval_start=end, interval_end=end, timetable=berlin, now=now) is expected


def test_of_several_expressions_the_next_counts() -> None:
    several = SimpleNamespace(timetables=[timetable("0 0 * * *"), timetable("0 12 * * *")])
    assert not past(timedelta(hours=11), several)
    assert past(timedelta(hours=12), several)
