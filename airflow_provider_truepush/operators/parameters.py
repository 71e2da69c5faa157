"""The arguments of an operator, and the ``default_args`` that a task inherits."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator


@cache
def parameters(operator: Any) -> dict[str, Any]:
    """Return the arguments of an operator that are not those of every operator, with their defaults.

    :param operator: a class of this package, or one that is derived from it.
    """
    found: dict[str, Any] = {}
    for kind in operator.__mro__:
        if kind is BaseOperator:
            break
        if "__init__" not in vars(kind):
            continue
        for name, parameter in inspect.signature(kind.__init__).parameters.items():
            if name != "self" and parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
                found.setdefault(name, parameter.default)
    return found


@cache
def parameter_names(operator: Any) -> frozenset[str]:
    """Return the names of :func:`parameters`."""
    return frozenset(parameters(operator))


def inherited_defaults(dag: Any, task_group: Any) -> dict[str, Any]:
    """Return the ``default_args`` that a task inherits from its Dag and its task groups.

    :param dag: the Dag; None without one.
    :param task_group: the task group around the task; None without one.
    """
    levels = (getattr(level, "default_args", None) or {} for level in (dag, task_group))
    return {name: value for level in levels for name, value in level.items()}
