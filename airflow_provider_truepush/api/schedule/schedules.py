"""When a Truepush trigger sends: the ``type`` and ``timings`` of ``createTrigger``.

All times are on the project's wall clock, to the minute; only moments with a zone (:class:`OnDates`) are converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields as dataclass_fields
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.schedule import times

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
#: The most days of each month. :class:`Skip` reports 29 February apart, which common years do not have.
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY = 2
_EVERY_DATE = tuple(range(1, 32))


@dataclass(frozen=True, slots=True)
class Skip:
    """A day of the month that some months of a schedule do not have. Nothing is sent for it in those months.

    :param date: the day, 29 to 31.
    :param months: the months without it, 1 for January to 12 for December.
    :param common_years_only: True for 29 February, which leap years have.
    """

    date: int
    months: tuple[int, ...]
    common_years_only: bool = False

    def __str__(self) -> str:
        names = ", ".join(MONTHS[month - 1] for month in self.months)
        return f"day {self.date} in {names}{' except in leap years' if self.common_years_only else ''}"


class _Schedule(NamesArguments):
    """The base of all schedules."""

    __slots__ = ()
    #: The name in the JSON form.
    kind: ClassVar[str]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, such as ``{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}``.

        :func:`~airflow_provider_truepush.api.schedule.parse.read_schedule` reads it back into an equal schedule.
        """
        instance: Any = self
        values = {field.name: getattr(self, field.name) for field in dataclass_fields(instance)}
        return {self.kind: {name: _primitive(value) for name, value in values.items()}}

    def skips(self) -> tuple[Skip, ...]:
        """Return the days of the schedule that some months do not have; empty when all months have them."""
        return ()


@dataclass(frozen=True, slots=True)
class Once(_Schedule):
    """Send once, the next time the project's clock shows this time.

    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    kind = "once"

    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time(self)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        return "once", _time(self)


@dataclass(frozen=True, slots=True)
class OnDates(_Schedule):
    """Send at each of these moments.

    :param dates: aware datetimes (converted to the connection's ``timezone``) or naive ones in that zone, or
        strings in ISO 8601; each in the future.
    """

    kind = "on_dates"

    dates: Sequence[datetime | str]

    def __post_init__(self) -> None:
        given = checks.items("on_dates.dates", self.dates)
        if not given:
            checks.refuse("on_dates.dates", self.dates, "must not be empty")
        moments = tuple(times.moment(f"on_dates.dates[{i}]", item) for i, item in enumerate(given))
        object.__setattr__(self, "dates", moments)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        rows: list[dict[str, str]] = []
        for i, item in enumerate(self.dates):
            field = f"on_dates.dates[{i}]"
            local = times.wall_clock(field, times.moment(field, item), zone)
            row = times.as_timings(times.future(field, local, now))
            if row not in rows:  # two spellings of one minute are one send
                rows.append(row)
        return "multiple", {"dates": rows}


@dataclass(frozen=True, slots=True)
class Daily(_Schedule):
    """Send every day.

    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    kind = "daily"

    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time(self)

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        return "repeated", {"sub_type": "daily", **_time(self)}


@dataclass(frozen=True, slots=True)
class Weekly(_Schedule):
    """Send on days of the week.

    :param week_days: 0 for Sunday to 6 for Saturday.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    kind = "weekly"

    week_days: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time(self)
        object.__setattr__(self, "week_days", _days("weekly.week_days", self.week_days, 0, 6))

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        return "repeated", {"sub_type": "weekly", "week_days": list(self.week_days), **_time(self)}


@dataclass(frozen=True, slots=True)
class Monthly(_Schedule):
    """Send on days of every month. In a month without such a day nothing is sent for it; see :meth:`skips`.

    :param dates: days of the month, 1 to 31.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    kind = "monthly"

    dates: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time(self)
        object.__setattr__(self, "dates", _days("monthly.dates", self.dates, 1, 31))

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        return "repeated", {"sub_type": "monthly", "dates": list(self.dates), **_time(self)}

    def skips(self) -> tuple[Skip, ...]:
        """Return the days of the schedule that some months do not have; empty when all months have them."""
        return _skips(range(1, 13), self.dates)


@dataclass(frozen=True, slots=True)
class Yearly(_Schedule):
    """Send on days of some months of every year.

    In a month without such a day nothing is sent for it; see :meth:`skips`. A schedule that never sends is refused.

    :param months: 1 for January to 12 for December.
    :param dates: days of the month, 1 to 31, in each of those months.
    :param hours: 0 to 23.
    :param minutes: 0 to 59.
    """

    kind = "yearly"

    months: Sequence[int]
    dates: Sequence[int]
    hours: int
    minutes: int = 0

    def __post_init__(self) -> None:
        _check_time(self)
        object.__setattr__(self, "months", _days("yearly.months", self.months, 1, 12))
        object.__setattr__(self, "dates", _days("yearly.dates", self.dates, 1, 31))
        if min(self.dates) > max(_LONGEST[month - 1] for month in self.months):
            names = ", ".join(MONTHS[month - 1] for month in self.months)
            checks.refuse("yearly.dates", list(self.dates), f"do not exist in {names}")

    def timings(self, zone: tzinfo | None, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the ``type`` and ``timings`` that Truepush accepts."""
        days = {"months": list(self.months), "dates": list(self.dates)}
        return "repeated", {"sub_type": "yearly", **days, **_time(self)}

    def skips(self) -> tuple[Skip, ...]:
        """Return the days of the schedule that some months do not have; empty when all months have them."""
        return _skips(self.months, self.dates)


Schedule = Once | OnDates | Daily | Weekly | Monthly | Yearly


def _check_time(schedule: Any) -> None:
    checks.whole(f"{schedule.kind}.hours", schedule.hours, 0, 23)
    checks.whole(f"{schedule.kind}.minutes", schedule.minutes, 0, 59)


def _time(schedule: Any) -> dict[str, int]:
    return {"hours": schedule.hours, "minutes": schedule.minutes}


def _days(field: str, value: object, low: int, high: int) -> tuple[int, ...]:
    given = checks.items(field, value)
    if not given:
        checks.refuse(field, value, "must not be empty")
    return tuple(sorted({checks.whole(f"{field}[{i}]", day, low, high) for i, day in enumerate(given)}))


def _skips(months: Iterable[int], dates: Sequence[int]) -> tuple[Skip, ...]:
    if tuple(dates) == _EVERY_DATE:  # every day of the month, as with '*' in cron
        return ()
    found = []
    for date in dates:
        if without := tuple(month for month in months if _LONGEST[month - 1] < date):
            found.append(Skip(date, without))
        elif date == _LONGEST[_FEBRUARY - 1] and _FEBRUARY in months:
            found.append(Skip(date, (_FEBRUARY,), common_years_only=True))
    return tuple(found)


def _primitive(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_primitive(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value
