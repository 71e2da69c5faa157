"""Choose the engine for a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError

if TYPE_CHECKING:
    from airflow_provider_truepush.export.sql.merge_dialects import MergeDialect


#: Databases that are refused: the reason, and what to do instead.
_REFUSED = {
    "clickhouse": (
        "ClickHouse, which has neither MERGE nor transactions, so a retry could duplicate rows",
        "Export files with TruepushStatsToObjectStorageOperator, and read them with ClickHouse's table functions s3() "
        "or gcs(). TruepushStatsToSqlOperator writes to PostgreSQL, MySQL, MariaDB, SQLite, DuckDB, Snowflake, "
        "BigQuery, Redshift, Databricks SQL and SQL Server.",
    ),
}


def _merged(kind: str, name: str) -> MergeDialect | None:
    """Return the record of a database with MERGE; None for other databases."""
    from airflow_provider_truepush.export.sql import merge_dialects

    records = {
        "databricks": merge_dialects.DATABRICKS,
        "mssql": merge_dialects.SQL_SERVER,
    }
    return records.get(kind) or records.get(name)


def hook_for(connection: Any) -> Any:
    """Return the SQL hook of a connection.

    Most Google connections have the type that all Google services share. The hook of that type has no SQL methods.

    :param connection: an Airflow connection.
    """
    if connection.conn_type == "google_cloud_platform":
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        return BigQueryHook(gcp_conn_id=connection.conn_id, use_legacy_sql=False)
    return connection.get_hook()


def _dataset(hook: Any) -> str | None:
    """Return the dataset that a connection names in its schema or its extra ``dataset``."""
    connection = hook.get_connection(hook.gcp_conn_id)
    found = connection.schema or connection.extra_dejson.get("dataset")
    return str(found) if found else None


def engine_for(hook: Any, conn_id: str, field: str = "sql_conn_id") -> Engine:
    """Return the engine for a hook's database.

    :param hook: a ``DbApiHook``.
    :param conn_id: the connection's id, for messages.
    :param field: the argument that names the connection, for messages.
    """
    if not hasattr(hook, "get_conn") or not hasattr(hook, "placeholder"):
        raise TruepushSchemaError(
            f"{field}: {conn_id!r} is not an SQL connection; its hook is {type(hook).__name__}. Nothing was fetched. "
            "Name a connection to an SQL database."
        )
    kind = str(getattr(hook, "conn_type", "") or "")
    name = str(getattr(hook, "dialect_name", "") or "")
    if "bigquery" in kind:
        from airflow_provider_truepush.export.sql.bigquery import BigqueryEngine

        return BigqueryEngine(hook, _dataset(hook))
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
    if "snowflake" in (kind, name):
        from airflow_provider_truepush.export.sql.snowflake import SnowflakeEngine

        return SnowflakeEngine(hook)
    if "redshift" in (kind, name):
        from airflow_provider_truepush.export.sql.redshift import RedshiftEngine

        return RedshiftEngine(hook)
    if (described := _merged(kind, name)) is not None:
        from airflow_provider_truepush.export.sql.merge import MergeEngine

        return MergeEngine(hook, described)
    for word, (reason, remedy) in _REFUSED.items():
        if word in kind or word in name:
            raise TruepushSchemaError(f"{field}: {conn_id!r} connects to {reason}. Nothing was fetched. {remedy}")
    from airflow_provider_truepush.export.sql.generic import OtherEngine

    return OtherEngine(hook)
