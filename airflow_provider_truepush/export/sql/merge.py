"""Databases with MERGE: Snowflake, BigQuery, Redshift, Databricks SQL and SQL Server. A record describes each."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Table
from sqlalchemy.engine.default import DefaultDialect
from typing_extensions import override

from airflow_provider_truepush.export.columns import BY_NAME, STAGED, as_staged
from airflow_provider_truepush.export.rows import StatsRow
from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn, Row
from airflow_provider_truepush.export.sql.errors import class_and_text
from airflow_provider_truepush.export.sql.merge_dialects import BIGQUERY, DATABRICKS, SQL_SERVER, MergeDialect
from airflow_provider_truepush.export.sql.tables import Tables
from airflow_provider_truepush.export.storable import TextLimits

T = TypeVar("T")

log = logging.getLogger(__name__)

_PARAMSTYLES = {"?": "qmark", "%s": "format", ":1": "numeric"}
#: Words in the errors of concurrent exports, deadlocks and lost connections.
_PASSING = (
    "concurrent",
    "deadlock",
    "serializ",
    "connection",
    "was reset",
    "timed out",
    "closed",
    "lock timeout",
    "locked table",
)


class MergeEngine(Engine):
    """Stage the rows of a batch, and merge them with one statement per table.

    :param hook: the hook.
    :param described: the record of the hook's database.
    """

    types: ClassVar[Mapping[str, str]] = {}

    def __init__(self, hook: Any, described: MergeDialect) -> None:
        super().__init__(hook)
        self.described = described
        self._connection: Any = None
        self.chunk = described.ids
        self.locks_a_row = described.locks_a_row
        self.dialect = _dialect(described, _PARAMSTYLES.get(getattr(hook, "placeholder", "%s"), "format"))

    # Connections

    @override
    def connect(self) -> Any:
        self._connection = connection = super().connect()
        self._set_autocommit(connection, not self.described.transactional)
        for statement in self.described.session:
            self._settle(connection, statement)
        return connection

    def _settle(self, connection: Any, statement: str) -> None:
        """Run a statement that configures the session. Times are sent in UTC without a time zone."""
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)
            if self.described.transactional:
                self.commit(connection)
        except Exception as error:
            log.warning(
                "The database rejected the session setting %r (%s). The export continues.",
                statement,
                class_and_text(error),
            )
            self.rollback(connection)

    def _set_autocommit(self, connection: Any, on: bool) -> None:
        if callable(getattr(connection, "autocommit", None)):
            connection.autocommit(on)
        elif hasattr(connection, "autocommit"):
            with suppress(AttributeError, NotImplementedError):  # a driver without transactions
                connection.autocommit = on

    @override
    def commit(self, connection: Any) -> None:
        with suppress(NotImplementedError):  # Databricks has no transactions
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
        # Not every database has a full catalog: a Hive metastore of Databricks has no INFORMATION_SCHEMA.
        try:
            found = self._catalogued(cursor, name, schema)
        except Exception as error:
            log.debug("Could not read the catalog (%s).", class_and_text(error))
            self._undo()
            found = None
        if found is None:
            found = self.selected(cursor, name, schema)
            self._undo()
        return found

    def _undo(self) -> None:
        """Leave a transaction that a failed query may have aborted. Nothing was written in it."""
        if self._connection is not None and self.described.transactional:
            self.rollback(self._connection)

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
    def replacing_view(self, name: str, query: str) -> Sequence[str]:
        return []

    @override
    def probe(self, cursor: Any, table: Table) -> None:
        key = self.quote(next(iter(table.primary_key)).name)
        cursor.execute(f"DELETE FROM {self.name_of(table)} WHERE {key} IS NULL AND 1 = 0")

    @override
    def prepare_writes(self, cursor: Any, tables: Tables) -> None:
        if self.locks_a_row:
            name = self.name_of(tables.lock)
            cursor.execute(merge_text.lock_row(name, self.quote))
            cursor.execute(f"{merge_text.locking(name, self.quote)} AND 1 = 0")

    @override
    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        return TextLimits(max_bytes=self.described.longest)

    # Writing

    @override
    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        # The stage has more columns than the statistics tables.
        more = (None,) * (len(STAGED) - len(table.c))
        for parameters in self._staged(cursor, [(*row, *more) for row in rows]):
            self._merge(cursor, table, parameters)

    @override
    def write(self, cursor: Any, tables: Tables, rows: Sequence[StatsRow]) -> None:
        # A row older than the history is older than the latest too, but not vice versa. So where older rows are removed
        # from the stage, the history comes before the latest. Without a transaction the history comes last: a later try
        # skips the campaigns that have a row there.
        order = (tables.campaigns, tables.history, tables.latest)
        if not self.described.transactional:
            order = (tables.campaigns, tables.latest, tables.history)
        is_locked = False
        with closing(self._staged(cursor, list(map(as_staged, rows)))) as staged:
            for parameters in staged:
                if not is_locked:
                    self._lock(cursor, tables)
                    is_locked = True
                for table in order:
                    self._merge(cursor, table, parameters)

    def _lock(self, cursor: Any, tables: Tables) -> None:
        """Make a second export wait until the end of the transaction."""
        if self.described.lock:
            names = ", ".join(self.name_of(table) for table in tables.each())
            cursor.execute(self.described.lock.format(tables=names))

    def _merge(self, cursor: Any, table: Table, parameters: tuple[Any, ...]) -> None:
        name = self.name_of(table)
        if not self.described.guarded and "observed_at" in table.c:
            cursor.execute(merge_text.removal(self.described, table, name, self.quote))
        cursor.execute(merge_text.merging(self.described, table, name, self._mark(0), self.quote), parameters)

    def _staged(self, cursor: Any, rows: Sequence[Row]) -> Generator[tuple[Any, ...]]:
        """Stage the rows, and yield the parameters of the MERGE statements, once per staged part."""
        described = self.described
        if described.staging != "insert":
            for objects in _parts([as_object(row) for row in rows], len(rows), described.characters, len):
                yield (f"[{','.join(objects)}]",)
            return
        cursor.execute(merge_text.stage_definition(described, self.quote))
        most = max(1, described.parameters // len(STAGED))
        adapted = [tuple(map(self.adapt, row)) for row in rows]
        for part in _parts(adapted, most, described.characters, _characters):
            statement = merge_text.insertion(described, len(part), self._mark, self.quote)
            cursor.execute(statement, tuple(value for row in part for value in row))
        yield ()
        cursor.execute(f"DROP TABLE {described.stage}")

    def _mark(self, number: int) -> str:
        style = self.dialect.paramstyle
        return {"qmark": "?", "numeric": f":{number + 1}"}.get(style, "%s")


def _parts(rows: Sequence[T], most: int, characters: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """Split rows so that each part fits into one statement.

    :param most: maximum number of rows in a part.
    :param characters: maximum number of characters in a part, unless a single row has more.
    :param size: returns the number of characters of a row.
    """
    part: list[T] = []
    used = 0
    for row in rows:
        if part and (len(part) >= most or used + size(row) > characters):
            yield part
            part, used = [], 0
        part.append(row)
        used += size(row)
    if part:
        yield part


def _characters(row: Row) -> int:
    return sum(len(value) if isinstance(value, str) else 24 for value in row)


def as_object(row: Row, between: str = "T") -> str:
    """Return a row as a JSON object. None is left out, because not every database reads a JSON null as NULL.

    :param between: the text between date and time.
    """
    pairs = zip(STAGED, row, strict=True)
    values = {column.name: _json_value(value, between) for column, value in pairs if value is not None}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _json_value(value: Any, between: str) -> Any:
    return value.astimezone(UTC).strftime(f"%Y-%m-%d{between}%H:%M:%S.%f") if isinstance(value, datetime) else value


def _dialect(described: MergeDialect, paramstyle: Any) -> Any:
    """Return the dialect that quotes names and renders queries. SQLAlchemy's own ones need the databases' drivers."""
    if described is SQL_SERVER:
        from sqlalchemy.dialects import mssql

        return mssql.dialect(paramstyle=paramstyle)  # type: ignore[no-untyped-call]
    dialect = DefaultDialect(paramstyle="qmark" if described is BIGQUERY else paramstyle)
    dialect.supports_native_boolean = True
    if described in (BIGQUERY, DATABRICKS):
        preparer = dialect.identifier_preparer
        preparer.initial_quote = preparer.final_quote = "`"
        preparer.escape_quote, preparer.escape_to_quote = "`", "``"
    return dialect
