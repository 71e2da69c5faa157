"""A button under a notification."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.checks.literals import is_literal, templates_of_any_dag


@dataclass(frozen=True, slots=True)
class Button(NamesArguments):
    """A button under a notification.

    :param text: its label.
    :param link: the http or https address it opens.
    """

    text: str
    link: str

    def __post_init__(self) -> None:
        checks.text("button.text", self.text)
        # In a Dag file a link may be a template, which becomes an address only when it is rendered. The operator, which
        # knows the Dag and its delimiters, checks the link again.
        with templates_of_any_dag():
            is_final = is_literal(self.link)
        if is_final:
            checks.url("button.link", self.link)
