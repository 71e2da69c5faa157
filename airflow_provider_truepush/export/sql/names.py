"""Checks of the names of tables and schemas. No Airflow, no I/O."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks.values import refuse

#: Maximum length of a name in bytes. PostgreSQL silently cuts off longer names.
_LONGEST = 63
#: The longest of the names that follow the prefix.
INCREMENTS = "campaign_stats_increments"
#: The lock table.
LOCK = "export_lock"
_PREFIX = re.compile(r"[\w$ -]*")
_SCHEMA = re.compile(r"[\w$ -]+")


def table_prefix(field: str, value: Any) -> str:
    """Check the prefix of the tables' names."""
    if not isinstance(value, str) or not _PREFIX.fullmatch(value):
        refuse(field, value, "may have letters, digits, blanks and _ $ - only; name a schema in the argument schema")
    if len(f"{value}{INCREMENTS}".encode()) > _LONGEST:
        refuse(field, value, f"makes the name of the view longer than {_LONGEST} bytes", "Shorten the prefix")
    return value


def schema(field: str, value: Any) -> str | None:
    """Check the name of a schema, or None."""
    given = templated.optional(value)
    if given is not None and (not isinstance(given, str) or not _SCHEMA.fullmatch(given)):
        refuse(field, value, "must be one name with letters, digits, blanks and _ $ - only")
    if given is not None and len(given.encode()) > _LONGEST:
        refuse(field, value, f"must have at most {_LONGEST} bytes")
    return given
