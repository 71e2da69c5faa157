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


def inherited_defaults(task: Any) -> dict[str, Any]:
    """Return the ``default_args`` that a task inherits from its Dag and its task groups."""
    levels = (getattr(level, "default_args", None) or {} for level in (task.dag, task.task_group))
    return {name: value for level in levels for name, value in level.items()}
