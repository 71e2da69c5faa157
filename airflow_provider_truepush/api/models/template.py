"""A template: a notification stored in Truepush, sent by its triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields as dataclass_fields
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.models.button import Button
from airflow_provider_truepush.api.models.content import check_content, content_payload


@dataclass(frozen=True, slots=True)
class Template(NamesArguments):
    """The content of ``createTemplate``.

    :param name: the template's name in the project.
    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param buttons: at most two :class:`Button`, or mappings with ``text`` and ``link``.
    :param tags: labels.
    :param user_interaction: keep the notification on screen until the subscriber acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :raises TruepushValidationError: for an invalid value, with the field's name.
    """

    name: str
    title: str
    message: str
    link: str
    buttons: Sequence[Button | Mapping[str, str]] = ()
    tags: Sequence[str] = ()
    user_interaction: bool | None = None
    image: str | None = None
    icon: str | None = None

    def __post_init__(self) -> None:
        checks.text("template.name", self.name)
        check_content("template", self)

    @classmethod
    def read(cls, given: Template | Mapping[str, Any]) -> Template:
        """Read a template, or a mapping with its field names."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            checks.refuse("template", given, "must be a Template or a mapping with its field names")
        checks.reject_unknown("template", given, (f.name for f in dataclass_fields(cls)))
        for name in ("name", "title", "message", "link"):
            checks.text(f"template.{name}", given.get(name))
        return cls(**given)

    def payload(self) -> dict[str, Any]:
        """Return the body of ``createTemplate``."""
        content = content_payload(self, user_interaction_key="userInteractionRequired")
        return {"name": self.name, **content}
