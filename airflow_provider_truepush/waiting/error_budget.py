"""The error budget of a wait: how long polls may fail without interruption. Its default and its check."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import timedelta

from airflow_provider_truepush.api.checks import values as checks

#: The default: long enough for a deployment of the server.
DEFAULT_ERROR_BUDGET = timedelta(minutes=10)


def warn_of_counted_budget(error_budget: object) -> None:
    """Warn when a Dag file gives the error budget as a number of polls, which version 0.1 accepted.

    :param error_budget: the argument of the operator.
    """
    if isinstance(error_budget, int) and not isinstance(error_budget, bool):
        warnings.warn(
            f"error_budget={error_budget} is a number of failed polls, which the next minor version no longer accepts. "
            "Give a timedelta, such as error_budget=timedelta(minutes=10).",
            DeprecationWarning,
            stacklevel=4,
        )


def check_error_budget(given: object) -> timedelta | int:
    """Check an error budget: a timedelta above 0, its JSON form, or the number of polls that version 0.1 accepted."""
    if isinstance(given, Mapping) and set(given) == {"seconds"}:
        given = timedelta(seconds=checks.seconds("error_budget", given["seconds"]))
    if isinstance(given, timedelta):
        if given <= timedelta(0):
            checks.refuse("error_budget", given, "must be longer than 0")
        return given
    if isinstance(given, bool) or not isinstance(given, int):
        checks.refuse("error_budget", given, "must be a timedelta, such as timedelta(minutes=10)")
    return checks.whole("error_budget", given, 0, 1_000_000)
