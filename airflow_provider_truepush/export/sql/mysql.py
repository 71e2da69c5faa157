"""MySQL and MariaDB, through mysqlclient, mysql-connector-python or PyMySQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql.base import MySQLDialect
from typing_extensions import override

from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn
from airflow_provider_truepush.export.sql.upserts import on_duplicate_key

#: Locks, deadlocks, lost connections (0: one that is closed already), a server that stops or is full.
_PASSING = {0, 1020, 1040, 1053, 1205, 1213, 1927, 2002, 2003, 2006, 2013, 2055, 4031}


class MysqlEngine(Engine):
    """Moments are UTC: MySQL's DATETIME knows no zone."""

    dialect = MySQLDialect(paramstyle="format")
    types: ClassVar[Mapping[str, str]] = {
        "text": r"(var)?char.*|.*text",
        "int": r"bigint.*",
        "time": r"datetime\(6\)",
        "bool": r"tinyint.*|bit.*|bigint.*",
        "json": r"json|longtext",
    }

    @override
    def connect(self) -> Any:
        connection = super().connect()
        set_autocommit = getattr(connection, "autocommit", None)
        if callable(set_autocommit):
            set_autocommit(False)
        else:
            connection.autocommit = False
        # Titles hold emojis; what does not fit must be an error and not be cut off.
        if hasattr(connection, "set_character_set"):
            connection.set_character_set("utf8mb4")
        elif hasattr(connection, "set_charset_collation"):
            connection.set_charset_collation("utf8mb4")
        cursor = connection.cursor()
        cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
        cursor.close()
        return connection

    @override
    def is_transient(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        if not names & {"OperationalError", "InterfaceError", "InternalError", "DatabaseError"}:
            return False
        code = getattr(error, "errno", None) or next(iter(error.args), None)
        return code in _PASSING

    @override
    def has_schema(self, cursor: Any, schema: str) -> bool:
        cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (schema,))
        return cursor.fetchone() is not None

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        where = "table_schema = COALESCE(%s, DATABASE()) AND table_name = %s"
        at = (schema, name)
        cursor.execute(f"SELECT table_type FROM information_schema.tables WHERE {where}", at)
        if not (row := cursor.fetchone()):
            return None
        cursor.execute(
            "SELECT column_name, column_type, is_nullable = 'NO' AND column_default IS NULL AND extra = ''"
            f" FROM information_schema.columns WHERE {where}",
            at,
        )
        columns = {
            _text(column).lower(): FoundColumn(_text(declared).lower(), bool(required))
            for column, declared, required in cursor.fetchall()
        }
        cursor.execute(
            f"SELECT index_name, column_name FROM information_schema.statistics WHERE {where} AND non_unique = 0", at
        )
        keys: dict[str, set[str]] = {}
        for index, column in cursor.fetchall():
            keys.setdefault(_text(index), set()).add(_text(column).lower())
        kind = _text(row[0]).lower()
        return Found("table" if kind == "base table" else kind, columns, [frozenset(key) for key in keys.values()])

    @override
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        cursor.execute(
            "SELECT view_definition FROM information_schema.views"
            " WHERE table_schema = COALESCE(%s, DATABASE()) AND table_name = %s",
            (schema, name),
        )
        row = cursor.fetchone()
        return _text(row[0]) if row else None

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        """A schema is a database here, and the hook's provider leaves it out."""
        return super().openlineage_identity(schema or self._first("SELECT DATABASE()")[0])

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        statement = self.rendered_once(table, lambda: on_duplicate_key(mysql.insert(table), table))
        cursor.executemany(statement, rows)


def _text(value: Any) -> str:
    """MySQL's catalogue comes as bytes from some drivers."""
    return value.decode() if isinstance(value, (bytes, bytearray)) else str(value)
