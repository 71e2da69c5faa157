"""Checks of the names of tables and schemas. No Airflow, no I/O."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks.values import refuse

#: PostgreSQL cuts longer names off without a word.
_LONGEST = 63
#: The longest name that begins with the prefix.
INCREMENTS = "campaign_stats_increments"
#: The table that only a lock is taken on.
LOCK = "export_lock"
_PREFIX = re.compile(r"[\w$ -]*")
_SCHEMA = re.compile(r"[\w$ -]+")


def table_prefix(field: str, value: Any) -> str:
    """Check what begins the names of the tables."""
    if not isinstance(value, str) or not _PREFIX.fullmatch(value):
        refuse(field, value, "must hold letters, digits, blanks and _ $ - only; a schema goes into `schema`")
    if len(f"{value}{INCREMENTS}".encode()) > _LONGEST:
        refuse(field, value, f"makes a name of more than {_LONGEST} bytes")
    return value


def schema(field: str, value: Any) -> str | None:
    """Check the name of a schema, or None."""
    given = templated.optional(value)
    if given is not None and (not isinstance(given, str) or not _SCHEMA.fullmatch(given)):
        refuse(field, value, "must be one name, of letters, digits, blanks and _ $ - only")
    if given is not None and len(given.encode()) > _LONGEST:
        refuse(field, value, f"makes a name of more than {_LONGEST} bytes")
    return given
