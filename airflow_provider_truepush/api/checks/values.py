"""Checks of single values. Each raises an error that names the field and shows the value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlsplit

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.errors import TruepushValidationError

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_SHOWN = 120
#: The categories of characters that show nothing, and the letters and marks that show nothing alone.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0")
_NOT_IN_A_URL = re.compile(r"[\s\x00-\x1f\x7f]")
#: No timedelta is longer.
_LONGEST_SECONDS = timedelta.max.total_seconds()

#: The prefix of the ids that a dry run returns. No ObjectId can have it.
DRY_RUN_PREFIX = "dry-run-"
#: The remedy for a value that rendered to an empty one.
CHECK_SOURCE = "Check the template, XCom or variable it comes from"


def refuse(field: str, value: object, why: str, remedy: str = "") -> NoReturn:
    """Raise the error for an invalid value of a field.

    :param field: the field's name.
    :param value: its value; the error shows the beginning.
    :param why: what is wrong, as a clause that follows the name.
    :param remedy: what to do, as a sentence without its full stop. Omit it when ``why`` says what is valid.
    """
    shown = shown_value(value)
    advice = f" {remedy}." if remedy else ""
    raise TruepushValidationError(f"{field}: {why}, got {shown}. {outcome()}{advice}") from None


def shown_value(value: object) -> str:
    """Return the beginning of a value as an error shows it; for one that cannot be written, its type."""
    try:
        shown = repr(value)
    except Exception:  # such as a number of thousands of digits
        return f"a value of type {type(value).__name__}"
    return beginning(shown, _SHOWN)


def choice(field: str, value: object, words: Sequence[str]) -> None:
    """Check that a value is one of a few words."""
    # An array or a missing value of pandas cannot be compared.
    if not isinstance(value, str) or value not in words:
        listed = " or ".join(filter(None, (", ".join(map(repr, words[:-1])), repr(words[-1]))))
        refuse(field, value, f"must be {listed}")


def text(field: str, value: object) -> str:
    """Check that a value is a string that is not blank."""
    if not isinstance(value, str):
        refuse(field, value, "must be a string")
    if is_blank(value):
        refuse(field, value, "must not be empty")
    return encodable(field, value)


def is_blank(value: str) -> bool:
    """Return whether a text shows nothing: whitespace, control and format characters, and fillers."""
    return all(unicodedata.category(letter) in _UNSEEN or letter in _FILLERS for letter in value)


def is_missing(value: str) -> bool:
    """Return whether a text is what a template without a value renders to: ``None``."""
    return value.strip() == "None"


def encodable(field: str, value: str) -> str:
    """Check that a string can be sent and stored: it has no unpaired surrogate and no NUL character."""
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        refuse(field, value, "contains an unpaired surrogate, which is left when an emoji is cut in two")
    if "\0" in value:
        refuse(field, value, "contains a NUL character (U+0000), which databases and push services do not accept")
    return value


def url(field: str, value: object) -> str:
    """Check that a value is an absolute http or https address."""
    address = text(field, value)
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.port != 0 else None
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in ("http", "https") or not host or _NOT_IN_A_URL.search(address):
        refuse(field, value, "must be an http or https address")
    return address


def flag(field: str, value: object) -> bool:
    """Check that a value is a bool."""
    if not isinstance(value, bool):
        refuse(field, value, "must be True or False")
    return value


def whole(field: str, value: object, low: int, high: int) -> int:
    """Check that a value is an int within bounds, both included."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(field, value, f"must be a whole number from {low} to {high}")
    return value


def seconds(field: str, value: object) -> float:
    """Check that a value is a time span above 0, a timedelta or a number of seconds; return the seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= _LONGEST_SECONDS:
        refuse(field, value, "must be a timedelta or a number of seconds above 0")
    return float(value)


def strings(field: str, value: object) -> tuple[str, ...]:
    """Check that a value is a list of strings, none of them blank."""
    return tuple(text(f"{field}[{i}]", item) for i, item in enumerate(items(field, value)))


def items(field: str, value: object) -> list[Any]:
    """Check that a value is a list, tuple, set or other sequence; return a list. The items of a set are sorted.

    An iterator is refused: the first check would consume it, and the request would be sent without its items.
    """
    if isinstance(value, Iterator):
        refuse(field, value, "must be a list, not an iterator, which can be read only once", "Write list(...)")
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, (Sequence, AbstractSet)):
        refuse(field, value, "must be a list")
    if isinstance(value, AbstractSet):
        # The order of a set differs from process to process, and the content of a send must not.
        return sorted(value, key=lambda item: (type(item).__name__, repr(item)))
    return list(value)


def object_id(field: str, value: object) -> str:
    """Check that a value is a Truepush id of 24 hexadecimal digits. The ids that dry runs return pass as well."""
    if not isinstance(value, str) or not (is_dry_run_id(value) or _OBJECT_ID.fullmatch(value)):
        refuse(field, value, "must be a Truepush id of 24 hexadecimal digits")
    return value


def segment_id(field: str, value: object) -> str:
    """Check that a value is a segment's id. An id from a dry run is refused: no dry run creates segments."""
    if is_dry_run_id(value):
        refuse(field, value, "must be a segment's id of 24 hexadecimal digits")
    return object_id(field, value)


def is_dry_run_id(value: object) -> bool:
    """Return whether an id was returned by a dry run, so that nothing on the server has it."""
    return isinstance(value, str) and value.startswith(DRY_RUN_PREFIX)


def created_at(value: str) -> datetime | None:
    """Return the creation time (UTC) that an ObjectId carries; None for an id of another form."""
    if not _OBJECT_ID.fullmatch(value):
        return None
    return datetime.fromtimestamp(int(value[:8], 16), UTC)


def reject_unknown(model: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Refuse a mapping with keys that the model does not have: a misspelt option must not be lost."""
    names = set(known)
    for key in given:
        if key not in names:
            refuse(f"{model}.{key}", given[key], f"is not a field of {model}", one_of(key, sorted(names)))


def one_of(given: object, names: Sequence[str]) -> str:
    """Return the advice to use one of some names, and which one resembles a given one.

    :param given: the name that does not exist.
    :param names: those that exist.
    """
    from airflow_provider_truepush.api.checks.near_matches import near_matches

    near = near_matches(given, names) if isinstance(given, str) and len(names) > 1 else []
    return f"{f'Did you mean {near[0]}? ' if near else ''}Use one of {', '.join(names)}"
