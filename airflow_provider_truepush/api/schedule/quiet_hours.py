"""Hours on the project's clock between which nothing is sent."""

from __future__ import annotations

from datetime import datetime, time

from airflow_provider_truepush.api import checks

_FORMAT = "%H:%M"


def read_quiet_hours(field: str, value: object) -> tuple[time, time] | None:
    """Read two times ``HH:MM``: the first quiet minute, and the first minute after; None for none.

    :param field: name used in errors.
    :param value: the two times, in a list.
    """
    if value is None:
        return None
    given = checks.items(field, value)
    if len(given) != 2 or isinstance(value, (set, frozenset)):
        checks.refuse(field, value, "must be two times such as ('22:00', '08:00')")
    begin, end = (_time(f"{field}[{i}]", item) for i, item in enumerate(given))
    if begin == end:
        checks.refuse(field, value, "must begin and end at different times")
    return begin, end


def _time(field: str, value: object) -> time:
    if isinstance(value, str):
        try:
            return datetime.strptime(value, _FORMAT).time()  # noqa: DTZ007  # a time of day has no zone
        except ValueError:
            pass
    checks.refuse(field, value, "must be a time such as '22:00'")
