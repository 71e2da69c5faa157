"""The text format of PostgreSQL's COPY, for psycopg2, which cannot encode rows for COPY itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

#: Rows that are encoded at once: enough for encoding by column to pay off, and few enough to keep the server busy.
_SLICE = 500
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class TextOfRows:
    """Rows as a text file that is encoded while it is read, so that client and server work at the same time.

    :param rows: rows of str, int, bool, datetime and None.
    """

    def __init__(self, rows: Sequence[Sequence[Any]]) -> None:
        self._slices = self._made(rows)

    def read(self, size: int = -1) -> str:
        """Return the next slice, of any length; an empty string at the end. psycopg2 accepts more than ``size``."""
        return next(self._slices, "")

    @staticmethod
    def _made(rows: Sequence[Sequence[Any]]) -> Iterator[str]:
        for begin in range(0, len(rows), _SLICE):
            # Encoded by column, because most columns repeat one value.
            columns = [_column(values) for values in zip(*rows[begin : begin + _SLICE], strict=True)]
            yield "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _column(values: Sequence[Any]) -> Sequence[str]:
    kinds = set(map(type, values))
    if kinds == {int}:
        return list(map(str, values))
    if len(values) > 1 and values[0] == values[-1] and len(set(values)) == 1:
        return [_value(values[0])] * len(values)
    return list(map(_value, values))


def _value(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return value.isoformat()
    written = str(value)
    return written if written.isalnum() else written.translate(_ESCAPED)
