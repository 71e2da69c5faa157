"""Which module knows which database."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.errors import SchemaError


def engine_for(hook: Any, conn_id: str) -> Engine:
    """The engine of a hook's database.

    :param hook: a ``DbApiHook``.
    :param conn_id: its connection, for messages.
    """
    if not hasattr(hook, "get_conn") or not hasattr(hook, "placeholder"):
        raise SchemaError(
            f"sql_conn_id: {conn_id!r} is no SQL connection ({type(hook).__name__}). Nothing was fetched."
        )
    kind = str(getattr(hook, "conn_type", "") or "")
    name = str(getattr(hook, "dialect_name", "") or "")
    if kind == "duckdb":
        from airflow_provider_truepush.export.sql.duckdb import DuckdbEngine

        return DuckdbEngine(hook)
    if name == "sqlite" or kind == "sqlite":
        from airflow_provider_truepush.export.sql.sqlite import SqliteEngine

        return SqliteEngine(hook)
    if name == "postgresql" and kind != "redshift":
        from airflow_provider_truepush.export.sql.postgres import PostgresEngine

        return PostgresEngine(hook)
    if name in ("mysql", "mariadb"):
        from airflow_provider_truepush.export.sql.mysql import MysqlEngine

        return MysqlEngine(hook)
    from airflow_provider_truepush.export.sql.generic import OtherEngine

    return OtherEngine(hook)
