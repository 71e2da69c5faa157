"""Parts that campaigns, templates and triggers share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.api.models import parts
from airflow_provider_truepush.exceptions import TruepushValidationError
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


TEMPLATE = "{{ params.x }}"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (parts.literal_tags, TEMPLATE),
        (parts.literal_tags, ["spring", TEMPLATE]),
        (parts.literal_buttons, TEMPLATE),
        (parts.literal_buttons, [TEMPLATE]),
        (
            parts.literal_buttons,
            [{"text": TEMPLATE, "link": "https://example.com/"}, {"text": "Buy", "link": TEMPLATE}],
        ),
        (parts.literal_buttons, [{TEMPLATE: "Buy"}]),
    ],
)
def test_what_is_final_beside_templates_is_accepted(check: Callable[[str, object], None], value: object) -> None:
    check("it", value)


@pytest.mark.parametrize(
    ("check", "value", "why"),
    [
        (parts.literal_tags, [TEMPLATE, 5], r"^it\[1\]: must be a string"),
        (parts.literal_buttons, [TEMPLATE] * 3, "at most 2 buttons, 3 given"),
        (parts.literal_buttons, [TEMPLATE, 5], r"^it\[1\]: must be a Button or a mapping"),
        (parts.literal_buttons, [{"text": TEMPLATE, "url": "https://example.com/"}], "url"),
        (parts.literal_buttons, [{"text": TEMPLATE, "link": "example"}], r"^it\[0\]\.link: must be an http or https"),
        (parts.literal_buttons, [{"text": 5, "link": TEMPLATE}], r"^it\[0\]\.text: must be a string"),
    ],
)
def test_what_is_final_beside_templates_is_checked(
    check: Callable[[str, object], None], value: object, why: str
) -> None:
    with pytest.raises(TruepushValidationError, match=why):
        check("it", value)
