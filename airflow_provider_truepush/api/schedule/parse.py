"""The forms in which a schedule can be given: an object, a mapping, a cron expression, or Truepush's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields as dataclass_fields
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, get_args

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.literals import is_literal
from airflow_provider_truepush.api.checks.near_matches import near_matches
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.api.schedule.cron import read_cron
from airflow_provider_truepush.api.schedule.schedules import Once, OnDates, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: dict[str, Any] = {kind.kind: kind for kind in get_args(Schedule)}
_ACCEPTED = (
    "must be one of " + ", ".join(kind.__name__ for kind in KINDS.values()) + ", a mapping such as "
    '{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}, or a cron expression'
)
#: Values of the required fields in the advice for a class.
_EXAMPLES: dict[Any, str] = {
    "hours": "9",
    "week_days": "[1]",
    "dates": "[1]",
    "months": "[1]",
    ("OnDates", "dates"): "['2030-01-31T09:00']",
}
_LISTS = ("week_days", "months", "dates")
_DATE = re.compile(r"(\d{2})[-/](\d{2})[-/](\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{2}):(\d{2})", re.ASCII)


def read_schedule(field: str, given: object) -> Schedule:
    """Read a schedule in any of its forms.

    The mapping has one key, the schedule's name in lower case, ``once, on_dates, daily, weekly, monthly, yearly``;
    its value has the fields: ``{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}``. Truepush's own
    ``{"type": ..., "timings": ...}`` is accepted as well. In both, numbers may be text, because templates render text.

    :param field: name used in errors.
    :param given: a schedule, a mapping, the same mapping written as JSON or Python, or a cron expression.
    """
    if isinstance(given, Schedule):
        return given
    _refuse_class(field, given)
    if isinstance(given, str):
        if not given.lstrip().startswith("{"):
            return read_cron(field, given)
        given = templated.mapping(field, given)
    if not isinstance(given, Mapping):
        checks.refuse(field, given, _ACCEPTED)
    with _within(field):
        if set(given) == {"type", "timings"}:
            return from_timings(given["type"], given["timings"])
        name = _kind(given)
        return _read(name, given[name])  # type: ignore[no-any-return]


def check_names(field: str, given: object) -> None:
    """Check the names in a mapping whose values are templates or XComs, which are checked when the task runs.

    :param field: name used in errors.
    :param given: the schedule; other forms than a mapping pass.
    """
    _refuse_class(field, given)
    if not isinstance(given, Mapping) or set(given) == {"type", "timings"} or not all(map(is_literal, given)):
        return
    with _within(field):
        name = _kind(given)
        fields = given[name]
        if isinstance(fields, Mapping) and all(map(is_literal, fields)):
            _check_fields(name, fields)


def _refuse_class(field: str, given: object) -> None:
    """Refuse a class such as ``Daily``. Airflow calls what is callable when it renders, so it is not final."""
    if isinstance(given, type) and given in KINDS.values():
        name = getattr(given, "__name__", "")
        needed = [one.name for one in dataclass_fields(KINDS[getattr(given, "kind", "")]) if one.default is MISSING]
        example = ", ".join(f"{one}={_EXAMPLES.get((name, one), _EXAMPLES.get(one))}" for one in needed)
        checks.refuse(field, given, "is a class, not a schedule", f"Write {name}({example})")


def _kind(given: Mapping[Any, Any]) -> str:
    (name,) = given if len(given) == 1 else (None,)
    if not isinstance(name, str) or name not in KINDS:
        near = near_matches(name, KINDS) if isinstance(name, str) else []
        remedy = f"Did you mean {near[0]}" if near else ""
        checks.refuse("its one key", list(given), f"must be one of {', '.join(KINDS)}", remedy)
    return name


def from_timings(kind: str, timings: Mapping[str, Any], zone: tzinfo | None = None) -> Schedule:
    """Read the ``type`` and ``timings`` of ``createTrigger``: the reverse of a schedule's ``timings``.

    :param kind: ``once``, ``multiple`` or ``repeated``.
    :param timings: as Truepush takes them.
    :param zone: the project's, to get aware datetimes; without it the dates stay on the project's wall clock.
    """
    if not isinstance(timings, Mapping):
        checks.refuse("timings", timings, "must be a mapping")
    if kind == "once":
        return _read(Once.kind, timings)  # type: ignore[no-any-return]
    if kind == "multiple":
        checks.reject_unknown("timings", timings, ("dates",))
        rows = checks.items("timings.dates", timings.get("dates"))
        return OnDates([_moment(f"timings.dates[{i}]", row, zone) for i, row in enumerate(rows)])
    if kind == "repeated":
        values = dict(timings)
        sub_type = values.pop("sub_type", None)
        if sub_type not in ("daily", "weekly", "monthly", "yearly"):
            checks.refuse("timings.sub_type", sub_type, "must be daily, weekly, monthly or yearly")
        return _read(sub_type, values)  # type: ignore[no-any-return]
    checks.refuse("type", kind, "must be once, multiple or repeated")


def _read(name: str, given: object) -> Any:
    kind = KINDS[name]
    if not isinstance(given, Mapping):
        checks.refuse(name, given, "must be a mapping with the fields of the schedule")
    _check_fields(name, given)
    return kind(
        **{key: _value(f"{name}.{key}", key, value, numbers=kind is not OnDates) for key, value in given.items()}
    )


def _check_fields(name: str, given: Mapping[Any, Any]) -> None:
    known = dataclass_fields(KINDS[name])
    checks.reject_unknown(name, given, [field.name for field in known])
    for field in known:
        if field.default is MISSING and field.name not in given:
            checks.refuse(f"{name}.{field.name}", None, "is required")


def _value(field: str, key: str, value: Any, *, numbers: bool) -> Any:
    if key not in _LISTS:
        return templated.whole(field, value)
    read = templated.items(field, value)
    if numbers and isinstance(read, (list, tuple)):
        return [templated.whole(f"{field}[{i}]", item) for i, item in enumerate(read)]
    return read


def _moment(field: str, row: object, zone: tzinfo | None) -> datetime:
    if not isinstance(row, Mapping):
        checks.refuse(field, row, "must be a mapping with date and time")
    checks.reject_unknown(field, row, ("date", "time"))
    date, time = row.get("date"), row.get("time")
    day = _DATE.fullmatch(date) if isinstance(date, str) else None
    clock = _TIME.fullmatch(time) if isinstance(time, str) else None
    if day is None:
        checks.refuse(f"{field}.date", date, "must be dd-mm-yyyy")
    if clock is None:
        checks.refuse(f"{field}.time", time, "must be HH:MM")
    dd, mm, yyyy = (int(part) for part in day.groups())
    try:
        return datetime(yyyy, mm, dd, int(clock[1]), int(clock[2]), tzinfo=zone)
    except ValueError:
        checks.refuse(field, f"{date} {time}", "is not a valid date and time")


@contextmanager
def _within(field: str) -> Iterator[None]:
    """Add the name of the field that holds a schedule to errors about its parts."""
    try:
        yield
    except TruepushValidationError as error:
        raise TruepushValidationError(f"{field}: {error}") from None
