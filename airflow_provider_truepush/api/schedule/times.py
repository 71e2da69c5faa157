"""Moments on the project's wall clock.

Truepush accepts dates and times without a zone and reads them in the zone of the project. Its API does not return that
zone, so the connection's ``timezone`` must name it. Without it, no time can be sent safely.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from airflow_provider_truepush.api.checks.values import refuse

DATE_FORMAT = "%d-%m-%Y"
TIME_FORMAT = "%H:%M"

_OFFSET = re.compile(r"[T ].*[+-](?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?$", re.ASCII)
#: In hours.
_LARGEST_OFFSET = 23
#: Within these, no conversion between zones leaves the range of datetime.
_FIRST_YEAR, _LAST_YEAR = 1000, 9998


def moment(field: str, value: object) -> datetime:
    """Read a datetime, or a string in ISO 8601 as templates render it; the zone may be missing.

    :param field: name used in errors.
    :param value: a datetime or a string such as ``2026-12-01T09:00:00+01:00``.
    """
    if isinstance(value, datetime):
        return _convertible(field, value)
    if isinstance(value, str):
        written = value.strip()
        read: object = None
        import pendulum  # imported here, because it would slow down every parse of a Dag file

        if written != "now":  # pendulum would return the present moment
            with suppress(TypeError, ValueError):  # TypeError for `12:`
                read = pendulum.parse(written, tz=None, exact=True)
        # Pendulum reads offsets that no time zone has, such as +00:99, and some that raise when they are used.
        offset = _OFFSET.search(written)
        if isinstance(read, datetime) and (offset is None or _is_offset(offset)):
            return _convertible(field, read)
    refuse(field, value, "must be a datetime or a string in ISO 8601 with date and time")


def _is_offset(written: re.Match[str]) -> bool:
    return int(written["hours"]) <= _LARGEST_OFFSET and int(written["minutes"] or 0) < 60


def _convertible(field: str, value: datetime) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        refuse(field, value.isoformat(), f"must be in a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return value


def wall_clock(field: str, value: datetime, zone: tzinfo | None) -> datetime:
    """Put a moment on the wall clock of the project, at the next full minute.

    A naive datetime is taken as the project's wall clock already; an aware one is converted.

    :param field: name used in errors.
    :param value: the moment.
    :param zone: the project's zone; None is refused, whatever the value.
    :raises TruepushValidationError: without a zone, or for a time that the zone skips or has twice.
    """
    if zone is None:
        refuse(
            field,
            value.isoformat(),
            "needs the time zone of the Truepush project, which the connection does not name: "
            "set its extra `timezone`, such as Europe/Berlin",
        )
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        refuse(field, value.isoformat(), f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    value = _plain(value)
    if value.tzinfo is None or value.utcoffset() is None:
        local = value.replace(tzinfo=zone, fold=0)
        if _back_and_forth(local) != local.replace(tzinfo=None):
            refuse(field, value.isoformat(), f"does not exist in {zone}: the clock skips it", "Choose another time")
    else:
        local = value.astimezone(zone)
    if local.second or local.microsecond:
        local = local.replace(second=0, microsecond=0)
        # One minute later on the time line, not on the clock face: the clock may change in between.
        local = (local.astimezone(UTC) + timedelta(minutes=1)).astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        refuse(
            field,
            value.isoformat(),
            f"occurs twice in {zone}, because the clock is set back, and the API cannot say which one is meant",
            "Choose another time",
        )
    return local


def _plain(value: datetime) -> datetime:
    """Return a plain datetime. Pendulum's would silently move a time that the clock skips."""
    return datetime(
        value.year,
        value.month,
        value.day,
        value.hour,
        value.minute,
        value.second,
        value.microsecond,
        value.tzinfo,
        fold=value.fold,
    )


def _back_and_forth(local: datetime) -> datetime:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None)


def future(field: str, local: datetime, now: datetime) -> datetime:
    """Refuse a moment in the past.

    :param local: an aware datetime.
    :param now: the present moment, aware.
    """
    if local <= now:
        refuse(field, local.isoformat(), f"is in the past (it is {now.isoformat(timespec='seconds')})")
    return local


def as_timings(local: datetime) -> dict[str, str]:
    """Return a wall-clock moment in the form that Truepush accepts."""
    return {"date": local.strftime(DATE_FORMAT), "time": local.strftime(TIME_FORMAT)}


def earliest(moments: Iterable[Any]) -> datetime | None:
    """Return the earliest of some moments; None when there is none.

    :param moments: aware datetimes; other values are ignored.
    """
    known = [moment for moment in moments if isinstance(moment, datetime) and moment.tzinfo is not None]
    return min(known).astimezone(UTC) if known else None
