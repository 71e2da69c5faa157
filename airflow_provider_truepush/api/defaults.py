"""Defaults of arguments in Dag files."""

from __future__ import annotations

import warnings
from datetime import timedelta

#: How long polls may fail without interruption by default: long enough for a deployment of the server.
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
