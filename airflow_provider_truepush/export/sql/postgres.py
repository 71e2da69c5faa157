"""PostgreSQL, through psycopg 3 or psycopg2."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, ClassVar

from sqlalchemy import Table, cast, select, table as table_clause
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.sql import ClauseElement, column
from typing_extensions import override

from airflow_provider_truepush.export.columns import STAGED_AS, as_staged
from airflow_provider_truepush.export.rows import StatsRow
from airflow_provider_truepush.export.sql.copy_text import TextOfRows
from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn, Row
from airflow_provider_truepush.export.sql.tables import KINDS, STAGE, Tables
from airflow_provider_truepush.export.sql.upserts import on_conflict
from airflow_provider_truepush.export.storable import TextLimits

#: Prefixes of the SQLSTATE of lost connections, deadlocks, locks, too many connections, and a server that is stopping
#: or starting.
_PASSING = ("08", "40", "53300", "55P03", "57P")
#: A failure to connect has no SQLSTATE; only the message shows the cause. These words are checked before those of an
#: unreachable server, because with several hosts the message has a line per host.
_REFUSED = re.compile(r"authenticat|password|pg_hba|does not exist|certificate|permission denied", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"refused|no such file or directory|closed the connection|reset by peer|broken pipe|timed? ?out|timeout expired"
    r"|no route to host|unreachable|temporary failure in name|starting up|shutting down|recovery|not yet accepting"
    r"|too many (clients|connections)|connection slots|no more connections|eof detected|connection has been closed"
    r"|could not (receive|send) data",
    re.IGNORECASE,
)
#: Python's names of PostgreSQL's encodings; empty for those that store every text. Encodings not listed count as ASCII.
_ENCODINGS = {
    "UTF8": "",
    "SQL_ASCII": "",
    **{f"LATIN{n}": f"iso8859-{part}" for n, part in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), 1)},
    **{f"ISO_8859_{n}": f"iso8859-{n}" for n in (5, 6, 7, 8)},
    **{f"WIN{n}": f"cp{n}" for n in (866, 874, *range(1250, 1259))},
    "KOI8R": "koi8-r",
    "KOI8U": "koi8-u",
    "EUC_CN": "gb2312",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
}
#: The type that psycopg 3 sends for each kind of column. JSON is text already.
_SENT = {"text": "text", "int": "int8", "time": "timestamptz", "bool": "bool", "json": "text"}


class PostgresEngine(Engine):
    """Copy the rows into a temporary table, and upsert them from there."""

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
        # The export commits its own transactions.
        connection.autocommit = False
        self._settle(connection)
        if hasattr(connection, "prepare_threshold"):
            # A pooler may run a prepared statement in another session, where it does not exist.
            connection.prepare_threshold = None
        return connection

    @staticmethod
    def _settle(connection: Any) -> None:
        """Set the encoding, date style and time zone that the drivers expect.

        A role or a database may have other settings: psycopg returns bytes for texts of an SQL_ASCII database, and
        reads times in the ISO date style only. PgBouncer keeps these settings across sessions.
        """
        if hasattr(connection, "set_client_encoding"):
            connection.set_client_encoding("UTF8")  # psycopg2 needs to know the encoding, too
        with closing(connection.cursor()) as cursor:
            cursor.execute("SET client_encoding TO 'UTF8'")
            cursor.execute("SET datestyle TO 'ISO, YMD'")
            cursor.execute("SET timezone TO 'UTC'")
        connection.commit()

    @override
    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        cursor.execute("SHOW server_encoding")
        encoding = _ENCODINGS.get(cursor.fetchone()[0], "ascii")
        found = [self.find(cursor, table.name, table.schema) for table in tables.each()]
        declared = [one.columns["title"].type for one in found if one is not None and "title" in one.columns]
        sizes = [int(size) for one in declared for size in re.findall(r"\((\d+)\)", one)]
        return TextLimits((encoding,) if encoding else (), max_characters=min(sizes, default=None))

    @override
    def refuses_text(self, error: Exception) -> bool:
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        # 22P05: untranslatable character; 22021: character not in the repertoire.
        return state in ("22P05", "22021") or super().refuses_text(error)

    @override
    def cursor(self, connection: Any) -> Any:
        # The connection may be configured to return dicts.
        if type(connection).__module__.startswith("psycopg2"):
            from psycopg2.extensions import cursor  # type: ignore[import-untyped]

            return connection.cursor(cursor_factory=cursor)
        from psycopg.rows import tuple_row

        return connection.cursor(row_factory=tuple_row)

    @override
    def is_transient(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        # psycopg2 raises a plain DatabaseError without SQLSTATE for some connections that a crashing server ended.
        if not names & {"OperationalError", "InterfaceError"} and type(error).__name__ != "DatabaseError":
            return False
        state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
        return state is None or state.startswith(_PASSING)

    @override
    def is_transient_connect(self, error: Exception) -> bool:
        if not any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
            return False
        message = str(error)
        return not _REFUSED.search(message) and _UNREACHABLE.search(message) is not None

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
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        cursor.execute("SELECT pg_get_viewdef(to_regclass(%s))", (self.qualified(name, schema),))
        row = cursor.fetchone()
        found: str | None = row[0] if row else None
        return found

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        connection = self._airflow_connection()
        database, current = self._first("SELECT current_database(), current_schema()")
        # For a Unix socket the hook would report the socket's folder as the host.
        on_socket = not connection.host or connection.host.startswith("/")
        host = "localhost" if on_socket else connection.host
        return f"postgres://{host}:{connection.port or 5432}", [database, schema or current]

    @override
    def probe(self, cursor: Any, table: Table) -> None:
        super().probe(cursor, table)
        self._make_stage(cursor, table)
        cursor.execute(f"DROP TABLE {STAGE}")

    @override
    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        self._make_stage(cursor, table)
        self._copy(cursor, table, rows)
        self._move(cursor, table, {})
        cursor.execute(f"DROP TABLE {STAGE}")

    @override
    def write(self, cursor: Any, tables: Tables, rows: Sequence[StatsRow]) -> None:
        self._make_stage(cursor, tables.stage)
        self._copy(cursor, tables.stage, list(map(as_staged, rows)))
        self._move(cursor, tables.history, {})
        self._move(cursor, tables.latest, {})
        self._move(cursor, tables.campaigns, STAGED_AS)
        cursor.execute(f"DROP TABLE {STAGE}")

    def _make_stage(self, cursor: Any, table: Table) -> None:
        """Create a temporary table that lasts for the transaction: a pooler gives each transaction another session."""
        types = self.dialect.type_compiler
        columns = [
            f"{self.quote(c.name)} {'TEXT' if KINDS[c.name] == 'json' else types.process(c.type)}" for c in table.c
        ]
        cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} ({', '.join(columns)}) ON COMMIT DROP")

    def _copy(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        """Fill the stage. The server processes rows while the next ones are encoded."""
        if hasattr(cursor, "copy_expert"):
            cursor.copy_expert(f"COPY {STAGE} FROM STDIN", TextOfRows(rows))
            return
        # Binary, because writing and parsing text took as long as the upsert itself.
        with cursor.copy(f"COPY {STAGE} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([_SENT[KINDS[c.name]] for c in table.c])
            for row in rows:
                copy.write_row(row)

    def _move(self, cursor: Any, target: Table, named: dict[str, str]) -> None:
        """Upsert the staged rows into a table.

        :param named: the stage's names of columns that have another name in the target.
        """
        cursor.execute(self.rendered_once((target, *named), lambda: _moving(target, named)))


def _moving(target: Table, named: dict[str, str]) -> ClauseElement:
    staged: list[Any] = [
        cast(column(name), c.type) if KINDS[name] == "json" else column(named.get(name, name))
        for name, c in target.c.items()
    ]
    rows = select(*staged).select_from(table_clause(STAGE))
    return on_conflict(postgresql.insert(target).from_select(target.c.keys(), rows), target)
