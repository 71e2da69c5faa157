"""Arguments that take one of a few words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_truepush.api.checks import values as checks

IF_EXISTS = ("fail", "reuse", "replace")
IF_MISSING = ("ignore", "skip", "fail")
IF_NOT_CANCELLABLE = ("fail", "skip", "ignore")
STATUSES = ("active", "inactive")


def check_choice(field: str, value: object, choices: Sequence[str]) -> None:
    """Refuse a word that is not one of the choices."""
    checks.choice(field, value, choices)


def choice(choices: Sequence[str]) -> Callable[[str, object], None]:
    """Return the check for one of the choices."""
    return lambda field, value: check_choice(field, value, choices)
