"""DuckDB, through its Airflow provider. Only one process at a time can open the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from typing_extensions import override

from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn
from airflow_provider_truepush.export.sql.upserts import on_conflict


class _DuckDialect(PGDialect):
    """PostgreSQL's SQL with the type names of DuckDB."""

    name = "duckdb"
    supports_statement_cache = False


class DuckdbEngine(Engine):
    """Pass rows to DuckDB as one list per column, because inserting row by row is slow. Times are stored in UTC."""

    dialect = _DuckDialect(paramstyle="qmark")  # type: ignore[no-untyped-call]
    types: ClassVar[Mapping[str, str]] = {
        "text": r"varchar",
        "int": r"bigint|hugeint",
        "time": r"timestamp",
        "bool": r"boolean",
        "json": r"varchar|json",
    }

    @contextmanager
    @override
    def transaction(self, connection: Any, *, writes: bool = True) -> Iterator[Any]:
        # A cursor of DuckDB is a separate connection, with its own transactions.
        connection.execute("BEGIN")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            self.rollback(connection)
            raise

    @override
    def rollback(self, connection: Any) -> None:
        with suppress(Exception):  # a transaction that failed to commit has been rolled back already
            connection.execute("ROLLBACK")

    @override
    def is_transient(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        text = str(error)
        # An upsert has no duplicate keys of its own: another thread of this process committed the same row meanwhile.
        return (
            "TransactionException" in names
            or ("IOException" in names and "lock" in text)
            or ("ConstraintException" in names and "Duplicate key" in text)
        )

    @override
    def has_schema(self, cursor: Any, schema: str) -> bool:
        query = "SELECT 1 FROM duckdb_schemas() WHERE database_name = current_database() AND schema_name = ?"
        return cursor.execute(query, (schema,)).fetchone() is not None

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        where = "table_schema = coalesce(?, current_schema()) AND table_catalog = current_database()"
        at = (schema, name)
        row = cursor.execute(
            f"SELECT table_type FROM information_schema.tables WHERE {where} AND lower(table_name) = lower(?)",
            at,
        ).fetchone()
        if row is None:
            return None
        columns = {
            column.lower(): FoundColumn(declared.lower(), bool(required))
            for column, declared, required in cursor.execute(
                "SELECT column_name, data_type, is_nullable = 'NO' AND column_default IS NULL"
                f" FROM information_schema.columns WHERE {where} AND lower(table_name) = lower(?)",
                at,
            ).fetchall()
        }
        keys = cursor.execute(
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = current_database()"
            " AND schema_name = coalesce(?, current_schema()) AND lower(table_name) = lower(?)"
            " AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')",
            at,
        ).fetchall()
        kind = "table" if row[0] == "BASE TABLE" else row[0].lower()
        return Found(kind, columns, [frozenset(name.lower() for name in names) for (names,) in keys])

    @override
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        row = cursor.execute(
            "SELECT sql FROM duckdb_views() WHERE database_name = current_database()"
            " AND schema_name = coalesce(?, current_schema()) AND lower(view_name) = lower(?)",
            (schema, name),
        ).fetchone()
        found: str | None = row[0] if row else None
        return found

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        row = self._first(
            "SELECT path, database_name, current_schema() FROM duckdb_databases()"
            " WHERE database_name = current_database() AND path IS NOT NULL"
        )
        return (f"duckdb://{row[0]}", [row[1], schema or row[2]]) if row else None

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        lists = [list(values) for values in zip(*rows, strict=True)]
        statement = self.rendered_once(table, lambda: on_conflict(postgresql.insert(table), table))
        marks = ", ".join("?" * len(lists))
        spread = ", ".join(
            f"unnest(CAST(? AS {self.dialect.type_compiler.process(column.type)}[]))" for column in table.c
        )
        cursor.execute(statement.replace(f"VALUES ({marks})", f"SELECT {spread}", 1), lists)
