"""Arguments of the transfers that must not come out empty once they were given.

A literal None in the Dag file is a choice, and so is an argument that was left out. A template that rendered to None,
an XCom of None and a mapped None are errors: without ids an export would fetch every campaign, without a project or a
schema it would write elsewhere, without a ratio nothing would stop it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_empty
from airflow_provider_truepush.operators.arguments import came_from_default_args, checked_at_parse

#: The arguments of both transfers that must not come out empty.
SHARED = (
    "campaign_ids",
    "project",
    "refresh_for",
    "stop_after_unchanged",
    "snapshot_key",
    "fail_if_missing_ratio",
    "ledger_conn_id",
    "sends",
    "truepush_conn_id",
)
#: Among the arguments of a mapped task: names of those that are literally None in ``partial``. Airflow makes the
#: operator of a mapped task when it runs, from the values of ``partial`` and of ``expand`` alike.
_NONE_IN_PARTIAL = "truepush_none_in_partial"


def never_empty(given: Mapping[str, Any], kwargs: dict[str, Any]) -> tuple[str, ...]:
    """Return which arguments must not come out empty; refuse a mapped one that already is None.

    :param given: arguments by name, as a constructor got them; NOT_GIVEN for those that were left out.
    :param kwargs: the constructor's further arguments.
    :raises TruepushArgumentError: an argument of a mapped task is None.
    """
    literally_none = kwargs.get(_NONE_IN_PARTIAL)
    names = []
    for name, value in given.items():
        if value is NOT_GIVEN:
            continue
        if value is not None:
            names.append(name)
        elif literally_none is not None and not (name in literally_none or came_from_default_args(kwargs, name, value)):
            refuse_at_parse(name)
    return tuple(names)


def mark_partial(partial: Any, kwargs: Mapping[str, Any]) -> None:
    """Note which arguments are literally None in ``partial``.

    :param partial: Airflow's partial operator.
    :param kwargs: the arguments of ``partial``.
    """
    partial.kwargs[_NONE_IN_PARTIAL] = [name for name, value in kwargs.items() if value is None]


def forget_partial(kwargs: dict[str, Any]) -> None:
    """Remove the note of :func:`mark_partial`, which Airflow's own constructor does not take."""
    kwargs.pop(_NONE_IN_PARTIAL, None)


def refuse_at_parse(name: str) -> None:
    """Refuse None among mapped values."""
    with checked_at_parse():
        refuse_empty(name, None, "export")
