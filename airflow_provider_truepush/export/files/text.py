"""Write JSON lines and CSV in UTF-8."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, BinaryIO

from airflow_provider_truepush.export.columns import FILE_COLUMNS, as_file_values
from airflow_provider_truepush.export.rows import StatsRow

#: One text per row, without the end of the line.
Lines = list[bytes]

_LONGEST_FIELD = 1 << 30
#: Rows that are read per chunk.
_CHUNK = 5000
_OBSERVED_AT = FILE_COLUMNS.index("observed_at")
_CAMPAIGN_ID = FILE_COLUMNS.index("campaign_id")
#: Template of a row as a JSON object, which is faster than encoding a dict.
_OBJECT = "{" + ",".join(f'"{name}":%s' for name in FILE_COLUMNS) + "}"


class TextWriter:
    """Write lines to a file.

    :param path: the file.
    :param gzipped: compress the file. The same rows have the same bytes.
    :param head: the first line.
    :param end: the end of each line.
    """

    def __init__(self, path: Path, *, gzipped: bool, head: bytes | None, end: bytes) -> None:
        self._end = end
        self._plain: BinaryIO = path.open("wb")
        self._file: Any = gzip.GzipFile("", "wb", 6, self._plain, mtime=0) if gzipped else self._plain
        if head is not None:
            self.append([head])

    def append(self, chunk: Lines) -> None:
        """Add rows."""
        if chunk:
            self._file.write(self._end.join(chunk) + self._end)

    def close(self) -> None:
        """Complete the file."""
        self._file.close()
        self._plain.close()


class TextFormat:
    """The common base of JSON lines and CSV.

    :param gzipped: compress the file.
    """

    name: str
    end: bytes
    head: bytes | None = None

    def __init__(self, *, gzipped: bool) -> None:
        self.gzipped = gzipped
        self.extension = self.name + (".gz" if gzipped else "")

    def writer(self, path: Path) -> TextWriter:
        """Begin a file."""
        return TextWriter(path, gzipped=self.gzipped, head=self.head, end=self.end)

    def load(self, path: Path) -> Iterator[Lines]:
        """Read a file, some thousands of rows at a time."""
        with path.open("rb") as plain, gzip.open(plain) if self.gzipped else plain as file:
            lines = self.lines(file)
            while chunk := list(islice(lines, _CHUNK)):
                yield chunk

    def lines(self, file: Any) -> Iterator[bytes]:
        """Yield the rows of an open file."""
        raise NotImplementedError

    def only(self, chunk: Lines, positions: Sequence[int]) -> Lines:
        """Some rows of a chunk."""
        return [chunk[position] for position in positions]

    def known(self, chunk: Lines) -> list[tuple[str, datetime]]:
        """``campaign_id`` and ``observed_at`` of each row."""
        raise NotImplementedError


class JsonLinesFormat(TextFormat):
    """One JSON object per line: counters are integers, times ISO 8601 in UTC, and ``raw`` is a string with JSON."""

    name = "jsonl"
    end = b"\n"

    def encode(self, rows: Sequence[StatsRow]) -> Lines:
        """Make lines of rows."""
        return [(_OBJECT % tuple(map(_literal, _values(row)))).encode() for row in rows]

    def lines(self, file: Any) -> Iterator[bytes]:
        """Yield the rows of an open file. A JSON object in this form has no line breaks."""
        return (line.removesuffix(self.end) for line in file)

    def known(self, chunk: Lines) -> list[tuple[str, datetime]]:
        """``campaign_id`` and ``observed_at`` of each row."""
        rows = map(json.loads, chunk)
        return [(row["campaign_id"], datetime.fromisoformat(row["observed_at"])) for row in rows]


class CsvFormat(TextFormat):
    """CSV of RFC 4180: a header line, commas, CRLF, and quotes where they are needed. None is an empty field.

    Titles are written unchanged. A spreadsheet reads a title that begins with ``=``, ``+``, ``-`` or ``@`` as a
    formula. If you do not trust the titles, import the file as text.
    """

    name = "csv"
    end = b"\r\n"
    head = ",".join(FILE_COLUMNS).encode()

    def encode(self, rows: Sequence[StatsRow]) -> Lines:
        """Make lines of rows."""
        return list(_csv_lines([_csv(value) for value in _values(row)] for row in rows))

    def lines(self, file: Any) -> Iterator[bytes]:
        """Yield the rows of an open file. A title may have line breaks."""
        with io.TextIOWrapper(file, "utf-8", newline="") as text:
            read = _read_rows(_complete(text, self.end.decode()))
            if next(read, None) != list(FILE_COLUMNS):
                raise ValueError("its columns differ from those of this version")
            yield from _csv_lines(map(_whole, read))

    def known(self, chunk: Lines) -> list[tuple[str, datetime]]:
        """``campaign_id`` and ``observed_at`` of each row."""
        rows = [next(_read_rows(io.StringIO(line.decode(), newline=""))) for line in chunk]
        return [(row[_CAMPAIGN_ID], datetime.fromisoformat(row[_OBSERVED_AT])) for row in rows]


def _values(row: StatsRow) -> tuple[Any, ...]:
    """Return the values in the order of the columns, with times as text."""
    return tuple(_moment(value) if isinstance(value, datetime) else value for value in as_file_values(row))


def _literal(value: str | int | bool | None) -> Any:
    """Encode a value as JSON."""
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else value


def _read_rows(file: Iterable[str]) -> Iterator[list[str]]:
    """Read rows with fields of any length.

    Python writes fields of any length, but refuses to read fields above 131,072 characters. The limit applies to the
    whole process and is raised while a file is read. Fields are bounded, because Truepush's answers are.
    """
    former = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield from csv.reader(file, strict=True)
    finally:
        csv.field_size_limit(former)


def _complete(lines: Iterable[str], end: str) -> Iterator[str]:
    """Yield the lines of a file. Raise ValueError if the file was cut off."""
    line = end
    for line in lines:
        yield line
    if not line.endswith(end):
        raise ValueError("it ends in the middle of a row")


def _csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    line = io.StringIO(newline="")
    writer = csv.writer(line, lineterminator="\r\n")  # the line terminator decides which fields are quoted
    for row in rows:
        writer.writerow(row)
        yield line.getvalue().removesuffix("\r\n").encode()
        line.seek(0)
        line.truncate()


def _whole(row: list[str]) -> list[str]:
    """Return a row of a file. Raise ValueError if a part of it is missing."""
    if len(row) != len(FILE_COLUMNS):
        raise ValueError("it ends in the middle of a row")
    return row


def _csv(value: Any) -> Any:
    return str(value).lower() if value is True or value is False else value


def _moment(value: datetime) -> str:
    """Return ISO 8601 with six digits of a second, so that the text sorts like the time."""
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
