"""Find the arguments of the transfers that must not render to an empty value.

A literal None in the Dag file is allowed, and so is an omitted argument. A template that rendered to None, an XCom of
None and a mapped None are errors: without ids an export would fetch every campaign, without a project or a schema it
would write elsewhere, and without a ratio it would never fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, connection_id, refuse_empty

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


def never_empty(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the arguments that must not render to an empty value.

    :param given: the arguments of a constructor by name; NOT_GIVEN for omitted ones.
    """
    return tuple(name for name, value in given.items() if value is not NOT_GIVEN and value is not None)


def filled(check: Callable[[str, Any], object]) -> Callable[[str, Any], object]:
    """Return a check that also refuses text without a value, such as ``None``. It does not get None itself."""

    def checked(field: str, value: Any) -> None:
        refuse_empty(field, value, "export")
        check(field, value)

    return checked


def connection(field: str, value: Any) -> None:
    """Check the id of a connection."""
    connection_id(field, value, "export")
