"""A button under a notification."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.literals import is_literal


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a notification.

    :param text: its label.
    :param link: the http or https address it opens.
    """

    text: str
    link: str

    def __post_init__(self) -> None:
        checks.text("button.text", self.text)
        # In a Dag file a link may be a template, which becomes an address only when it is rendered.
        if is_literal(self.link):
            checks.url("button.link", self.link)
