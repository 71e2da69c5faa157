"""Hours in which nothing is sent."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from airflow_provider_truepush.api.schedule.quiet_hours import read_quiet_hours
from airflow_provider_truepush.exceptions import TruepushValidationError


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        (("22:00", "08:00"), (time(22), time(8))),
        (["00:00", "23:59"], (time(0), time(23, 59))),
        (None, None),
    ],
)
def test_two_times_are_read(value: Any, hours: object) -> None:
    assert read_quiet_hours("quiet_hours", value) == hours


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("22:00", "must be a list"),
        (22, "must be a list"),
        ((), "must be two times"),
        (("22:00",), "must be two times"),
        (("22:00", "08:00", "09:00"), "must be two times"),
        ({"22:00", "08:00"}, "must be two times"),
        (("22:00", "22:00"), "must begin and end at different times"),
        (("22", "08:00"), "must be a time such as '22:00'"),
        (("24:00", "08:00"), "must be a time such as '22:00'"),
        ((22, 8), "must be a time such as '22:00'"),
        (("22:00", None), "must be a time such as '22:00'"),
        (("22:00 ", "08:00"), "must be a time such as '22:00'"),
    ],
)
def test_anything_else_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(TruepushValidationError, match=reason):
        read_quiet_hours("quiet_hours", value)
