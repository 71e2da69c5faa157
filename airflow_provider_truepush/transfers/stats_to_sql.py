"""Export statistics of campaigns into the tables of an SQL database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.transfers import arguments, given
from airflow_provider_truepush.transfers.base import StatsTransfer

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.export.batches import Sink
    from airflow_provider_truepush.export.rows import ExportRun
    from airflow_provider_truepush.export.sends import Ledger
    from airflow_provider_truepush.export.sql.engine import Engine
    from airflow_provider_truepush.export.sql.tables import Tables
    from airflow_provider_truepush.export.sql.warehouse import Warehouse

__all__ = ["TruepushStatsToSqlOperator"]

_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "sql_conn_id": given.connection,
    "schema": given.filled(arguments.schema),
    "table_prefix": arguments.table_prefix,
    "create_table": arguments.flag,
    "schema_contract": lambda field, value: arguments.choice(field, value, arguments.SCHEMA_CONTRACTS),
}


class TruepushStatsToSqlOperator(StatsTransfer):
    """Fetch the counters of campaigns and write them into an SQL database: ``listCampaign``, ``campaignStats``.

    The tables are ``<prefix>campaign_stats`` (one row per campaign and snapshot), ``<prefix>campaign_stats_latest``
    (one row per campaign) and ``<prefix>campaigns``. The view ``<prefix>campaign_stats_increments`` has the increase
    between two snapshots. An observation replaces a row that is as old or older, never a newer one. All times are UTC.

    Each batch is one transaction, except on Databricks SQL: there each table has one atomic ``MERGE`` per batch, the
    history last, so a try that was killed in between writes the batch again. PostgreSQL, SQLite, MySQL, MariaDB and
    DuckDB use upserts; Snowflake, BigQuery, Redshift, Databricks SQL and SQL Server use ``MERGE``. Databricks SQL and
    SQL Server are untested. Other databases are read and compared row by row; ClickHouse is refused. Tables and
    privileges are checked before anything is fetched.

    Snowflake, BigQuery, Redshift and Databricks do not enforce keys. Two concurrent exports are kept apart by a table
    lock on Redshift, by the update of a lock row on Snowflake and BigQuery, and by Delta's conflict rules on
    Databricks.

    A title that the database cannot store, because of its encoding or the length of the column, is shortened or stored
    with replacement characters; ``raw`` then has ``title_replaced``.

    A connection of type ``google_cloud_platform`` connects to BigQuery. The dataset is ``schema``, or the connection's
    schema or extra ``dataset``.

    Returns a dict of ``rows, campaigns, missing, regressed, titles_replaced, resumed, left_out, project, snapshot_key,
    past_interval, min_observed_at, max_observed_at, table``.

    :param sql_conn_id: id of an SQL connection.
    :param campaign_ids: see :class:`~airflow_provider_truepush.transfers.base.StatsTransfer`, as for ``project``,
        ``refresh_for``, ``stop_after_unchanged``, ``snapshot_key``, ``on_past_interval``, ``fail_if_missing_ratio``,
        ``ledger_conn_id``, ``sends`` and ``truepush_conn_id``.
    :param schema: the schema of the tables (BigQuery: the dataset). It must exist. None for the connection's default.
    :param table_prefix: prefix of the names of the tables and of the view.
    :param create_table: create the tables and the view if they do not exist. If False, the task fails instead.
    :param schema_contract: ``evolve`` adds nullable columns that a table lacks, and accepts columns that it has in
        addition; ``freeze`` refuses both.
    """

    template_fields: Sequence[str] = (
        *StatsTransfer.template_fields,
        "sql_conn_id",
        "schema",
        "table_prefix",
        "create_table",
        "schema_contract",
    )
    never_empty_fields: ClassVar[tuple[str, ...]] = (*given.SHARED, "schema", "sql_conn_id")
    other_names: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("conn_id", "connection_id"), "sql_conn_id for the database, or truepush_conn_id for Truepush"),
        **dict.fromkeys(("postgres_conn_id", "redshift_conn_id"), "sql_conn_id"),
    }

    def __init__(
        self,
        *,
        sql_conn_id: str,
        schema: str | None = NOT_GIVEN,
        table_prefix: str = "truepush_",
        create_table: bool = True,
        schema_contract: Literal["evolve", "freeze"] = "evolve",
        campaign_ids: Any = NOT_GIVEN,
        project: str | None = NOT_GIVEN,
        refresh_for: timedelta | None = timedelta(days=30),
        stop_after_unchanged: int | None = NOT_GIVEN,
        snapshot_key: str | None = NOT_GIVEN,
        on_past_interval: Literal["skip", "flag", "fail"] = "skip",
        fail_if_missing_ratio: float | None = NOT_GIVEN,
        ledger_conn_id: str | None = NOT_GIVEN,
        sends: Any = NOT_GIVEN,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        never_empty = given.never_empty({"schema": schema, "sql_conn_id": sql_conn_id})
        super().__init__(
            campaign_ids=campaign_ids,
            project=project,
            refresh_for=refresh_for,
            stop_after_unchanged=stop_after_unchanged,
            snapshot_key=snapshot_key,
            on_past_interval=on_past_interval,
            fail_if_missing_ratio=fail_if_missing_ratio,
            ledger_conn_id=ledger_conn_id,
            sends=sends,
            truepush_conn_id=truepush_conn_id,
            **kwargs,
        )
        self._never_empty += never_empty
        self.sql_conn_id = sql_conn_id
        self.schema = None if schema is NOT_GIVEN else schema
        self.table_prefix = table_prefix
        self.create_table = create_table
        self.schema_contract = schema_contract
        self.check_constructor(kwargs, {name: getattr(self, name) for name in _CHECKS})
        self._written: tuple[Engine, Tables] | None = None

    @classmethod
    def checks(cls) -> dict[str, Callable[[str, Any], object]]:
        """Return the checks of the literals among the arguments."""
        return {**super().checks(), **_CHECKS}

    def open_sink(self, context: Context, run: ExportRun) -> Sink:
        """Check the arguments of the tables, and return the warehouse."""
        from airflow_provider_truepush.export.sql.tables import tables
        from airflow_provider_truepush.export.sql.warehouse import Warehouse
        from airflow_provider_truepush.transfers.connections import open_engine

        contract = arguments.choice("schema_contract", self.schema_contract, arguments.SCHEMA_CONTRACTS)
        create_table = arguments.flag("create_table", self.create_table)
        described = tables(
            arguments.table_prefix("table_prefix", self.table_prefix), arguments.schema("schema", self.schema)
        )
        engine = open_engine("sql_conn_id", self.sql_conn_id)
        self._written = engine, described
        return Warehouse(
            engine,
            described,
            run,
            conn_id=self.sql_conn_id,
            create_table=create_table,
            schema_contract=contract,
        )

    def ledger(self, sink: Warehouse) -> Ledger | None:
        """Return the ledger that ``ledger_conn_id`` names, or else that of the target database."""
        return super().ledger(sink) or sink.ledger()

    def lineage_outputs(self) -> Iterable[tuple[str, str]]:
        """Return the three tables; none if OpenLineage's name for them is unknown."""
        if self._written is None:
            return []
        engine, described = self._written
        found = engine.openlineage_identity(described.schema)
        if found is None:
            return []
        namespace, parts = found
        return [(namespace, ".".join([*parts, str(table.name)])) for table in described.each()]
