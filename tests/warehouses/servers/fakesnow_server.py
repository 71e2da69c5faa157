"""fakesnow, with MERGE inside of a transaction, and with the table locks that Snowflake documents.

An UPDATE or DELETE holds the lock of its table until the transaction ends, and another one waits for it. One whose
client has gone is ended. fakesnow itself has DuckDB's optimistic transactions: of two that insert the same row, both
succeed. While a file exists, nobody has the right to write.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from fakesnow.cli import main
from fakesnow.cursor import FakeSnowflakeCursor
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

#: The connection that holds the lock of each table, and when each connection with a transaction last ran something.
_HOLDERS: dict[str, Any] = {}
_SEEN: dict[int, float] = {}
_CHANGED = threading.Condition()
#: Seconds after which a transaction that others wait for is ended, where its client has gone: Snowflake takes minutes.
_IDLE = 15.0
_WRITES = (exp.Update, exp.Delete, exp.Insert, exp.Create, exp.Alter)


def _lock(connection: Any, table: str) -> None:
    with _CHANGED:
        while (holder := _HOLDERS.get(table)) not in (None, connection):
            if time.monotonic() - _SEEN[id(holder)] > _IDLE:
                holder._duck_conn.execute("ROLLBACK")
                _release(holder)
            _CHANGED.wait(0.2)
        _HOLDERS[table] = connection


def _release(connection: Any) -> None:
    with _CHANGED:
        for table in [table for table, holder in _HOLDERS.items() if holder is connection]:
            del _HOLDERS[table]
        _SEEN.pop(id(connection), None)
        _CHANGED.notify_all()


def _touch(connection: Any) -> None:
    with _CHANGED:
        if id(connection) in _SEEN:
            _SEEN[id(connection)] = time.monotonic()


def execute(self: Any, transformed: Any, params: Any = None, _execute: Any = FakeSnowflakeCursor._execute) -> None:
    """Run a statement."""
    if Path(os.environ["TRUEPUSH_READ_ONLY"]).exists() and isinstance(transformed, _WRITES):
        raise ProgrammingError(
            msg="SQL access control error:\nInsufficient privileges to operate on table.", errno=3001, sqlstate="42501"
        )
    connection = self._conn
    table = transformed.find(exp.Table)
    name = table.name.lower() if table is not None else ""
    if isinstance(transformed, exp.Transaction):
        _SEEN[id(connection)] = time.monotonic()
    elif isinstance(transformed, (exp.Update, exp.Delete)) and id(connection) in _SEEN:
        _lock(connection, name)
    _touch(connection)
    if isinstance(transformed, exp.Create) and name == "merge_candidates":
        # fakesnow would record it in another database, and a transaction of DuckDB writes only one.
        self._duck_conn.execute(transformed.sql(dialect="duckdb"), params)
        return
    try:
        _execute(self, transformed, params)
    finally:
        if isinstance(transformed, (exp.Commit, exp.Rollback)):
            _release(connection)
        _touch(connection)


if __name__ == "__main__":
    FakeSnowflakeCursor._execute = execute
    main()
