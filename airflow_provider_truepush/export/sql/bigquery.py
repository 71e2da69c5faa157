"""BigQuery, through its client: one job per statement. Airflow's DB-API cursor would run one job per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from typing_extensions import override

from airflow_provider_truepush.export.columns import as_staged
from airflow_provider_truepush.export.rows import StatsRow
from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.engine import Found, FoundColumn
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.merge import MergeEngine
from airflow_provider_truepush.export.sql.merge_dialects import BIGQUERY
from airflow_provider_truepush.export.sql.tables import Tables


class BigqueryEngine(MergeEngine):
    """Write a batch by a script in one transaction: the rows are JSON in a parameter, and each table has one MERGE.

    Tables are partitioned by day and clustered. BigQuery does not enforce keys, so the transaction first updates the
    row of the lock table: of two concurrent transactions BigQuery cancels the later one, and the export repeats it.

    :param hook: a ``BigQueryHook``.
    :param dataset: the dataset of the connection; None when ``schema`` names it.
    """

    def __init__(self, hook: Any, dataset: str | None) -> None:
        super().__init__(hook, BIGQUERY)
        self._dataset = dataset

    @override
    def connect(self) -> Any:
        return _Connection(self.hook.get_client(project_id=self.hook.project_id), self._dataset)

    @override
    def adapt(self, value: Any) -> Any:
        return value

    @override
    def is_transient(self, error: Exception) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        passing = {"ServerError", "TooManyRequests", "ConnectionError", "Timeout"}
        message = str(error).lower()
        return bool(names & passing) or "concurrent update" in message or "could not serialize access" in message

    # Writing

    @override
    def write(self, cursor: Any, tables: Tables, rows: Sequence[StatsRow]) -> None:
        merges = [
            merge_text.merging(self.described, table, self.name_of(table), "@batch", self.quote)
            for table in tables.each()
        ]
        lock = merge_text.locking(self.name_of(tables.lock), self.quote)
        script = "; ".join(("BEGIN TRANSACTION", lock, *merges, "COMMIT TRANSACTION;"))
        for (batch,) in self._staged(cursor, list(map(as_staged, rows))):
            cursor.execute(script, {"batch": batch})

    # Definitions

    @override
    def definition(self, table: Table) -> str:
        key = [self.quote(column.name) for column in table.primary_key]
        if not key:
            return super().definition(table)
        by_day = f" PARTITION BY DATE({self.quote('observed_at')})" if "observed_at" in table.c else ""
        made = super().definition(table).removesuffix(")")
        return f"{made} NOT ENFORCED){by_day} CLUSTER BY {', '.join(key[:2])}"

    @override
    def has_schema(self, cursor: Any, schema: str) -> bool:
        return bool(cursor.dataset(schema))

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        table = cursor.table(name, schema)
        if table is None:
            return None
        columns = {
            field.name.lower(): FoundColumn(
                field.field_type.lower(), field.mode == "REQUIRED" and not field.default_value_expression
            )
            for field in table.schema
        }
        kind = str(table.table_type).lower()
        return Found(kind, columns, None)

    @override
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        table = cursor.table(name, schema)
        return None if table is None else table.view_query

    @override
    def replacing_view(self, name: str, query: str) -> Sequence[str]:
        return [f"CREATE OR REPLACE VIEW {name} AS {query}"]

    @override
    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        dataset = schema or self._dataset
        return None if dataset is None else ("bigquery", [self.hook.project_id, dataset])


class _Connection:
    """A client with the interface of a DB-API connection. Each statement is its own transaction."""

    def __init__(self, client: Any, dataset: str | None) -> None:
        self.client = client
        self.dataset = dataset

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    def commit(self) -> None:
        """Do nothing: every statement is committed already."""

    def rollback(self) -> None:
        """Do nothing: every statement is committed already."""

    def close(self) -> None:
        self.client.close()


class _Cursor:
    """A cursor that runs each statement as a job."""

    def __init__(self, connection: _Connection) -> None:
        self._client = connection.client
        self._dataset = connection.dataset
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        """Run a statement, wait for its job, and keep its rows.

        :param values: the parameters, by position or by name. A named one is sent once, however often it is used.
        """
        from google.cloud import bigquery

        named = values.items() if isinstance(values, Mapping) else ((None, value) for value in values)
        config = bigquery.QueryJobConfig(
            query_parameters=[bigquery.ScalarQueryParameter(name, _type(value), value) for name, value in named]
        )
        if self._dataset is not None:
            config.default_dataset = f"{self._client.project}.{self._dataset}"
        job = self._client.query(statement, job_config=config)
        self._rows = [tuple(row.values()) for row in job.result()]

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return all rows of the last statement."""
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the first row of the last statement; None when it has no rows."""
        return self._rows[0] if self._rows else None

    def table(self, name: str, schema: str | None) -> Any:
        """Return the description of a table or view; None when it does not exist."""
        dataset = schema or self._dataset
        if dataset is None:
            raise TruepushSchemaError(
                "schema: BigQuery needs a dataset, but neither schema nor the connection names one. Nothing was "
                "fetched. Set schema to the name of the dataset."
            )
        from google.api_core.exceptions import NotFound

        with suppress(NotFound):
            return self._client.get_table(f"{self._client.project}.{dataset}.{name}")
        return None

    def dataset(self, name: str) -> Any:
        """Return the description of a dataset; None when it does not exist."""
        from google.api_core.exceptions import NotFound

        with suppress(NotFound):
            return self._client.get_dataset(f"{self._client.project}.{name}")
        return None

    def close(self) -> None:
        """Do nothing: a cursor holds no resources."""


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOL"
    if isinstance(value, int):
        return "INT64"
    return "TIMESTAMP" if isinstance(value, datetime) else "STRING"
