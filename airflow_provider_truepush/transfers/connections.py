"""Open the SQL connections of the transfers."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.export.sql import engines
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.ledger import SqlLedger
from airflow_provider_truepush.export.sql.session import Session
from airflow_provider_truepush.export.sql.warehouse import PATIENCE


def open_engine(field: str, conn_id: str) -> Engine:
    """Return the engine of an SQL connection. It does not connect yet.

    :param field: the argument that names the connection, for errors.
    :param conn_id: id of the connection.
    :raises TruepushValidationError: the connection's provider is not installed.
    :raises TruepushSchemaError: the connection is not an SQL connection, or its database is not supported.
    """
    connection: Any = BaseHook.get_connection(conn_id)
    try:
        hook = engines.hook_for(connection)
    except Exception as error:
        remedy = "Install its provider, such as apache-airflow-providers-sqlite, and restart the workers"
        refuse(field, conn_id, f"cannot be used as an SQL connection ({error})", remedy)
    return engines.engine_for(hook, conn_id, field)


def open_ledger(conn_id: str) -> SqlLedger:
    """Return the ledger that ``ledger_conn_id`` names, with its own connection."""
    engine = open_engine("ledger_conn_id", conn_id)
    return SqlLedger(engine, Session(engine, conn_id, PATIENCE), conn_id, is_required=True, owns_session=True)
