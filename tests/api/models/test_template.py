"""Templates: what is refused, and what exactly goes out."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.models import Button, Template
from tests.api.support import refused, without

LEAST: dict[str, Any] = {"name": "N", "title": "T", "message": "M", "link": "https://example.com"}


def test_the_least() -> None:
    assert Template(**LEAST).payload() == LEAST


def test_everything() -> None:
    template = Template(
        **LEAST,
        buttons=[Button("Buy", "https://example.com/buy")],
        tags=["one"],
        user_interaction=False,
        image="https://example.com/i.png",
        icon="https://example.com/c.png",
    )
    assert template.payload() == {
        **LEAST,
        "buttons": [{"text": "Buy", "link": "https://example.com/buy"}],
        "tags": ["one"],
        "userInteractionRequired": False,  # a campaign's is called userInteraction
        "image": "https://example.com/i.png",
        "icon": "https://example.com/c.png",
    }


@pytest.mark.parametrize("name", LEAST)
def test_required(name: str) -> None:
    with refused(f"template.{name}", "None"):
        Template.read(without(LEAST, name))
    for empty in ("", "  "):
        with refused(f"template.{name}", repr(empty)):
            Template.read({**LEAST, name: empty})
        with refused(f"template.{name}", repr(empty)):
            Template(**{**LEAST, name: empty})


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("link", {"link": "example.com"}, "'example.com'"),
        ("image", {"image": "x"}, "'x'"),
        ("icon", {"icon": 5}, "5"),
        ("user_interaction", {"user_interaction": "true"}, "'true'"),
        ("tags[0]", {"tags": [None]}, "None"),
        ("buttons[0].link", {"buttons": [{"text": "Buy"}]}, "None"),
        ("buttons", {"buttons": [{"text": "Buy", "link": "https://example.com"}] * 3}, "[{'text'"),
        ("segment_id", {"segment_id": "x"}, "'x'"),
        ("send_at", {"send_at": "2026-12-01T09:00"}, "'2026-12-01T09:00'"),
    ],
)
def test_bad_values(field: str, given: dict[str, Any], shown: str) -> None:
    with refused(f"template.{field}", shown):
        Template.read({**LEAST, **given})


@pytest.mark.parametrize("given", [None, "text", ["name"]])
def test_a_template_is_a_template_or_a_mapping(given: Any) -> None:
    with refused("template", repr(given)):
        Template.read(given)


def test_a_template_is_taken_as_it_is() -> None:
    template = Template(**LEAST)
    assert Template.read(template) is template
    assert Template.read(LEAST) == template
