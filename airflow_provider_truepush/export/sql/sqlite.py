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
    """Moments are text of one form, in UTC, as SQLAlchemy writes and reads them."""

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
        # At once for writing: a transaction that read first could not be upgraded beside another writer.
        cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    @override
    def is_transient(self, error: Exception) -> bool:
        return type(error).__name__ == "OperationalError" and any(word in str(error) for word in ("locked", "busy"))

    @override
    def adapt(self, value: Any) -> Any:
        return self.moments([value])[0] if isinstance(value, datetime) else value

    @override
    def moments(self, values: Sequence[Any]) -> list[Any]:
        # A third of the time that isoformat and strftime take for it.
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
    def replacing_view(self, name: str, question: str) -> Sequence[str]:
        return [f"DROP VIEW {name}", f"CREATE VIEW {name} AS {question}"]

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        """OpenLineage has no rule for SQLite: its file is the source, as OpenLineage has it with DuckDB."""
        question = "SELECT file FROM pragma_database_list WHERE lower(name) = lower(?) AND file != ''"
        row = self._first(question, schema or "main")
        return (f"sqlite://{row[0]}", []) if row else None

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        statement = self.rendered_once(table, lambda: on_conflict(sqlite.insert(table), table))
        cursor.executemany(statement, rows)

    @staticmethod
    def _quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'
