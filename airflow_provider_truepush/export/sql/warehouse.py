"""The sink that writes an export into an SQL database."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Table

from airflow_provider_truepush.export.batches import Batch, Checkpoint, SinkResult
from airflow_provider_truepush.export.rows import ExportRun, StatsRow, fitted
from airflow_provider_truepush.export.sql import contract, queries
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.errors import (
    TruepushSchemaError,
    TruepushWarehouseError,
)
from airflow_provider_truepush.export.sql.ledger import SqlLedger
from airflow_provider_truepush.export.sql.session import Session
from airflow_provider_truepush.export.sql.tables import Tables, increments
from airflow_provider_truepush.export.storable import TITLE_REPLACED, TextLimits

log = logging.getLogger(__name__)

#: Seconds for which a batch is retried while the database cannot be reached or another writer holds a lock.
PATIENCE = 60.0


class Warehouse:
    """Write batches of rows, each in one transaction. Used from one thread.

    :param engine: the database.
    :param tables: the tables to write to.
    :param run: the values that all rows share.
    :param conn_id: the connection's id, for messages.
    :param create_table: create tables and the view if they do not exist.
    :param schema_contract: ``evolve`` or ``freeze``.
    :param patience: seconds for which transient errors are retried.
    """

    def __init__(
        self,
        engine: Engine,
        tables: Tables,
        run: ExportRun,
        *,
        conn_id: str,
        create_table: bool = True,
        schema_contract: str = contract.EVOLVE,
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._tables = tables
        self._run = run
        self._conn_id = conn_id
        self._create_table = create_table
        self._contract = schema_contract
        self._session = Session(engine, conn_id, patience)
        self._do = self._session.do
        self._limits = TextLimits()
        self._regressed = 0
        self._titles_replaced = 0

    # The sink

    @property
    def row_budget(self) -> int:
        """Return the maximum number of campaigns per batch."""
        return self._engine.row_budget

    def prepare(self) -> None:
        """Create or check the tables and the view, and check that the tables can be written to.

        :raises TruepushSchemaError: a table does not have the form that an export needs.
        :raises TruepushWarehouseError: the database cannot be reached, or a table cannot be written to.
        """
        try:
            self._prepare()
        except TruepushWarehouseError as error:
            raise TruepushWarehouseError(
                f"{error} Nothing was fetched. Check the connection, the database and the privileges of its user."
            ) from error

    def lookup(self, campaign_ids: Sequence[str], *, done: bool, unchanged: int | None) -> Mapping[str, Checkpoint]:
        """Return the state of campaigns; see :class:`~airflow_provider_truepush.export.batches.Sink`."""
        return self._do(
            lambda cursor: queries.known(self._engine, cursor, self._tables, self._run, campaign_ids, done, unchanged)
        )

    def write(self, batch: Batch) -> None:
        """Write a batch. A retry writes the same rows, so a commit whose answer was lost leaves no duplicates."""
        if not batch.rows:
            return
        rows = sorted(_newest(batch.rows), key=lambda row: row.campaign_id)
        judged: list[StatsRow] = []

        def write(cursor: Any) -> None:
            if not judged:
                # Only in the first attempt: a retry could compare the rows with themselves.
                judged.extend(self._judge(cursor, rows))
            self._engine.write(cursor, self._tables, self._stored(judged, limits))

        limits = self._limits
        try:
            self._do(write)
        except TruepushWarehouseError as error:
            cause = error.__cause__
            if not isinstance(cause, Exception) or not self._engine.refuses_text(cause):
                raise
            log.warning("%s Writing the batch again with ASCII texts.", error)
            limits = replace(limits, encodings=("ascii",))
            self._do(write)
        self._regressed += sum(row.counter_regressed for row in judged)
        self._titles_replaced += self._count_replaced(self._stored(judged, limits))

    def finish(self, *, complete: bool) -> SinkResult:
        """Return the name of the history table, and the counts."""
        table = {"table": self._engine.name_of(self._tables.history)}
        return SinkResult(table, regressed=self._regressed, titles_replaced=self._titles_replaced)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ledger(self) -> SqlLedger:
        """Return the ledger of sends in the same database. It may not exist."""
        return SqlLedger(self._engine, self._session, self._conn_id, is_required=False, owns_session=False)

    # Steps

    def _prepare(self) -> None:
        engine, tables = self._engine, self._tables
        if tables.schema and not self._do(lambda cursor: engine.has_schema(cursor, tables.schema or "")):
            raise TruepushSchemaError(
                f"schema: the database of {self._conn_id!r} has no schema {tables.schema!r}. Nothing was fetched. "
                "Create the schema, or name another one."
            )
        for table in tables.each():
            self._prepare_table(table)
        if engine.locks_a_row:
            self._prepare_table(tables.lock)
        self._prepare_view()
        self._limits = self._do(lambda cursor: engine.text_limits(cursor, tables))
        self._check_names()
        for table in tables.each():
            try:
                self._do(partial(engine.probe, table=table))
            except TruepushWarehouseError as error:
                raise TruepushWarehouseError(f"Table {engine.name_of(table)} cannot be written. {error}") from error
        self._do(lambda cursor: engine.prepare_writes(cursor, tables))

    def _check_names(self) -> None:
        """Refuse a key that the database cannot store: replacement characters could make two keys equal."""
        for field in ("project", "snapshot_key"):
            value = getattr(self._run, field)
            if not self._limits.holds(value):
                encodings = ", ".join(self._limits.encodings)
                raise TruepushSchemaError(
                    f"{field}: {value!r} has characters that the database of {self._conn_id!r} cannot store (its "
                    f"encoding is {encodings}). Nothing was fetched. Use other characters in {field}."
                )

    def _stored(self, rows: Sequence[StatsRow], limits: TextLimits) -> Sequence[StatsRow]:
        return rows if limits == TextLimits() else [fitted(row, limits) for row in rows]

    def _count_replaced(self, rows: Sequence[StatsRow]) -> int:
        replaced = [row.campaign_id for row in rows if row.title_replaced]
        if replaced:
            log.warning(
                "Replaced characters in %d of %d titles that the database of %r cannot store, such as that of campaign "
                "%s. The column raw of these rows has %s.",
                len(replaced),
                len(rows),
                self._conn_id,
                replaced[0],
                TITLE_REPLACED,
            )
        return len(replaced)

    def _judge(self, cursor: Any, rows: list[StatsRow]) -> Iterable[StatsRow]:
        earlier = queries.earlier(self._engine, cursor, self._tables, self._run, rows)
        for row in rows:
            fallen = queries.fallen(row, earlier.get(row.campaign_id, ()))
            if fallen:
                log.warning("Campaign %s: %s. The row is written and flagged.", row.campaign_id, "; ".join(fallen))
            yield replace(row, counter_regressed=True) if fallen else row

    def _prepare_table(self, table: Table) -> None:
        engine = self._engine
        found = self._do(lambda cursor: engine.find(cursor, table.name, table.schema))
        if found is None:
            self._create(table)
            found = self._do(lambda cursor: engine.find(cursor, table.name, table.schema))
        if found is None:
            raise TruepushWarehouseError(f"Table {engine.name_of(table)} was created, but it cannot be found.")
        for column in contract.missing_columns(engine, table, found, self._contract):
            declared = f"{engine.quote(column.name)} {engine.type_of(column)}"
            log.info("Adding the column %s to %s.", declared, engine.name_of(table))
            self._make(f"ALTER TABLE {engine.name_of(table)} ADD {declared}", table.name, table.schema, column.name)

    def _create(self, table: Table) -> None:
        statement = self._engine.definition(table)
        if not self._create_table:
            raise TruepushSchemaError(
                f"Table {self._engine.name_of(table)} does not exist, and create_table is False. Nothing was fetched. "
                f"Set create_table=True, or create the table: {statement}"
            )
        log.info("Creating the table %s.", self._engine.name_of(table))
        self._make(statement, table.name, table.schema, None)

    def _prepare_view(self) -> None:
        engine, name, schema = self._engine, self._tables.increments, self._tables.schema
        found = self._do(lambda cursor: engine.find(cursor, name, schema))
        if found is not None and found.kind == "table":
            raise TruepushSchemaError(
                f"{engine.qualified(name, schema)} is a table, but the view of increments needs this name. Nothing was "
                "fetched. Use another table_prefix or schema."
            )
        query, view = engine.render(increments(self._tables.history)), engine.qualified(name, schema)
        try:
            if found is not None:
                self._renew_view(view, query)
            elif self._create_table:
                self._make(f"CREATE VIEW {view} AS {query}", name, schema, None)
        except TruepushWarehouseError as error:
            # The view has no data of its own, so the export does not depend on it.
            log.warning("Could not create the view of increments; the tables are still written. %s", error)

    def _renew_view(self, view: str, query: str) -> None:
        """Replace a view that an earlier version created. A view that a user created is kept."""
        engine, name, schema = self._engine, self._tables.increments, self._tables.schema
        found = self._do(lambda cursor: engine.view_definition(cursor, name, schema))
        if not found or not contract.is_earlier_view(found):
            return
        statements = engine.replacing_view(view, query)
        if not statements or not self._create_table or self._contract == contract.FREEZE:
            log.warning(
                "The view %s was created by an earlier version and was not replaced. Replace it yourself by: %s",
                view,
                query,
            )
            return
        log.info("Replacing the view %s, which was created by an earlier version.", view)
        self._do(lambda cursor: [cursor.execute(statement) for statement in statements])

    def _make(self, statement: str, name: str, schema: str | None, column: str | None) -> None:
        """Create an object. Another task may create it at the same time, so only its existence counts."""
        try:
            self._do(lambda cursor: cursor.execute(statement))
        except TruepushWarehouseError:
            found = self._do(lambda cursor: self._engine.find(cursor, name, schema))
            if found is None or (column is not None and column not in found.columns):
                raise


def _newest(rows: Iterable[StatsRow]) -> Iterable[StatsRow]:
    """Return the latest row of each campaign: a statement must not have the same key twice."""
    newest: dict[str, StatsRow] = {}
    for row in rows:
        kept = newest.get(row.campaign_id)
        if kept is None or row.observed_at >= kept.observed_at:
            newest[row.campaign_id] = row
    return newest.values()
