"""Whether a Dag run is about the past: counters can only be had as of now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

#: Where a timetable does not tell when its next interval ends, a run is of the past after its interval's length, but
#: not before this.
_SHORTEST_UNKNOWN = timedelta(days=1)


def is_past(
    *,
    interval_start: datetime | None,
    interval_end: datetime | None,
    timetable: Any,
    now: datetime,
) -> bool:
    """Whether a later interval has ended since this run's: today's counters belong to that one, or a still later.

    :param interval_start: of the run's data interval.
    :param interval_end: of the run's data interval; None for a run without one, which is about now.
    :param timetable: the Dag's.
    :param now: an aware datetime.
    """
    if interval_end is None:
        return False
    following = next_end(timetable, interval_start, interval_end)
    return following is not None and now >= following


def next_end(timetable: Any, interval_start: datetime | None, interval_end: datetime) -> datetime | None:
    """When the interval after one ends; None when no other follows.

    Cron expressions and time deltas are counted on, for Airflow's own timetables. For others the following interval
    is taken to be as long as this one, and at least a day.
    """
    if type(timetable).__name__ in ("NullTimetable", "OnceTimetable", "ContinuousTimetable"):
        return None
    several = _of(timetable, "timetables")
    if isinstance(several, (list, tuple)) and several:
        ends = [next_end(one, interval_start, interval_end) for one in several]
        return min((end for end in ends if end is not None), default=None)
    expression = _of(timetable, "expression")
    if isinstance(expression, str):
        return _after(expression, _of(timetable, "timezone"), interval_end)
    delta = _of(timetable, "delta")
    if delta is not None:
        following: datetime = interval_end + delta
        return following
    length = interval_end - interval_start if interval_start else timedelta()
    return interval_end + max(length, _SHORTEST_UNKNOWN)


def _of(timetable: Any, name: str) -> Any:
    """An attribute, which Airflow's server-side timetables keep with an underscore."""
    return getattr(timetable, name, None) or getattr(timetable, f"_{name}", None)


def _after(expression: str, zone: Any, moment: datetime) -> datetime:
    from croniter import croniter  # type: ignore[import-untyped]  # Airflow reads schedules with it

    if isinstance(zone, str):
        from zoneinfo import ZoneInfo

        zone = ZoneInfo(zone)
    local = moment.astimezone(zone or UTC)
    following: datetime = croniter(expression, local).get_next(datetime)
    return following
