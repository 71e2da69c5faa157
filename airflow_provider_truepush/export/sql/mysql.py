"""MySQL and MariaDB, through mysqlclient, mysql-connector-python or PyMySQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.mysql.base import MySQLDialect
from typing_extensions import override

from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn
from airflow_provider_truepush.export.sql.tables import KINDS, Tables
from airflow_provider_truepush.export.sql.upserts import on_duplicate_key
from airflow_provider_truepush.export.storable import BASIC_PLANE, TextLimits

#: Error codes of locks, deadlocks, lost connections (0: already closed), and a server that is stopping or full.
_PASSING = {0, 1020, 1040, 1053, 1205, 1213, 1927, 2002, 2003, 2006, 2013, 2055, 4031}


#: Python's names of MySQL's charsets; empty for those that store every text. Charsets not listed count as ASCII.
_ENCODINGS = {
    **dict.fromkeys(("utf8mb4", "utf16", "utf16le", "utf32", "gb18030"), ""),
    **dict.fromkeys(("utf8", "utf8mb3", "ucs2"), BASIC_PLANE),
    "latin1": "cp1252",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    **{f"cp{n}": f"cp{n}" for n in (850, 852, 866, 932, 1250, 1251, 1256, 1257)},
    "sjis": "shift_jis",
    "ujis": "euc_jp",
    "eucjpms": "euc_jp",
    "euckr": "euc_kr",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "big5": "big5",
    "tis620": "tis_620",
}


class MysqlEngine(Engine):
    """Times are stored in UTC, because MySQL's DATETIME has no time zone."""

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
        # Titles contain emojis. A text that does not fit must be an error instead of being cut off.
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
    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        names = [str(table.name) for table in tables.each()]
        marks = ", ".join(["%s"] * len(names))
        cursor.execute(
            "SELECT column_name, character_set_name, character_maximum_length, character_octet_length"
            " FROM information_schema.columns WHERE table_schema = COALESCE(%s, DATABASE())"
            f" AND table_name IN ({marks}) AND character_set_name IS NOT NULL",
            (tables.schema, *names),
        )
        columns = [(_text(name).lower(), _text(charset), *sizes) for name, charset, *sizes in cursor.fetchall()]
        # The column `raw` has ASCII texts only, so its charset does not matter.
        charsets = {charset for name, charset, *_ in columns if name in KINDS and KINDS[name] == "text"}
        encodings = sorted({_ENCODINGS.get(charset, "ascii") for charset in charsets} - {""})
        titles = [sizes for name, _, *sizes in columns if name == "title"]
        return TextLimits(
            tuple(encodings),
            max_characters=min((int(characters) for characters, _ in titles), default=None),
            max_bytes=min((int(octets) for _, octets in titles), default=None),
        )

    @override
    def refuses_text(self, error: Exception) -> bool:
        code = getattr(error, "errno", None) or next(iter(error.args), None)
        return code in (1366, 3988) or super().refuses_text(error)  # an incorrect string value; no conversion

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
        """Add the database, which is MySQL's schema and which the hook does not report."""
        return super().openlineage_identity(schema or self._first("SELECT DATABASE()")[0])

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        statement = self.rendered_once(table, lambda: on_duplicate_key(mysql.insert(table), table))
        cursor.executemany(statement, rows)


def _text(value: Any) -> str:
    """Return text of MySQL's catalog, which some drivers return as bytes."""
    return value.decode() if isinstance(value, (bytes, bytearray)) else str(value)
