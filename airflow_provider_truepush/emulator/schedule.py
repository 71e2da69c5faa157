"""Compute when a trigger fires, from its ``type`` and ``timings`` on the wall clock of the project."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

# 29 February may be eight years away, around a year such as 2100.
_HORIZON = timedelta(days=366 * 8 + 2)


def next_fire(kind: str, timings: dict[str, Any], zone: ZoneInfo, after: float) -> float | None:
    """Return when a schedule fires next after a moment, in seconds since the epoch; None when it does not.

    A time that the zone skips fires when the clock has moved on (02:30 becomes 03:30); one that it has twice
    fires once, the first time.

    :param kind: ``once``, ``multiple`` or ``repeated``.
    :param timings: as ``createTrigger`` takes them.
    :param zone: the project's.
    :param after: seconds since the epoch.
    """
    if kind == "multiple":
        moments = (wall_moment(row["date"], row["time"], zone) for row in timings["dates"])
        return min((moment for moment in moments if moment > after), default=None)
    today = datetime.fromtimestamp(after, zone).date()
    for day in _days(timings if kind == "repeated" else {"sub_type": "daily"}, today):
        at = datetime(day.year, day.month, day.day, timings["hours"], timings["minutes"], tzinfo=zone)
        moment = at.timestamp()
        if moment > after:
            return moment
    return None


def wall_moment(day: str, time: str, zone: ZoneInfo) -> float:
    """Return a date and a time of the wall clock as seconds since the epoch.

    :param day: ``dd-mm-yyyy`` or ``dd/mm/yyyy``.
    :param time: ``HH:MM``.
    :raises ValueError: when there is no such date or time.
    """
    dd, mm, yyyy = (int(part) for part in day.replace("/", "-").split("-"))
    hours, minutes = (int(part) for part in time.split(":"))
    return datetime(yyyy, mm, dd, hours, minutes, tzinfo=zone).timestamp()


def _days(timings: dict[str, Any], first: date) -> Iterator[date]:
    """Yield the days of a repeated schedule, from a day on."""
    kind = timings["sub_type"]
    # Truepush counts the week from Sunday as 0, Python's isoweekday from Monday as 1 to Sunday as 7.
    week_days = {day % 7 for day in timings.get("week_days", ())}
    dates, months = set(timings.get("dates", ())), set(timings.get("months", ()))
    # A day before, since a skipped time may fire on the other side of midnight.
    day = first - timedelta(days=1)
    while day - first < _HORIZON:
        if kind == "yearly" and day.month not in months:
            day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            continue
        if (
            kind == "daily"
            or (kind == "weekly" and day.isoweekday() % 7 in week_days)
            or (kind in ("monthly", "yearly") and day.day in dates)
        ):
            yield day
        day += timedelta(days=1)
