"""Read values that templates rendered: Airflow renders text, unless the Dag renders native objects.

The functions turn rendered text back into a value, and leave everything else for the models to check. Both ways of
rendering lead to the same request. A function refuses text that it cannot read, with the name of the field.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from airflow_provider_truepush.api.checks.values import CHECK_SOURCE, is_missing, refuse

#: The text that None renders to.
_NONE = "None"
_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_DURATION = re.compile(r"(?:([0-9]{1,6}) days?, )?([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{6}))?")


def optional(value: Any) -> Any:
    """Return a text that may be missing: None when it rendered to a missing value."""
    return None if isinstance(value, str) and is_missing(value) else value


def text(field: str, value: Any) -> Any:
    """Refuse the text ``None``, to which a template without a value renders; return everything else as it is."""
    if isinstance(value, str) and is_missing(value):
        refuse(field, value, "was rendered by a template without a value", CHECK_SOURCE)
    return value


def flag(field: str, value: Any) -> Any:
    """Read a bool: ``True`` or ``False``, or ``true`` or ``false`` as in JSON."""
    if not isinstance(value, str):
        return value
    words: dict[str, bool | None] = {"True": True, "true": True, "False": False, "false": False, _NONE: None}
    if (word := value.strip()) not in words:
        refuse(field, value, "must be True or False")
    return words[word]


def whole(field: str, value: Any) -> Any:
    """Read a whole number, written in digits."""
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value.strip()):
        refuse(field, value, "must be a whole number")
    return int(value)


def duration(field: str, value: Any) -> Any:
    """Read a number, such as ``2`` or ``1.5``, or a timedelta as Python writes it: ``2:00:00``, ``1 day, 0:30:00``."""
    if not isinstance(value, str):
        return value
    written = value.strip()
    if written == _NONE:
        return None
    if _NUMBER.fullmatch(written):
        return float(written) if "." in written else int(written)
    if parts := _DURATION.fullmatch(written):
        days, hours, minutes, seconds, micros = (int(part or 0) for part in parts.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micros)
    refuse(field, value, "must be a timedelta or a number")


def items(field: str, value: Any) -> Any:
    """Read a list, written as Python or JSON writes it."""
    if not isinstance(value, str):
        return value
    read = _literal(value)
    if value.strip() != _NONE and not isinstance(read, (list, tuple, set)):
        refuse(field, value, "must be a list")
    return read


def mapping(field: str, value: Any) -> Any:
    """Read a mapping, written as Python or JSON writes it."""
    if not isinstance(value, str):
        return value
    read = _literal(value)
    if not isinstance(read, dict):
        refuse(field, value, "must be a mapping")
    return read


def content(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields that campaigns and templates share; other fields are left out.

    :param model: ``campaign`` or ``template``, for messages.
    :param given: rendered values by the name of the field.
    """
    return {name: _CONTENT[name](f"{model}.{name}", value) for name, value in given.items() if name in _CONTENT}


def check_rendered(name: str, field: str, value: Any) -> None:
    """Check a literal as strictly as what a template renders to: the text ``None`` is refused in both.

    :param name: the field that campaigns and templates share; others are left alone.
    :param field: its name in errors.
    :param value: the literal.
    """
    if name in _CONTENT:
        _CONTENT[name](field, value)


def _texts(field: str, value: Any) -> Any:
    read = items(field, value)
    if isinstance(read, (set, frozenset)):
        for item in read:
            text(field, item)
    return [text(f"{field}[{i}]", item) for i, item in enumerate(read)] if isinstance(read, (list, tuple)) else read


def _buttons(field: str, value: Any) -> Any:
    read = items(field, value)
    return [_button(f"{field}[{i}]", item) for i, item in enumerate(read)] if isinstance(read, (list, tuple)) else read


def _button(field: str, value: Any) -> Any:
    read = mapping(field, value)
    if isinstance(read, Mapping):
        return {key: text(f"{field}.{key}", part) for key, part in read.items()}
    for key in ("text", "link"):
        text(f"{field}.{key}", getattr(read, key, None))  # of a Button
    return read


def _optional(field: str, value: Any) -> Any:
    return optional(value)


#: The reader of each field.
_CONTENT: dict[str, Callable[[str, Any], Any]] = {
    "title": text,
    "message": text,
    "link": text,
    "image": _optional,
    "icon": _optional,
    "buttons": _buttons,
    "tags": _texts,
    "user_interaction": flag,
}


def _literal(written: str) -> Any:
    """Return the value that JSON or Python reads from a text; the text itself when neither can."""
    with suppress(ValueError, RecursionError):
        return json.loads(written)
    with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return ast.literal_eval(written.strip())
    return written
