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


def trigger(expression: str) -> Any:
    from airflow.timetables.trigger import CronTriggerTimetable

    return CronTriggerTimetable(expression, timezone="UTC")


def asset_or_time(inner: Any) -> Any:
    from airflow.providers.common.compat.sdk import Asset

    assets = [Asset("s3://shop/orders")]
    try:
        from airflow.timetables.assets import AssetOrTimeSchedule
    except ImportError:  # Airflow 2.11
        from airflow.timetables.datasets import DatasetOrTimeSchedule

        return timetable(DatasetOrTimeSchedule(timetable=inner, datasets=assets))
    return timetable(AssetOrTimeSchedule(timetable=inner, assets=assets))


@pytest.mark.parametrize(
    ("expression", "following"),
    [("0 0 * * 5", 7 * DAY), ("0 * * * *", HOUR), ("0 0 * * *", DAY)],
)
@pytest.mark.parametrize("wrapped", [1, 2])
def test_of_assets_or_time_the_time_counts(expression: str, following: timedelta, wrapped: int) -> None:
    table = trigger(expression)
    for _ in range(wrapped):
        table = SimpleNamespace(timetable=table) if wrapped > 1 else asset_or_time(table)
    assert not is_past(interval_start=END, interval_end=END, timetable=table, now=END + following - HOUR / 60)
    assert is_past(interval_start=END, interval_end=END, timetable=table, now=END + following)


def test_an_hourly_run_three_hours_late_is_past_with_assets_as_well() -> None:
    table = asset_or_time(trigger("0 * * * *"))
    assert is_past(interval_start=END, interval_end=END, timetable=table, now=END + 3 * HOUR)


def test_events_count_as_they_are_listed() -> None:
    from airflow.timetables.events import EventsTimetable

    table = timetable(EventsTimetable([END + 9 * DAY, END, END + 2 * DAY]))
    assert not is_past(interval_start=END, interval_end=END, timetable=table, now=END + 2 * DAY - HOUR)
    assert is_past(interval_start=END, interval_end=END, timetable=table, now=END + 2 * DAY)
    last = END + 9 * DAY
    assert not is_past(interval_start=last, interval_end=last, timetable=table, now=last + 400 * DAY)


def test_a_custom_timetable_is_asked_for_its_next_run() -> None:
    from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

    class Workdays(Timetable):
        """A run after each workday, as in Airflow's documentation."""

        def next_dagrun_info(
            self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
        ) -> DagRunInfo | None:
            assert last_automated_data_interval is not None
            start = last_automated_data_interval.end
            while start.weekday() >= 5:
                start += DAY
            return DagRunInfo.interval(start=start, end=start + DAY)

    saturday = datetime(2026, 11, 21, tzinfo=UTC)  # the end of Friday's interval; Monday's ends on Tuesday
    for now, expected in ((saturday + 2 * DAY, False), (saturday + 3 * DAY, True)):
        given = {"interval_start": saturday - DAY, "interval_end": saturday, "timetable": Workdays()}
        assert is_past(**given, now=now) is expected


def test_a_timetable_that_fails_is_estimated() -> None:
    class Broken:
        def next_dagrun_info(self, **_: Any) -> None:
            raise KeyError("holidays")

    assert not past(DAY - HOUR, SimpleNamespace(next_dagrun_info=Broken().next_dagrun_info), HOUR)
    assert past(DAY, SimpleNamespace(next_dagrun_info=Broken().next_dagrun_info), HOUR)
