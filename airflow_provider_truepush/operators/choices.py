"""Arguments that take one of a few words."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_truepush.api.checks import refuse
from airflow_provider_truepush.api.literals import check_literal
from airflow_provider_truepush.operators.arguments import checked_at_parse

IF_EXISTS = ("fail", "reuse", "replace")
IF_MISSING = ("ignore", "skip", "fail")
STATUSES = ("active", "inactive")


def check_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a word that is not one of the choices."""
    if value not in choices:
        refuse(field, value, f"must be one of {', '.join(map(repr, choices))}")


def check_literal_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Check a choice while the Dag file is parsed; a template is checked when it runs."""
    with checked_at_parse():
        check_literal(check_choice, field, value, choices)
