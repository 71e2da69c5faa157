"""Refuse keys of ``default_args`` that mean an argument of an operator, but are not its name.

Airflow ignores such a key. Other operators share ``default_args``, so only keys are refused that hardly mean anything
else, and that decide who gets a push, when, through which project, or whether. A key that may well be one of another
operator is a warning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.operators.meant_names import is_off, meant_by_default

_log = logging.getLogger(__name__)


def refuse_misnamed_defaults(kind: str, defaults: object, names: frozenset[str]) -> None:
    """Refuse keys of ``default_args`` that nothing would read although an argument of the operator is meant.

    :param kind: the operator's name in errors.
    :param defaults: the ``default_args`` in effect: those of the Dag, its task groups and the task.
    :param names: the operator's own arguments, which are right.
    """
    for key, value in defaults.items() if isinstance(defaults, Mapping) else ():
        if key in names:
            continue
        field, meant = f"default_args[{key!r}]", meant_by_default(str(key), names)
        if meant.extra and not is_off(value):
            refuse(
                field,
                value,
                f"is not an argument of {kind}",
                f"Set the extra `{meant.extra}` of the connection, or remove it",
            )
        if meant.arguments:
            advice = f"Use {' or '.join(meant.arguments)}"
            refuse(field, value, f"is not an argument of {kind} and has no effect", advice)
        if meant.perhaps:
            _warn_once(field, kind, " or ".join(meant.perhaps))


@lru_cache(maxsize=256)  # a Dag file creates many tasks, and is parsed again and again
def _warn_once(field: str, kind: str, meant: str) -> None:
    _log.warning("%s is not an argument of %s, which ignores it. If it is meant for it, use %s.", field, kind, meant)
