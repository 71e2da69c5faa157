"""Hours on the project's clock between which nothing is sent."""

from __future__ import annotations

import re
from datetime import time

from airflow_provider_truepush.api.checks import values as checks

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5]?[0-9])")


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
    written = _TIME.fullmatch(value) if isinstance(value, str) else None
    if written is None:
        checks.refuse(field, value, "must be a time such as '22:00'")
    return time(int(written[1]), int(written[2]))
