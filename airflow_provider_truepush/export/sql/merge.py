"""Databases with MERGE: Snowflake, Redshift, Databricks SQL, SQL Server. A record describes each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.engine.default import DefaultDialect
from typing_extensions import override

from airflow_provider_truepush.export.columns import BY_NAME, COLUMNS
from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn, Row
from airflow_provider_truepush.export.sql.merge_dialects import DATABRICKS, SQL_SERVER, MergeDialect
from airflow_provider_truepush.export.sql.tables import Tables
from airflow_provider_truepush.export.storable import TextLimits

_PARAMSTYLES = {"?": "qmark", "%s": "format", ":1": "numeric"}
#: Words of errors that another export, a deadlock or a lost connection causes.
_PASSING = ("concurrent", "deadlock", "serializ", "connection", "was reset", "timed out", "closed", "lock timeout")


class MergeEngine(Engine):
    """Stages the rows of a batch, and merges them with one statement per table.

    :param hook: the hook.
    :param described: the record of its database.
    """

    types: ClassVar[Mapping[str, str]] = {}

    def __init__(self, hook: Any, described: MergeDialect) -> None:
        super().__init__(hook)
        self.described = described
        self.chunk = described.ids
        self.dialect = _dialect(described, _PARAMSTYLES.get(getattr(hook, "placeholder", "%s"), "format"))

    # Connections

    @override
    def connect(self) -> Any:
        connection = super().connect()
        self._set_autocommit(connection, not self.described.transactional)
        with closing(connection.cursor()) as cursor:
            for statement in self.described.session:
                cursor.execute(statement)
        if self.described.transactional:
            self.commit(connection)
        return connection

    def _set_autocommit(self, connection: Any, on: bool) -> None:
        if callable(getattr(connection, "autocommit", None)):
            connection.autocommit(on)
        elif hasattr(connection, "autocommit"):
            with suppress(AttributeError, NotImplementedError):  # a driver without transactions
                connection.autocommit = on

    @override
    def commit(self, connection: Any) -> None:
        with suppress(NotImplementedError):  # Databricks knows none
            connection.commit()

    @override
    def is_transient(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        message = str(error).lower()
        refused = "authentication" in message or "password" in message
        return bool(names & {"OperationalError", "InterfaceError", "DatabaseError", "ServerOperationError"}) and (
            not refused and any(word in message for word in _PASSING)
        )

    # Definitions

    @override
    def type_of(self, column: Any) -> str:
        return merge_text.type_of(self.described, BY_NAME[column.name])

    @override
    def definition(self, table: Table) -> str:
        return merge_text.definition(self.described, table, self.name_of(table), self.quote)

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        try:
            return self._catalogued(cursor, name, schema)
        except Exception:  # a metastore without INFORMATION_SCHEMA
            connection = getattr(cursor, "connection", None)
            if connection is not None and self.described.transactional:
                self.rollback(connection)
            return self.selected(cursor, name, schema)

    def _catalogued(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        mark = self._mark(0)
        now = self.described.schema_now if schema is None else self._mark(1)
        where = f"LOWER(table_name) = LOWER({mark}) AND LOWER(table_schema) = LOWER({now})"
        values = (name,) if schema is None else (name, schema)
        cursor.execute(f"SELECT table_type FROM information_schema.tables WHERE {where}", values)
        if not (row := cursor.fetchone()):
            return None
        cursor.execute(
            f"SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE {where}",
            values,
        )
        columns = {
            str(column).lower(): FoundColumn(str(declared).lower(), nullable == "NO" and default is None)
            for column, declared, nullable, default in cursor.fetchall()
        }
        kind = str(row[0]).lower()
        is_table = "view" not in kind
        return Found("table" if is_table else kind, columns, None)

    @override
    def replacing_view(self, name: str, question: str) -> Sequence[str]:
        return []

    @override
    def probe(self, cursor: Any, table: Table) -> None:
        key = self.quote(next(iter(table.primary_key)).name)
        cursor.execute(f"DELETE FROM {self.name_of(table)} WHERE {key} IS NULL AND 1 = 0")

    @override
    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        return TextLimits(max_bytes=self.described.longest)

    # Writing

    @override
    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        with self._staged(cursor, rows) as parameters:
            self._merge(cursor, table, parameters)

    @override
    def write(self, cursor: Any, tables: Tables, stats: Sequence[Row], campaigns: Sequence[Row]) -> None:
        if self.described.lock:
            names = ", ".join(self.name_of(table) for table in tables.each())
            cursor.execute(self.described.lock.format(tables=names))
        # What is older than the history is older than the latest, not the other way: where rows are removed from the
        # stage, the history comes before the latest. Without a transaction it comes last: its rows are what a further
        # try goes by.
        order = (tables.campaigns, tables.history, tables.latest)
        if not self.described.transactional:
            order = (tables.campaigns, tables.latest, tables.history)
        with self._staged(cursor, stats) as parameters:
            for table in order:
                self._merge(cursor, table, parameters)

    def _merge(self, cursor: Any, table: Table, parameters: tuple[Any, ...]) -> None:
        name = self.name_of(table)
        if not self.described.guarded and "observed_at" in table.c:
            cursor.execute(merge_text.removal(self.described, table, name, self.quote))
        cursor.execute(merge_text.merging(self.described, table, name, self._mark(0), self.quote), parameters)

    @contextmanager
    def _staged(self, cursor: Any, rows: Sequence[Row]) -> Iterator[tuple[Any, ...]]:
        """Stage rows; yields the parameters of each MERGE."""
        if self.described.staging != "insert":
            yield (_as_json(rows),)
            return
        cursor.execute(merge_text.stage_definition(self.described, self.quote))
        for part in self._parts([tuple(map(self.adapt, row)) for row in rows]):
            statement = merge_text.insertion(self.described, len(part), self._mark, self.quote)
            cursor.execute(statement, tuple(value for row in part for value in row))
        yield ()
        cursor.execute(f"DROP TABLE {self.described.stage}")

    def _parts(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Split rows so that each part fits into one statement."""
        most = max(1, self.described.parameters // len(COLUMNS))
        part: list[Row] = []
        characters = 0
        for row in rows:
            size = sum(len(value) if isinstance(value, str) else 24 for value in row)
            if part and (len(part) >= most or characters + size > self.described.characters):
                yield part
                part, characters = [], 0
            part.append(row)
            characters += size
        if part:
            yield part

    def _mark(self, number: int) -> str:
        style = self.dialect.paramstyle
        return {"qmark": "?", "numeric": f":{number + 1}"}.get(style, "%s")


def _as_json(rows: Sequence[Row]) -> str:
    return json.dumps([dict(zip(COLUMNS, map(_json_value, row), strict=True)) for row in rows], separators=(",", ":"))


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return Engine.moment(value).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return value


def _dialect(described: MergeDialect, paramstyle: Any) -> Any:
    """Return what quotes names and renders questions. SQLAlchemy's own dialects come with the drivers, if at all."""
    if described is SQL_SERVER:
        from sqlalchemy.dialects import mssql

        return mssql.dialect(paramstyle=paramstyle)  # type: ignore[no-untyped-call]
    dialect = DefaultDialect(paramstyle=paramstyle)
    if described is DATABRICKS:
        preparer = dialect.identifier_preparer
        preparer.initial_quote = preparer.final_quote = "`"
        preparer.escape_quote, preparer.escape_to_quote = "`", "``"
    return dialect
