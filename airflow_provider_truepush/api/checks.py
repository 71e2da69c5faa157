"""Checks of single values. Each raises an error that names the field and shows the value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

from airflow_provider_truepush.api.errors import TruepushValidationError

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_SHOWN = 120

#: What a dry run returns instead of an id; no ObjectId can look like it.
DRY_RUN_PREFIX = "dry-run-"


def refuse(field: str, value: object, why: str) -> NoReturn:
    """Raise the error for a bad value of a field."""
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = shown[:_SHOWN] + "…"
    raise TruepushValidationError(f"{field}: {why}, got {shown}. Nothing was sent.") from None


def text(field: str, value: object) -> str:
    """Check for a string with something in it."""
    if not isinstance(value, str):
        refuse(field, value, "must be a string")
    if not value.strip():
        refuse(field, value, "must not be empty")
    return encodable(field, value)


def encodable(field: str, value: str) -> str:
    """Check that a string can be sent and stored: no unpaired surrogate, as cutting an emoji leaves it, and no NUL."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        refuse(field, value, "contains an unpaired surrogate, half of an emoji for example")
    if "\0" in value:
        refuse(field, value, "contains a NUL character (U+0000), which databases and push services do not accept")
    return value


def url(field: str, value: object) -> str:
    """Check for an absolute http or https address."""
    address = text(field, value)
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in ("http", "https") or not host or re.search(r"\s", address):
        refuse(field, value, "must be an http or https address")
    return address


def flag(field: str, value: object) -> bool:
    """Check for a bool."""
    if not isinstance(value, bool):
        refuse(field, value, "must be True or False")
    return value


def whole(field: str, value: object, low: int, high: int) -> int:
    """Check for an int within bounds, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(field, value, f"must be a whole number from {low} to {high}")
    return value


def seconds(field: str, value: object) -> float:
    """Check for a time span above 0: a timedelta, or a number of seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        refuse(field, value, "must be a timedelta or a number of seconds above 0")
    return float(value)


def strings(field: str, value: object) -> tuple[str, ...]:
    """Check for a list of strings with something in each."""
    return tuple(text(f"{field}[{i}]", item) for i, item in enumerate(items(field, value)))


def items(field: str, value: object) -> list[Any]:
    """Check for a list, tuple, set or other sequence. A set gets an order of its own.

    An iterator is refused: the first check would use it up, and the request would leave without its items.
    """
    if isinstance(value, Iterator):
        refuse(field, value, "must be a list, not an iterator that can be read only once. Write list(...)")
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, (Sequence, AbstractSet)):
        refuse(field, value, "must be a list")
    if isinstance(value, AbstractSet):
        # The order of a set differs from process to process, and the content of a send must not.
        return sorted(value, key=lambda item: (type(item).__name__, repr(item)))
    return list(value)


def object_id(field: str, value: object) -> str:
    """Check for an id of Truepush: 24 hexadecimal digits; the ids that dry runs return pass as well."""
    if not isinstance(value, str) or not (is_dry_run_id(value) or _OBJECT_ID.fullmatch(value)):
        refuse(field, value, "must be a Truepush id of 24 hexadecimal digits")
    return value


def segment_id(field: str, value: object) -> str:
    """Check for the id of a segment. No dry run makes segments: what looks like one of its ids names no audience."""
    if is_dry_run_id(value):
        refuse(field, value, "must be a segment's id of 24 hexadecimal digits")
    return object_id(field, value)


def is_dry_run_id(value: object) -> bool:
    """Whether an id was returned by a dry run and stands for nothing on the server."""
    return isinstance(value, str) and value.startswith(DRY_RUN_PREFIX)


def created_at(value: str) -> datetime | None:
    """The creation time (UTC) that an ObjectId carries; None for an id of another form."""
    if not _OBJECT_ID.fullmatch(value):
        return None
    return datetime.fromtimestamp(int(value[:8], 16), UTC)


def reject_unknown(model: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a mapping with keys that the model does not have: a misspelt option must not be lost."""
    names = set(known)
    for key in given:
        if key not in names:
            refuse(f"{model}.{key}", given[key], f"is no field of {model} (it has {', '.join(sorted(names))})")
