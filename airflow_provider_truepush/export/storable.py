"""Text and JSON in a form that every database and file can store. No Airflow, no I/O."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.api.checks.text import writable

#: The largest number in a signed column of 64 bits.
LARGEST = 2**63 - 1
#: Levels of nesting in JSON that every database accepts. MariaDB accepts 32.
DEEPEST = 25
#: The key in ``raw`` that flags a title which is not stored as Truepush returned it.
TITLE_REPLACED = "title_replaced"
#: MySQL's charset of at most three bytes per character. Python has no codec for it.
BASIC_PLANE = "utf8mb3"


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The limits of a database's text columns.

    :param encodings: Python's names of the columns' encodings, or ``utf8mb3``; empty when all of Unicode can be stored.
    :param max_characters: maximum length of a title in characters; None for no limit.
    :param max_bytes: maximum length of a title in bytes of UTF-8; None for no limit.
    """

    encodings: tuple[str, ...] = ()
    max_characters: int | None = None
    max_bytes: int | None = None

    def holds(self, text: str) -> bool:
        """Return whether every character of a text can be stored."""
        return all(_encodes(encoding, text) for encoding in self.encodings)

    def fit(self, text: str) -> str:
        """Replace each character that cannot be stored by U+FFFD, or by ``?`` if U+FFFD cannot be stored either."""
        if self.encodings and not self.holds(text):
            mark = "\ufffd" if self.holds("\ufffd") else "?"
            text = "".join(one if self.holds(one) else mark for one in text)
        return text

    def fit_title(self, title: str) -> str:
        """Replace characters of a title that cannot be stored, and cut off a title that is too long for its column."""
        title = self.fit(title)
        if self.max_characters is not None and len(title) > self.max_characters:
            title = title[: self.max_characters]
        if self.max_bytes is not None and len(title.encode()) > self.max_bytes:
            title = title.encode()[: self.max_bytes].decode("utf-8", "ignore")
        return title


def raw_json(
    extra: Mapping[str, Any], *, title_replaced: bool = False, fit: Callable[[str], str] = writable
) -> str | None:
    """Return counters without a column as JSON text with sorted keys; None when there are none.

    :param title_replaced: adds the flag of a title that is not stored as Truepush returned it.
    :param fit: makes a text storable.
    """
    if not extra and not title_replaced:
        return None
    storable = _storable(extra, fit, DEEPEST)
    if title_replaced:
        storable[TITLE_REPLACED] = True
    return json.dumps(storable, sort_keys=True, separators=(",", ":"))


def _storable(value: Any, fit: Callable[[str], str], levels: int) -> Any:
    """Return JSON that every database accepts. A number that some databases reject becomes text."""
    if isinstance(value, str):
        return fit(writable(value))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and not -LARGEST <= value <= LARGEST:
        return _digits(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (Mapping, list, tuple)) and not levels:
        return f"(nested more than {DEEPEST} levels deep)"
    if isinstance(value, Mapping):
        return {fit(writable(str(key))): _storable(inner, fit, levels - 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(inner, fit, levels - 1) for inner in value]
    return value


def _digits(number: int) -> str:
    try:
        return str(number)
    except ValueError:  # Python writes at most 4,300 digits
        return f"{'-' if number < 0 else ''}about 10^{round(number.bit_length() * math.log10(2))}"


def _encodes(encoding: str, text: str) -> bool:
    if encoding == BASIC_PLANE:
        return all(ord(one) <= 0xFFFF for one in text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
