"""Checks of an operator's arguments while the Dag file is parsed. An error names the argument."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import SET_DURING_EXECUTION, AirflowFailException

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.checks.literals import is_literal, templates_of
from airflow_provider_truepush.api.checks.outcome import NOT_SENT, meaning
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.errors import TruepushValidationError


class TruepushArgumentError(TruepushValidationError, AirflowFailException):
    """An operator argument is wrong. No request was sent.

    It is raised while the Dag file is parsed. Airflow creates the operator of a mapped task only when it runs the
    task: then the error fails the task without a retry.
    """


@contextmanager
def checked_at_parse(consequence: str = NOT_SENT, dag: Any = None) -> Iterator[None]:
    """Raise a failed check as a :class:`TruepushArgumentError`. Use it around the checks in a constructor.

    :param consequence: the second sentence of the error.
    :param dag: the Dag, whose templates are checked when the task runs; None where it is not known.
    """
    try:
        with meaning(consequence), templates_of(dag):
            yield
    except TruepushValidationError as error:
        raise TruepushArgumentError(str(error)) from None


def check_literals(
    given: Mapping[str, Any],
    checks: Mapping[str, Callable[[str, Any], object]],
    fields: Mapping[str, str] | None = None,
    *,
    template_fields: Collection[str],
    partly: Mapping[str, Callable[[str, Any], object]] | None = None,
) -> None:
    """Check the arguments that are literals, each by its own check; templates and XComs are checked when the task runs.

    :param given: the arguments by name.
    :param checks: the check of each argument that has one, called as ``check(field, value)``.
    :param fields: names to use in errors, where they differ from the argument's.
    :param template_fields: the arguments that Airflow renders.
    :param partly: checks of what is final in arguments that contain templates or XComs.
    """
    for name, value in given.items():
        if name not in checks:
            continue
        field = (fields or {}).get(name, name)
        if is_final(value):
            checks[name](field, value)
        elif name not in template_fields:
            refuse_unrendered(field, value)
        elif partly is not None and name in partly and value is not NOT_GIVEN:
            partly[name](field, value)


def refuse_unrendered(field: str, value: object) -> None:
    """Refuse a template or an XCom in an argument that Airflow does not render. It would reach the task as it is."""
    if value is not NOT_GIVEN and value is not SET_DURING_EXECUTION and not callable(value) and not is_literal(value):
        refuse(
            field,
            value,
            "is not a template field, so this template or XCom is never rendered",
            "Write the value in the Dag file, or map the task over it",
        )


def is_final(value: object) -> bool:
    """Return whether an argument was given, and is final in the Dag file."""
    return value is not NOT_GIVEN and value is not SET_DURING_EXECUTION and is_literal(value)


def came_from_default_args(kwargs: Mapping[str, Any], name: str, value: object) -> bool:
    """Return whether an argument was filled in by Airflow from ``default_args`` of the Dag or of a task group.

    :param kwargs: the remaining keyword arguments of a constructor: Airflow passes all defaults in ``default_args``.
    :param name: the argument.
    :param value: its value.
    """
    defaults = kwargs.get("default_args")
    return isinstance(defaults, Mapping) and name in defaults and defaults[name] is value
