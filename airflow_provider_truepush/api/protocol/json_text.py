"""Read JSON from an untrusted server, with any depth of nesting and any length of numbers."""

from __future__ import annotations

import json
import re
from typing import Any

from airflow_provider_truepush.api.protocol import limits

#: The text that replaces a value that is nested too deep.
TOO_DEEP = "(nested too deep to be read)"

#: A string, or a bracket outside of strings. The quantifiers are possessive, so that no text makes it backtrack.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|[\[\]{}]', re.DOTALL)


def read_json(raw: bytes) -> Any:
    """Return the value of a JSON text.

    A value that is nested too deep for Python is replaced by a text, and so is a number with too many digits, so that
    one invalid value does not make the others unreadable.

    :param raw: the text, in an encoding that JSON allows.
    :raises ValueError: the bytes are not JSON, or have too many lists and objects.
    """
    # Brackets within strings count as well: an answer of Truepush has some hundreds in all.
    if raw.count(b"[") + raw.count(b"{") > limits.MAX_CONTAINERS:
        raise ValueError("too many lists and objects")
    try:
        return json.loads(raw)
    except RecursionError:
        pass
    except ValueError as error:
        if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
            raise
    text = raw.decode(json.detect_encoding(raw), "surrogatepass")
    try:
        return json.loads(_without_depths(text), parse_int=_whole)
    except RecursionError:
        raise ValueError("nested too deep") from None


def has_repeated_names(raw: bytes) -> bool:
    """Return whether an object in a JSON text has two members of one name, of which Python keeps only the last.

    :param raw: the text. One that cannot be read counts as having some.
    """
    repeated = False

    def note(pairs: list[tuple[str, Any]]) -> None:
        nonlocal repeated
        repeated = repeated or len({name for name, _ in pairs}) < len(pairs)

    try:
        json.loads(raw, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return True
    return repeated


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= limits.MAX_DIGITS else digits


def _without_depths(text: str) -> str:
    """Replace values that are nested deeper than the limit."""
    parts: list[str] = []
    depth, kept, begin = 0, 0, 0
    for token in _TOKEN.finditer(text):
        letter = token.group()
        if letter in ("[", "{"):
            depth += 1
            if depth == limits.MAX_DEPTH + 1:
                begin = token.start()
        elif letter in ("]", "}"):
            if depth == limits.MAX_DEPTH + 1:
                parts += [text[kept:begin], json.dumps(TOO_DEEP)]
                kept = token.end()
            depth -= 1
    # Brackets that are never closed stay, so that the text is refused.
    return "".join([*parts, text[kept:] if depth == 0 else ""])


def is_shallow(value: Any, depth: int = limits.MAX_DEPTH) -> bool:
    """Return whether a JSON value is nested no deeper than the limit.

    :param value: the value.
    :param depth: the limit.
    """
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return not any(isinstance(each, (dict, list)) for each in level)
