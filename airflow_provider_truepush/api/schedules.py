"""When a Truepush trigger sends: the ``type`` and ``timings`` of ``createTrigger``.

All times are on the project's wall clock, to the minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from airflow_provider_truepush.api import fields, times


@dataclass(frozen=True, slots=True)
class Once:
    """Send once, the next time the project's clock shows this time.

    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time("once", self)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        return "once", _time(self)


@dataclass(frozen=True, slots=True)
class OnDates:
    """Send at each of these moments.

    :param dates: aware datetimes (converted to the connection's ``timezone``) or naive ones in that zone, or
        strings in ISO 8601; each in the future.
    """

    dates: Sequence[datetime | str]

    def __post_init__(self) -> None:
        given = fields.items("on_dates.dates", self.dates)
        if not given:
            fields.refuse("on_dates.dates", self.dates, "must not be empty")
        moments = tuple(times.moment(f"on_dates.dates[{i}]", item) for i, item in enumerate(given))
        object.__setattr__(self, "dates", moments)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        rows: list[dict[str, str]] = []
        for i, item in enumerate(self.dates):
            field = f"on_dates.dates[{i}]"
            local = times.wall_clock(field, times.moment(field, item), zone)
            row = times.as_timings(times.future(field, local, now))
            if row not in rows:  # two spellings of a minute are not two sends
                rows.append(row)
        return "multiple", {"dates": rows}


@dataclass(frozen=True, slots=True)
class Daily:
    """Send every day.

    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time("daily", self)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        return "repeated", {"sub_type": "daily", **_time(self)}


@dataclass(frozen=True, slots=True)
class Weekly:
    """Send on days of the week.

    :param week_days: 0 for Sunday to 6 for Saturday.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    week_days: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time("weekly", self)
        object.__setattr__(self, "week_days", _days("weekly.week_days", self.week_days, 0, 6))

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        return "repeated", {"sub_type": "weekly", "week_days": list(self.week_days), **_time(self)}


@dataclass(frozen=True, slots=True)
class Monthly:
    """Send on days of every month.

    :param dates: days of the month, 1 to 31.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    dates: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time("monthly", self)
        object.__setattr__(self, "dates", _days("monthly.dates", self.dates, 1, 31))

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        return "repeated", {"sub_type": "monthly", "dates": list(self.dates), **_time(self)}


@dataclass(frozen=True, slots=True)
class Yearly:
    """Send on days of some months of every year.

    :param months: 1 for January to 12 for December.
    :param dates: days of the month, 1 to 31, in each of those months.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    months: Sequence[int]
    dates: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time("yearly", self)
        object.__setattr__(self, "months", _days("yearly.months", self.months, 1, 12))
        object.__setattr__(self, "dates", _days("yearly.dates", self.dates, 1, 31))

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """The ``type`` and ``timings`` that Truepush takes."""
        days = {"months": list(self.months), "dates": list(self.dates)}
        return "repeated", {"sub_type": "yearly", **days, **_time(self)}


Schedule = Once | OnDates | Daily | Weekly | Monthly | Yearly


def _check_time(model: str, schedule: Any) -> None:
    fields.whole(f"{model}.hours", schedule.hours, 0, 23)
    fields.whole(f"{model}.minutes", schedule.minutes, 0, 59)


def _time(schedule: Any) -> dict[str, int]:
    return {"hours": schedule.hours, "minutes": schedule.minutes}


def _days(field: str, value: object, low: int, high: int) -> tuple[int, ...]:
    given = fields.items(field, value)
    if not given:
        fields.refuse(field, value, "must not be empty")
    return tuple(sorted({fields.whole(f"{field}[{i}]", day, low, high) for i, day in enumerate(given)}))
