"""The content that campaigns and templates share: the parts of a notification."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.models import parts
from airflow_provider_truepush.api.models.button import Button


def read_buttons(field: str, value: object) -> tuple[Button, ...]:
    """Read at most two buttons, each a :class:`Button` or a mapping with ``text`` and ``link``."""
    return tuple(Button(text, link) for text, link in parts.buttons(field, value))


def check_content(model: str, instance: Any) -> None:
    """Check the notification's parts on a new instance of a frozen model, and turn lists into tuples."""
    checks.text(f"{model}.title", instance.title)
    checks.text(f"{model}.message", instance.message)
    checks.url(f"{model}.link", instance.link)
    parts.optional_flag(f"{model}.user_interaction", instance.user_interaction)
    for name in ("image", "icon"):
        parts.optional_url(f"{model}.{name}", getattr(instance, name))
    object.__setattr__(instance, "buttons", read_buttons(f"{model}.buttons", instance.buttons))
    object.__setattr__(instance, "tags", parts.tags(f"{model}.tags", instance.tags))


def content_payload(instance: Any, *, user_interaction_key: str) -> dict[str, Any]:
    """Return the notification's parts in the form that Truepush accepts, without those that were not given."""
    payload: dict[str, Any] = {
        "title": instance.title,
        "message": instance.message,
        "link": instance.link,
    }
    if instance.buttons:
        payload["buttons"] = [{"text": button.text, "link": button.link} for button in instance.buttons]
    if instance.tags:
        payload["tags"] = list(instance.tags)
    if instance.user_interaction is not None:
        payload[user_interaction_key] = instance.user_interaction
    for name in ("image", "icon"):
        if getattr(instance, name) is not None:
            payload[name] = getattr(instance, name)
    return payload
