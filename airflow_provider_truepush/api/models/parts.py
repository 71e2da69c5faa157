"""Check the parts of a notification. These are plain functions: a Dag file runs them on literals when it is parsed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.literals import is_literal

#: campaignStats counts clicks on two buttons, so a campaign has room for two.
MAX_BUTTONS = 2
#: Push services keep a message for this long at most (28 days).
_LONGEST_HOURS = 28 * 24


def hours(field: str, value: object) -> float:
    """Check an expiry and return it in hours as Truepush takes it: a whole number as an int."""
    number: float = 0
    if isinstance(value, timedelta):
        number = value.total_seconds() / 3600  # pendulum's durations cannot be divided by plain ones
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = value
    if not 0 < number < math.inf:
        checks.refuse(field, value, "must be a timedelta or a number of hours above 0")
    if number > _LONGEST_HOURS:
        remedy = "" if isinstance(value, timedelta) else "Numbers are hours; for seconds use timedelta(seconds=...)"
        checks.refuse(field, value, "is longer than 28 days, the most that push services accept", remedy)
    return int(number) if number == int(number) else number


def optional_url(field: str, value: object) -> None:
    """Check an address that may be None."""
    if value is not None:
        checks.url(field, value)


def optional_flag(field: str, value: object) -> None:
    """Check a bool that may be None."""
    if value is not None:
        checks.flag(field, value)


def tags(field: str, value: object) -> tuple[str, ...]:
    """Check labels. The labels of a set are sorted, so that every process sends the same."""
    return checks.strings(field, () if value is None else value)


def buttons(field: str, value: object) -> list[tuple[str, str]]:
    """Check at most two buttons, and return the text and the link of each."""
    given = checks.items(field, () if value is None else value)
    if isinstance(value, (set, frozenset)):
        checks.refuse(field, value, "must be a list: the order of buttons decides which counter counts their clicks")
    if len(given) > MAX_BUTTONS:
        checks.refuse(field, value, f"at most {MAX_BUTTONS} buttons, {len(given)} given")
    return [_button(f"{field}[{i}]", item) for i, item in enumerate(given)]


def _button(field: str, item: Any) -> tuple[str, str]:
    if not isinstance(item, Mapping):
        from airflow_provider_truepush.api.models.button import Button

        if not isinstance(item, Button):
            checks.refuse(field, item, "must be a Button or a mapping with text and link")
        item = {"text": item.text, "link": item.link}
    checks.reject_unknown(field, item, ("text", "link"))
    return checks.text(f"{field}.text", item.get("text")), checks.url(f"{field}.link", item.get("link"))


def literal_tags(field: str, value: object) -> None:
    """Check the labels that are final, among templates and XComs."""
    for i, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if is_literal(item):
            checks.text(f"{field}[{i}]", item)


def literal_buttons(field: str, value: object) -> None:
    """Check the names and the parts of buttons that are final, among templates and XComs."""
    given = value if isinstance(value, (list, tuple)) else ()
    if len(given) > MAX_BUTTONS:
        checks.refuse(field, value, f"at most {MAX_BUTTONS} buttons, {len(given)} given")
    for i, item in enumerate(given):
        if is_literal(item):
            _button(f"{field}[{i}]", item)
        elif isinstance(item, Mapping) and all(map(is_literal, item)):
            checks.reject_unknown(f"{field}[{i}]", item, ("text", "link"))
            for name, check in (("text", checks.text), ("link", checks.url)):
                if is_literal(item.get(name)):
                    check(f"{field}[{i}].{name}", item.get(name))
