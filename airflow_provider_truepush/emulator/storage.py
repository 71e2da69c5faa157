"""The state file: every change is on disk before its answer is sent, so a killed emulator forgets nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow_provider_truepush.emulator.errors import TruepushStateFileError
from airflow_provider_truepush.emulator.records import Record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (kind, id)
);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_PUT = "INSERT INTO objects (kind, id, data) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET data = excluded.data"


class Storage:
    """A SQLite file, or nothing.

    :param path: the file; it is created if it does not exist. None keeps nothing.
    """

    def __init__(self, path: str | Path | None) -> None:
        self._db: sqlite3.Connection | None = None
        self._depth = 0
        if path is None:
            return
        try:
            # The emulator's lock admits one thread at a time.
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=1.0)
            # One emulator per file: two of them would overwrite each other's campaigns.
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self.close()
            raise TruepushStateFileError(
                f"The state file {path} cannot be used ({error}). The emulator was not started. Stop the emulator that "
                "uses the file, or name another file."
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Save all changes inside together, or none of them; can be nested."""
        if self._db is None:
            yield
            return
        if not self._depth:
            self._db.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if not self._depth:
                self._db.execute("ROLLBACK")
            raise
        self._depth -= 1
        if not self._depth:
            self._db.execute("COMMIT")

    def put(self, *records: Record) -> None:
        """Save records, in place of older ones of the same kind and id."""
        self.put_many(records)

    def put_many(self, records: Iterable[Record]) -> None:
        """Save many records."""
        if self._db is not None:
            self._db.executemany(_PUT, ((record.KIND, record.id, record.dump()) for record in records))

    def remove(self, record: Record) -> None:
        """Delete a record."""
        if self._db is not None:
            self._db.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (record.KIND, record.id))

    def clear(self) -> None:
        """Delete everything but the projects."""
        if self._db is not None:
            self._db.execute("DELETE FROM objects WHERE kind != 'project'")

    def set_meta(self, key: str, value: Any) -> None:
        """Save a value that belongs to no record."""
        if self._db is not None:
            self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, json.dumps(value)))

    def meta(self, key: str) -> Any:
        """Return a value that :meth:`set_meta` saved, or None."""
        if self._db is None:
            return None
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield kind and text of every record, in the order of their creation."""
        if self._db is not None:
            yield from self._db.execute("SELECT kind, data FROM objects ORDER BY position")

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None
