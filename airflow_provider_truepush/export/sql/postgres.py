"""PostgreSQL, through psycopg 3 or psycopg2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, ClassVar

from sqlalchemy import Table, select, table as table_clause
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import column
from typing_extensions import override

from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn, Row
from airflow_provider_truepush.export.sql.tables import Tables
from airflow_provider_truepush.export.sql.upserts import on_conflict

#: Begins of SQLSTATE: lost connections, deadlocks, too many connections, locks, a server that stops or starts.
_PASSING = ("08", "40", "53300", "55P03", "57P")
_STAGE = "truepush_stage"
_TEXT = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class PostgresEngine(Engine):
    """Rows are copied into a temporary table and merged from there."""

    dialect = PGDialect(paramstyle="format")  # type: ignore[no-untyped-call]
    types: ClassVar[Mapping[str, str]] = {
        "text": r"character varying.*|text",
        "int": r"bigint|numeric(\(\d+,0\))?",
        "time": r"timestamp(\(6\))? with time zone",
        "bool": r"boolean",
        "json": r"jsonb?|text",
    }

    @override
    def connect(self) -> Any:
        connection = super().connect()
        # An export's transactions are its own to commit.
        connection.autocommit = False
        return connection

    @override
    def cursor(self, connection: Any) -> Any:
        # The connection may be set to give dicts.
        if type(connection).__module__.startswith("psycopg2"):
            from psycopg2.extensions import cursor  # type: ignore[import-untyped]

            return connection.cursor(cursor_factory=cursor)
        from psycopg.rows import tuple_row

        return connection.cursor(row_factory=tuple_row)

    @override
    def passes(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        if not names & {"OperationalError", "InterfaceError"}:
            return False
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        return state is None or state.startswith(_PASSING)

    @override
    def adapt(self, value: Any) -> Any:
        return value

    @override
    def has_schema(self, cursor: Any, schema: str) -> bool:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
        return cursor.fetchone() is not None

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        cursor.execute(
            "SELECT oid, relkind::text, pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = to_regclass(%s)",
            (self.qualified(name, schema),),
        )
        if not (row := cursor.fetchone()):
            return None
        oid, kind, owner = row
        cursor.execute(
            "SELECT attname::text, format_type(atttypid, atttypmod),"
            " attnotnull AND NOT atthasdef AND attidentity::text = ''"
            " FROM pg_attribute WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped",
            (oid,),
        )
        columns = {column: FoundColumn(declared.lower(), required) for column, declared, required in cursor.fetchall()}
        cursor.execute(
            "SELECT array(SELECT attname::text FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY(indkey))"
            " FROM pg_index WHERE indrelid = %s AND indisunique AND indisvalid AND indpred IS NULL"
            " AND indexprs IS NULL AND indimmediate",
            (oid,),
        )
        keys = [frozenset(names) for (names,) in cursor.fetchall()]
        kinds = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
        return Found(kinds.get(kind, f"relation of kind {kind}"), columns, keys, owner)

    @override
    def probe(self, cursor: Any, table: Table) -> None:
        super().probe(cursor, table)
        self._make_stage(cursor, table)
        cursor.execute(f"DROP TABLE {_STAGE}")

    @override
    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        self._make_stage(cursor, table)
        self._copy(cursor, rows)
        self._move(cursor, table, {})
        cursor.execute(f"DROP TABLE {_STAGE}")

    @override
    def write(self, cursor: Any, tables: Tables, stats: Sequence[Row], campaigns: Sequence[Row]) -> None:
        self._make_stage(cursor, tables.history)
        self._copy(cursor, stats)
        self._move(cursor, tables.history, {})
        self._move(cursor, tables.latest, {})
        named = {"id": "campaign_id", "first_seen": "observed_at", "last_seen": "observed_at"}
        self._move(cursor, tables.campaigns, named)
        cursor.execute(f"DROP TABLE {_STAGE}")

    def _make_stage(self, cursor: Any, table: Table) -> None:
        """A table of the transaction's own: poolers give each transaction another session."""
        columns = [f"{self.quote(c.name)} {self.dialect.type_compiler.process(c.type)}" for c in table.c]
        cursor.execute(f"CREATE TEMPORARY TABLE {_STAGE} ({', '.join(columns)}) ON COMMIT DROP")

    def _copy(self, cursor: Any, rows: Sequence[Row]) -> None:
        text = _copy_text(rows)
        command = f"COPY {_STAGE} FROM STDIN"
        if hasattr(cursor, "copy_expert"):
            cursor.copy_expert(command, StringIO(text))
            return
        with cursor.copy(command) as copy:
            copy.write(text)

    def _move(self, cursor: Any, target: Table, named: dict[str, str]) -> None:
        """Move the rows on.

        :param named: columns of the target that the stage has under another name.
        """
        names = [c.name for c in target.c]
        staged: Any = select(*(column(named.get(name, name)) for name in names))
        statement = postgresql.insert(target).from_select(names, staged.select_from(table_clause(_STAGE)))
        cursor.execute(self.render(on_conflict(statement, target)))


def _copy_text(rows: Sequence[Row]) -> str:
    """Rows in the text format of COPY; made column by column, since most columns hold one value again and again."""
    columns = [_column(values) for values in zip(*rows, strict=True)]
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


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
    return written if written.isalnum() else written.translate(_TEXT)
