"""Decide whether a Dag run is more than one interval late: Truepush reports current counters only."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

log = logging.getLogger(__name__)

#: The minimum length that is assumed for the next interval if a timetable does not report it.
_SHORTEST_UNKNOWN = timedelta(days=1)
_WITHOUT_NEXT = ("NullTimetable", "OnceTimetable", "ContinuousTimetable")


def is_past(
    *,
    interval_start: datetime | None,
    interval_end: datetime | None,
    timetable: Any,
    now: datetime,
) -> bool:
    """Return whether the interval that follows this run's has ended as well.

    If it has, today's counters belong to that interval or to a later one.

    :param interval_start: start of the run's data interval.
    :param interval_end: end of the run's data interval; None for a run without one, which is never late.
    :param timetable: the Dag's timetable.
    :param now: an aware datetime.
    """
    if interval_end is None:
        return False
    following = next_end(timetable, interval_start, interval_end)
    return following is not None and now >= following


def next_end(timetable: Any, interval_start: datetime | None, interval_end: datetime) -> datetime | None:
    """Return when the next interval ends; None when no interval follows.

    The schedule is read from Airflow's own timetables: cron expressions, time deltas, lists of events, and the time
    part of a timetable that combines assets with time. A custom timetable is asked for its next run. If that fails, the
    next interval is assumed to be as long as this one, and at least a day.
    """
    if type(timetable).__name__ in _WITHOUT_NEXT:
        return None
    inner = _of(timetable, "timetable")
    if inner is not None and inner is not timetable:
        return next_end(inner, interval_start, interval_end)
    several = _of(timetable, "timetables")
    if isinstance(several, (list, tuple)) and several:
        ends = [next_end(one, interval_start, interval_end) for one in several]
        return min((end for end in ends if end is not None), default=None)
    dates = _of(timetable, "event_dates")
    if isinstance(dates, (list, tuple)):
        return min((date for date in dates if date > interval_end), default=None)
    expression = _of(timetable, "expression")
    if isinstance(expression, str):
        return _after(expression, _of(timetable, "timezone"), interval_end)
    delta = _of(timetable, "delta")
    if delta is not None:
        following: datetime = interval_end + delta
        return following
    if hasattr(timetable, "next_dagrun_info"):
        try:
            return _asked(timetable, interval_start, interval_end)
        except Exception as error:  # a timetable is the user's code
            log.warning(
                "The timetable %s could not report its next run (%s: %s). Its next interval is assumed to be as long "
                "as this one, and at least a day.",
                type(timetable).__name__,
                type(error).__name__,
                error,
            )
    length = interval_end - interval_start if interval_start else timedelta()
    return interval_end + max(length, _SHORTEST_UNKNOWN)


def _of(timetable: Any, name: str) -> Any:
    """Return an attribute, whose name has a leading underscore in Airflow's server-side timetables."""
    return getattr(timetable, name, None) or getattr(timetable, f"_{name}", None)


def _after(expression: str, zone: Any, moment: datetime) -> datetime:
    from croniter import croniter  # type: ignore[import-untyped]  # Airflow reads schedules with it

    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(zone)
    local = moment.astimezone(zone or UTC)
    following: datetime = croniter(expression, local).get_next(datetime)
    return following


def _asked(timetable: Any, interval_start: datetime | None, interval_end: datetime) -> datetime | None:
    """Return the end of the next interval that a custom timetable reports. It is called as the scheduler calls it."""
    import pendulum
    from airflow.timetables.base import DataInterval, TimeRestriction

    interval = DataInterval(pendulum.instance(interval_start or interval_end), pendulum.instance(interval_end))
    # With catchup a timetable returns the next run instead of the latest one.
    every_run = TimeRestriction(earliest=None, latest=None, catchup=True)
    info = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=every_run)
    if info is None:
        return None
    following: datetime = info.data_interval.end if info.data_interval is not None else info.run_after
    return following
