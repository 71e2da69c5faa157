"""What the tests of the operators for templates share."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator

LEAST: dict[str, Any] = {"name": "Weekly", "title": "T", "message": "M", "link": "https://example.com/a"}
FULL: dict[str, Any] = {
    **LEAST,
    "buttons": [{"text": "Read", "link": "https://example.com/b"}],
    "tags": ["a", "b"],
    "user_interaction": True,
    "image": "https://example.com/i.png",
    "icon": "https://example.com/j.png",
}
BODY = {**{key: value for key, value in FULL.items() if key != "user_interaction"}, "userInteractionRequired": True}


def create(**arguments: Any) -> Any:
    return TruepushCreateTemplateOperator(task_id="create", **{**LEAST, **arguments}).execute({})


def seed(emulator: Emulator, *names: str) -> list[str]:
    return emulator.seed({"templates": [{"name": name} for name in names]})["templates"]


def ids(emulator: Emulator, name: str = "Weekly") -> list[str]:
    return [row["id"] for row in emulator.templates() if row["name"] == name]
