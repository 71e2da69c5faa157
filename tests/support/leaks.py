"""Look for a token in everything a run of the suite has written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

SQLITE = b"SQLite format 3\x00"


def leaks(folder: Path, token: str) -> Iterator[str]:
    """Each place below a folder where the token stands: files by their bytes, SQLite databases row by row too.

    The bytes of a database are not enough: a long value may be split over pages.
    """
    for path in sorted(folder.rglob("*")):
        # What vanishes while it is looked at (a journal, a lock) is not what the suite leaves behind.
        try:
            if not path.is_file():
                continue
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        if token.encode() in content:
            yield str(path.relative_to(folder))
        if content.startswith(SQLITE):
            yield from (f"{path.relative_to(folder)}: {row}" for row in _rows(path, token))


def _rows(database: Path, token: str) -> Iterator[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        for statement in connection.iterdump():
            if token in statement:
                yield statement.split("VALUES", 1)[0].strip()
    finally:
        connection.close()
