"""Parts that campaigns, templates and triggers share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.api.models import parts
from tests.api.support import refused

BUTTON = ("Buy", "https://example.com/")


@pytest.mark.parametrize(
    ("check", "value", "why"),
    [
        (parts.buttons, frozenset({BUTTON}), "must be a list: the order of buttons decides"),
        (parts.buttons, [BUTTON] * 3, "at most 2 buttons, 3 given"),
        (parts.hours, timedelta(days=29), "is longer than 28 days"),
        (parts.hours, 29 * 24 * 3600, "is longer than 28 days"),
        (parts.hours, True, "must be a timedelta or a number of hours"),
        (parts.hours, float("inf"), "must be a timedelta or a number of hours"),
        (parts.hours, timedelta(0), "must be a timedelta or a number of hours"),
    ],
)
def test_what_cannot_be_sent_is_refused(check: Callable[[str, Any], object], value: Any, why: str) -> None:
    with refused("field", why=why):
        check("field", value)


@pytest.mark.parametrize(
    ("value", "hours"), [(timedelta(minutes=90), 1.5), (2, 2), (2.0, 2), (timedelta(days=28), 672)]
)
def test_an_expiry_is_in_hours(value: Any, hours: float) -> None:
    assert parts.hours("field", value) == hours
