"""Check the transfers' arguments: literals while the Dag file is parsed, and all arguments when the task runs.

Each check takes the name of an argument and its rendered value, and returns the value to use.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks.given import is_empty
from airflow_provider_truepush.api.checks.values import refuse, text, whole
from airflow_provider_truepush.export.sql.names import schema, table_prefix

if TYPE_CHECKING:
    from airflow_provider_truepush.api.models.own_send import OwnSend

__all__ = [
    "age",
    "choice",
    "compression",
    "count",
    "flag",
    "name",
    "optional_name",
    "path",
    "ratio",
    "schema",
    "sends",
    "table_prefix",
]

ON_PAST_INTERVAL = ("skip", "flag", "fail")
FORMATS = ("parquet", "jsonl", "csv")
COMPRESSIONS = (None, "gzip")
SCHEMA_CONTRACTS = ("evolve", "freeze")
#: Characters of a project's name and of a snapshot key.
_LONGEST_NAME = 200


def age(field: str, value: Any) -> timedelta | None:
    """Check a timedelta above 0, or None."""
    read = templated.duration(field, value)
    if read is not None and not (isinstance(read, timedelta) and read > timedelta()):
        refuse(field, value, "must be a timedelta above 0, or None")
    return read


def count(field: str, value: Any) -> int | None:
    """Check a whole number from 1 to 1,000, or None."""
    given = templated.optional(value)
    return None if given is None else whole(field, templated.whole(field, given), 1, 1000)


def ratio(field: str, value: Any) -> float | None:
    """Check a number from 0 to 1, or None."""
    read = templated.duration(field, value)
    if read is not None and (isinstance(read, bool) or not isinstance(read, (int, float)) or not 0 <= read <= 1):
        refuse(field, value, "must be a number from 0 to 1, or None")
    return read


def name(field: str, value: Any) -> str:
    """Check a name that rows carry."""
    found = text(field, value)
    if len(found) > _LONGEST_NAME or found != found.strip() or not found.isprintable():
        refuse(field, value, f"must have 1 to {_LONGEST_NAME} printable characters, and no blank at either end")
    return found


def optional_name(field: str, value: Any) -> str | None:
    """Check a name that rows carry, or None."""
    given = templated.optional(value)
    return None if given is None else name(field, given)


def sends(field: str, value: Any) -> dict[str, OwnSend]:
    """Check a list of own sends, or None."""
    if value is None:
        return {}
    from airflow_provider_truepush.export.sends import read_sends

    return read_sends(field, value)


def flag(field: str, value: Any) -> bool:
    """Check a bool."""
    read = templated.flag(field, value)
    if not isinstance(read, bool):
        refuse(field, value, "must be True or False")
    return read


def choice(field: str, value: Any, choices: tuple[str | None, ...]) -> Any:
    """Check that a value is one of the choices. None can be a choice."""
    read = templated.optional(value) if None in choices else value
    if not (read is None and None in choices) and not (isinstance(read, str) and read in choices):
        words = [repr(one) for one in choices]
        refuse(field, value, f"must be {', '.join(words[:-1])} or {words[-1]}")
    return read


def compression(field: str, value: Any, of_format: Any) -> str | None:
    """Check that a format supports a compression."""
    read: str | None = choice(field, value, COMPRESSIONS)
    if read is not None and of_format == "parquet":
        refuse(field, value, "is for jsonl and csv", "Omit it: Parquet compresses its columns itself")
    return read


def path(field: str, value: Any) -> str:
    """Check that a value is an absolute path or a URL. It need not exist."""
    found = value.__fspath__() if hasattr(value, "__fspath__") else value
    if not isinstance(found, str) or is_empty(found):
        refuse(field, value, "must be an absolute path, or a URL such as s3://conn_id@bucket/prefix")
    found = found.strip()
    if "://" not in found and not found.startswith("/"):
        refuse(field, value, "must be absolute, or a URL such as s3://conn_id@bucket/prefix")
    return found
