"""SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from typing_extensions import override

from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn
from airflow_provider_truepush.export.sql.upserts import on_conflict


class SqliteEngine(Engine):
    """Times are stored as text in UTC, in the format that SQLAlchemy writes and reads."""

    dialect = sqlite.dialect(paramstyle="qmark")
    types: ClassVar[Mapping[str, str]] = {
        "text": r".*(char|clob|text).*",
        "int": r".*int.*",
        "time": r"date.*|time.*|text",
        "bool": r"bool.*|.*int.*",
        "json": r"json.*|.*(char|clob|text).*",
    }

    @override
    def begin(self, cursor: Any, *, writes: bool) -> None:
        # Takes the write lock at once: a transaction that has read cannot get it while another one writes.
        cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    @override
    def is_transient(self, error: Exception) -> bool:
        return type(error).__name__ == "OperationalError" and any(word in str(error) for word in ("locked", "busy"))

    @override
    def adapt(self, value: Any) -> Any:
        return self.moments([value])[0] if isinstance(value, datetime) else value

    @override
    def moments(self, values: Sequence[Any]) -> list[Any]:
        # Three times as fast as isoformat or strftime.
        return [
            None
            if value is None
            else "%04d-%02d-%02d %02d:%02d:%02d.%06d"  # noqa: UP031 (and less than an f-string takes)
            % (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond)
            for value in values
            for utc in (value if value is None or value.tzinfo is UTC else value.astimezone(UTC),)
        ]

    @override
    def has_schema(self, cursor: Any, schema: str) -> bool:
        return schema.lower() in {row[1].lower() for row in cursor.execute("PRAGMA database_list").fetchall()}

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        at = f"{self.quote(schema)}." if schema else ""
        cursor.execute(f"SELECT type, name FROM {at}sqlite_master WHERE lower(name) = lower(?)", (name,))
        rows = cursor.fetchall()
        if not rows:
            return None
        kind, own_name = rows[0]
        quoted = self._quoted(own_name)
        columns, primary = {}, set()
        for _, column, declared, required, default, in_key in cursor.execute(
            f"PRAGMA {at}table_info({quoted})"
        ).fetchall():
            columns[column.lower()] = FoundColumn(declared.lower(), bool(required) and default is None)
            if in_key:
                primary.add(column.lower())
        keys = [frozenset(primary)] if primary else []
        for _, index, unique, _, partial in cursor.execute(f"PRAGMA {at}index_list({quoted})").fetchall():
            if unique and not partial:
                parts = cursor.execute(f"PRAGMA {at}index_info({self._quoted(index)})").fetchall()
                keys.append(frozenset(str(part[2]).lower() for part in parts))
        return Found(kind, columns, keys)

    @override
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        at = f"{self.quote(schema)}." if schema else ""
        cursor.execute(f"SELECT sql FROM {at}sqlite_master WHERE type = 'view' AND lower(name) = lower(?)", (name,))
        row = cursor.fetchone()
        found: str | None = row[0] if row else None
        return found

    @override
    def replacing_view(self, name: str, query: str) -> Sequence[str]:
        return [f"DROP VIEW {name}", f"CREATE VIEW {name} AS {query}"]

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        """Return the path of the file. OpenLineage has no naming rule for SQLite; this follows the one for DuckDB."""
        query = "SELECT file FROM pragma_database_list WHERE lower(name) = lower(?) AND file != ''"
        row = self._first(query, schema or "main")
        return (f"sqlite://{row[0]}", []) if row else None

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        statement = self.rendered_once(table, lambda: on_conflict(sqlite.insert(table), table))
        cursor.executemany(statement, rows)

    @staticmethod
    def _quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'
