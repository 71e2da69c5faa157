"""Arguments that are wrong in the Dag file: its parsing ends with an error that names the argument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.errors import TruepushValidationError


class TruepushArgumentError(TruepushValidationError, AirflowFailException):
    """An argument of an operator is wrong. Nothing was sent.

    Raised while the Dag file is parsed. Of a mapped task Airflow makes the operator when it runs it: then this fails
    the task without a retry.
    """


@contextmanager
def checked_at_parse() -> Iterator[None]:
    """Turn what a check refuses into the error of a Dag file. Use it around the checks in a constructor."""
    try:
        yield
    except TruepushValidationError as error:
        raise TruepushArgumentError(str(error)) from None


def came_from_default_args(kwargs: Mapping[str, Any], name: str, value: object) -> bool:
    """Return whether an argument was filled in by Airflow from ``default_args`` of the Dag or of a task group.

    :param kwargs: the remaining keyword arguments of a constructor: Airflow passes all defaults in ``default_args``.
    :param name: the argument.
    :param value: its value.
    """
    defaults = kwargs.get("default_args")
    return isinstance(defaults, Mapping) and name in defaults and defaults[name] is value
