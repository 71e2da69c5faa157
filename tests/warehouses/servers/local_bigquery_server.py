"""local-bigquery, with a MERGE that also runs inside of a transaction. Runs on the Python of its own environment.

Its MERGE begins a transaction, and takes DuckDB's refusal for the sign that one is open already. With the present
DuckDB that refusal ends the open transaction. A transaction that it cannot commit beside another is refused in
BigQuery's words. While a file exists, nobody has the right to write.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb
from local_bigquery.cli import main
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query


class _Cursor:
    """A cursor that refuses BEGIN by itself when a transaction is open."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._is_open = False

    def execute(self, statement: str, *given: Any) -> Any:
        word = statement.lstrip().partition(" ")[0].rstrip(";").upper()
        if word == "BEGIN" and self._is_open:
            raise duckdb.TransactionException("a transaction is open")
        try:
            result = self._cursor.execute(statement, *given)
        except duckdb.TransactionException as error:
            raise BigQueryError("invalidQuery", f"Transaction is aborted due to concurrent update: {error}") from error
        if word in ("BEGIN", "COMMIT", "ROLLBACK"):
            self._is_open = word == "BEGIN"
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def execute(cursor: Any, *given: Any, _execute: Any = query.execute, **more: Any) -> Any:
    """Run a query."""
    text = given[2].query.lstrip().upper()
    if Path(os.environ["TRUEPUSH_READ_ONLY"]).exists() and not text.startswith("SELECT"):
        raise BigQueryError("accessDenied", "Access Denied: Permission bigquery.tables.updateData denied")
    return _execute(_Cursor(cursor), *given, **more)


if __name__ == "__main__":
    query.execute = execute
    main()
