"""Read the warehouse's tables, through any Airflow connection to an SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.sql import Select

from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.export.columns import COUNTER_COLUMNS
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.tables import Tables, tables
from airflow_provider_truepush.report.errors import TruepushReportError
from airflow_provider_truepush.report.view_model import CampaignView, Snapshot

if TYPE_CHECKING:
    from airflow_provider_truepush.export.sql.engine import Engine

#: Campaigns per query of the history.
_CHUNK = 50

_COUNTED = ("observed_at", *COUNTER_COLUMNS, "counter_regressed")


def read(
    sql_conn_id: str, *, project: str | None, schema: str | None, table_prefix: str, last: int
) -> tuple[list[CampaignView], int, str]:
    """Return the newest campaigns with their history, the number of all campaigns, and where they were read.

    :raises TruepushReportError: when the connection is not to a database, or its tables cannot be read.
    """
    from airflow.providers.common.compat.sdk import BaseHook

    try:
        described = tables(table_prefix, schema)
        engine = engine_for(BaseHook.get_hook(sql_conn_id), sql_conn_id)
    except (TruepushValidationError, TruepushSchemaError) as error:
        raise TruepushReportError(str(error)) from error
    names = [engine.name_of(table) for table in described.each()]
    source = f"{names[0]} ({sql_conn_id})"
    try:
        with closing(engine.connect()) as connection, engine.transaction(connection, writes=False) as cursor:
            reading = _Reading(engine, cursor, described)
            return (*reading.campaigns(project, last), source)
    except Exception as error:
        raise TruepushReportError(
            f"Could not read the statistics in {source} ({type(error).__name__}: {error}). The report was not written. "
            f"Check the connection, schema and table_prefix; TruepushStatsToSqlOperator creates the tables "
            f"{', '.join(names)}."
        ) from error


class _Reading:
    """The queries of a report, in one transaction."""

    def __init__(self, engine: Engine, cursor: Any, described: Tables) -> None:
        self._engine = engine
        self._cursor = cursor
        self._tables = described

    def campaigns(self, project: str | None, last: int) -> tuple[list[CampaignView], int]:
        """Return the newest campaigns, and the number of all."""
        ((total,),) = self._ask(self._of(project, sa.select(sa.func.count()).select_from(self._tables.latest)))
        heads = self._ask(self._newest(project, last))
        snapshots = self._snapshots({(head[0], head[1]) for head in heads})
        return [self._campaign(head, snapshots.get((head[0], head[1]), [])) for head in heads], int(total)

    def _newest(self, project: str | None, last: int) -> Select:  # type: ignore[type-arg]
        latest, campaigns = self._tables.latest.c, self._tables.campaigns.c
        same = sa.and_(latest.project == campaigns.project, latest.campaign_id == campaigns.id)
        made = latest.created_at
        query = (
            sa.select(latest.project, latest.campaign_id, campaigns.title, made, *(latest[name] for name in _COUNTED))
            .select_from(self._tables.latest.outerjoin(self._tables.campaigns, same))
            # Campaigns without a known time of creation come last.
            .order_by(sa.case((made.is_(None), 1), else_=0), made.desc(), latest.campaign_id.desc())
            .limit(last)
        )
        return self._of(project, query)

    def _snapshots(self, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], list[Snapshot]]:
        history = self._tables.history.c
        found: dict[tuple[str, str], list[Snapshot]] = {one: [] for one in wanted}
        columns = (history.project, history.campaign_id, *(history[name] for name in _COUNTED))
        ids = sorted({campaign_id for _, campaign_id in wanted})
        for begin in range(0, len(ids), _CHUNK):
            chosen = history.campaign_id.in_(ids[begin : begin + _CHUNK])
            for row in self._ask(sa.select(*columns).where(chosen)):
                if (row[0], row[1]) in found:
                    found[row[0], row[1]].append(self._snapshot(row[2:]))
        for snapshots in found.values():
            snapshots.sort(key=lambda snapshot: snapshot.observed_at)
        return found

    def _campaign(self, head: Sequence[Any], history: list[Snapshot]) -> CampaignView:
        """Return a campaign. If its history lacks the newest counters, as after pruning, they are added."""
        project, campaign_id, title, created_at, *counted = head
        newest = self._snapshot(counted)
        if not history or history[-1].observed_at < newest.observed_at:
            history = [*history, newest]
        made = None if created_at is None else self._engine.moment(created_at)
        return CampaignView(project, campaign_id, title, made, history)

    def _snapshot(self, values: Sequence[Any]) -> Snapshot:
        counters = {
            name: None if value is None else int(value)
            for name, value in zip(COUNTER_COLUMNS, values[1:-1], strict=True)
        }
        return Snapshot(self._engine.moment(values[0]), counters, bool(values[-1]))

    def _of(self, project: str | None, query: Select) -> Select:  # type: ignore[type-arg]
        return query if project is None else query.where(self._tables.latest.c.project == project)

    def _ask(self, query: Select) -> list[Any]:  # type: ignore[type-arg]
        return self._engine.query(self._cursor, query)
