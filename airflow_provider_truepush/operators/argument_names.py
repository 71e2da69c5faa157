"""Refuse arguments that an operator, a sensor or a notifier does not have, and say which one was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_provider_truepush.api.checks import argument_names
from airflow_provider_truepush.api.connection.form import EXTRAS

#: Arguments that Airflow passes although no constructor names them.
_OF_AIRFLOW = frozenset({"multiple_outputs", "default_args", "params", "dag", "task_group"})
_EXTRAS = frozenset(extra.name for extra in EXTRAS)


def refuse_unknown(kind: Any, given: Iterable[str], more: Iterable[str] = ()) -> None:
    """Refuse arguments that the constructor of a class does not accept.

    :param kind: the class of an operator, a sensor or a notifier.
    :param given: the names of the arguments.
    :param more: names that are accepted although no constructor has them.
    :raises TruepushValidationError: one of them does not exist. The error does not show its value.
    """
    argument_names.refuse_unknown(kind, given, _OF_AIRFLOW.union(more), _EXTRAS)
