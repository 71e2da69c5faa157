"""Find the arguments of the transfers that must not render to an empty value.

A literal None in the Dag file is allowed, and so is an omitted argument. A template that rendered to None, an XCom of
None and a mapped None are errors: without ids an export would fetch every campaign, without a project or a schema it
would write elsewhere, and without a ratio it would never fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, connection_id, refuse_empty
from airflow_provider_truepush.operators.arguments import came_from_default_args, checked_at_parse

#: The arguments of both transfers that must not render to an empty value.
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
#: The extra argument of a mapped task with the names of those that are literally None in ``partial``. Airflow creates
#: the operator when the task runs, and does not show which values come from ``partial`` and which from ``expand``.
_NONE_IN_PARTIAL = "truepush_none_in_partial"


def never_empty(given: Mapping[str, Any], kwargs: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the arguments that must not render to an empty value, and refuse a mapped None.

    :param given: the arguments of a constructor by name; NOT_GIVEN for omitted ones.
    :param kwargs: the constructor's other arguments.
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


def mark_partial(partial: Any) -> None:
    """Record which arguments are literally None in ``partial``.

    :param partial: the partial operator.
    """
    partial.kwargs[_NONE_IN_PARTIAL] = [name for name, value in partial.kwargs.items() if value is None]


def forget_partial(kwargs: dict[str, Any]) -> None:
    """Remove the record of :func:`mark_partial`, which Airflow's constructor does not accept."""
    kwargs.pop(_NONE_IN_PARTIAL, None)


def refuse_at_parse(name: str) -> None:
    """Refuse None among mapped values."""
    with checked_at_parse():
        refuse_empty(name, None, "export")


def filled(check: Callable[[str, Any], object]) -> Callable[[str, Any], object]:
    """Return a check that also refuses text without a value, such as ``None``. It does not get None itself."""

    def checked(field: str, value: Any) -> None:
        refuse_empty(field, value, "export")
        check(field, value)

    return checked


def connection(field: str, value: Any) -> None:
    """Check the id of a connection."""
    connection_id(field, value, "export")
