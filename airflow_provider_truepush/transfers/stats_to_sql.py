"""Export statistics of campaigns into the tables of an SQL database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.checks.literals import check_literal
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import checked_at_parse
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


class TruepushStatsToSqlOperator(StatsTransfer):
    """Fetch the counters of campaigns and write them into an SQL database: ``listCampaign``, ``campaignStats``.

    The tables are ``<prefix>campaign_stats`` (a row per campaign and snapshot), ``<prefix>campaign_stats_latest`` (a
    row per campaign) and ``<prefix>campaigns``; the view ``<prefix>campaign_stats_increments`` shows what was added
    between two snapshots. A row is replaced by an observation that is as new or newer, never by an older one. All
    moments are UTC.

    PostgreSQL, SQLite, MySQL, MariaDB and DuckDB have an upsert, and each batch is one transaction. Redshift and SQL
    Server merge a batch in one transaction too. On Snowflake, BigQuery and Databricks SQL each table has one ``MERGE``
    per batch, which is atomic by itself, and the history is merged last: a try that was killed in between writes the
    batch again. Databricks SQL and SQL Server are untested. Other databases are compared row by row; ClickHouse is
    refused. Nothing is fetched before tables and rights have been checked.

    Keys are not enforced on Snowflake, BigQuery, Redshift and Databricks. Two exports at once are kept apart by a lock
    on Redshift, and by the warehouse's own conflict rules on Snowflake and Databricks. On BigQuery, do not run two
    exports of one project at once: put them into a pool with one slot.

    A title that the database cannot store, because of its encoding or the length of the column, is stored with
    replacement characters; ``raw`` then has ``title_replaced``.

    A connection of type ``google_cloud_platform`` leads to BigQuery; the dataset is ``schema``, or the connection's
    schema or extra ``dataset``.

    Returns a dict of ``rows, campaigns, missing, regressed, titles_replaced, resumed, left_out, project, snapshot_key,
    past_interval, min_observed_at, max_observed_at, table``.

    :param sql_conn_id: id of an SQL connection.
    :param campaign_ids: see :class:`~airflow_provider_truepush.transfers.base.StatsTransfer`, as for ``project``,
        ``refresh_for``, ``stop_after_unchanged``, ``snapshot_key``, ``on_past_interval``, ``fail_if_missing_ratio``,
        ``ledger_conn_id``, ``sends`` and ``truepush_conn_id``.
    :param schema: the schema (BigQuery: the dataset) with the tables; None for the connection's own. It is not created.
    :param table_prefix: prefix of the names of the tables and of the view.
    :param create_table: create the tables and the view if they do not exist. False fails the task instead.
    :param schema_contract: ``evolve`` adds columns that a table lacks, as nullable ones, and accepts others;
        ``freeze`` refuses both.
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
        never_empty = given.never_empty({"schema": schema, "sql_conn_id": sql_conn_id}, kwargs)
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
        with checked_at_parse():
            check_literal(arguments.schema, "schema", self.schema)
            check_literal(arguments.table_prefix, "table_prefix", table_prefix)
            check_literal(arguments.flag, "create_table", create_table)
            check_literal(arguments.choice, "schema_contract", schema_contract, arguments.SCHEMA_CONTRACTS)
        self._written: tuple[Engine, Tables] | None = None

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
        """Return the ledger that an argument names, or that of the database that is written to."""
        return super().ledger(sink) or sink.ledger()

    def lineage_outputs(self) -> Iterable[tuple[str, str]]:
        """Return the three tables; none where OpenLineage's name for them is unknown."""
        if self._written is None:
            return []
        engine, described = self._written
        found = engine.openlineage_identity(described.schema)
        if found is None:
            return []
        namespace, parts = found
        return [(namespace, ".".join([*parts, str(table.name)])) for table in described.each()]
