"""Reading the warehouse's tables, through any Airflow connection to an SQL database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import sqlalchemy as sa

from airflow_provider_truepush.report.shown import COUNTERS, CampaignShown, Snapshot, moment
from airflow_provider_truepush.report.writing import ReportError

#: So many campaigns are asked for in one query of the history.
_CHUNK = 50


def read(
    sql_conn_id: str, *, project: str | None, schema: str | None, table_prefix: str, last: int
) -> tuple[list[CampaignShown], int, str]:
    """The newest campaigns with their history, how many campaigns there are, and in words where that was read.

    :raises ReportError: when the connection is not to a database, or its tables cannot be read.
    """
    from airflow.providers.common.compat.sdk import BaseHook

    hook = BaseHook.get_hook(sql_conn_id)
    if not hasattr(hook, "get_conn") or not hasattr(hook, "placeholder"):
        raise ReportError(f"Connection {sql_conn_id!r} leads to no SQL database: its hook is {type(hook).__name__}.")
    tables = _Tables(schema, table_prefix)
    source = f"{tables.history.fullname} ({sql_conn_id})"
    try:
        with closing(hook.get_conn()) as connection:
            ask = _Asking(connection, hook)
            total = next(ask.rows(tables.count(project)))[0]
            heads = list(ask.rows(tables.newest(project, last)))
            snapshots = _snapshots(ask, tables, heads)
    except Exception as error:
        raise ReportError(
            f"Could not read the statistics in {source}: {type(error).__name__}: {error}. "
            f"TruepushStatsToSqlOperator makes the tables {tables.latest.fullname}, {tables.history.fullname} and "
            f"{tables.campaigns.fullname}; check the connection, schema and table_prefix."
        ) from error
    return [_campaign(head, snapshots.get((head[0], head[1]), [])) for head in heads], int(total), source


def _snapshots(ask: _Asking, tables: _Tables, heads: Sequence[Any]) -> dict[tuple[str, str], list[Snapshot]]:
    found: dict[tuple[str, str], list[Snapshot]] = {}
    wanted = {(head[0], head[1]) for head in heads}
    ids = iter(sorted({campaign_id for _, campaign_id in wanted}))
    while chunk := list(islice(ids, _CHUNK)):
        for row in ask.rows(tables.snapshots(chunk)):
            if (row[0], row[1]) in wanted:
                found.setdefault((row[0], row[1]), []).append(_snapshot(row[2:]))
    for history in found.values():
        history.sort(key=lambda snapshot: snapshot.observed_at)
    return found


def _campaign(head: Sequence[Any], history: list[Snapshot]) -> CampaignShown:
    """What the newest counters say that no snapshot of the history says joins it: the history may have been pruned."""
    project, campaign_id, title, created_at, *counters = head
    newest = _snapshot(counters)
    if not history or history[-1].observed_at < newest.observed_at:
        history = [*history, newest]
    return CampaignShown(project, campaign_id, title, moment(created_at), history)


def _snapshot(values: Sequence[Any]) -> Snapshot:
    observed_at = moment(values[0])
    if observed_at is None:
        raise ValueError("a row has no observed_at")
    counters = {name: int(value) for name, value in zip(COUNTERS, values[1:-1], strict=True)}
    return Snapshot(observed_at, counters, bool(values[-1]))


class _Tables:
    """The exported tables, as far as the page needs them, and the questions asked of them."""

    def __init__(self, schema: str | None, prefix: str) -> None:
        counted = ("project", "campaign_id", "observed_at", *COUNTERS, "counter_regressed")
        self.history = _table(f"{prefix}campaign_stats", schema, counted)
        self.latest = _table(f"{prefix}campaign_stats_latest", schema, counted)
        self.campaigns = _table(f"{prefix}campaigns", schema, ("project", "campaign_id", "title", "created_at"))

    def count(self, project: str | None) -> sa.Select[Any]:
        return self._of(project, sa.select(sa.func.count()).select_from(self.latest))

    def newest(self, project: str | None, last: int) -> sa.Select[Any]:
        latest, campaigns = self.latest.c, self.campaigns.c
        same = sa.and_(latest.project == campaigns.project, latest.campaign_id == campaigns.campaign_id)
        created_at = campaigns.created_at
        return self._of(
            project,
            sa.select(latest.project, latest.campaign_id, campaigns.title, created_at, *self._counted(self.latest))
            .select_from(self.latest.outerjoin(self.campaigns, same))
            # An id begins with the moment of its making, to the second; those without a known one come last.
            .order_by(sa.case((created_at.is_(None), 1), else_=0), created_at.desc(), latest.campaign_id.desc())
            .limit(last),
        )

    def snapshots(self, campaign_ids: Sequence[str]) -> sa.Select[Any]:
        columns = self.history.c
        return sa.select(columns.project, columns.campaign_id, *self._counted(self.history)).where(
            columns.campaign_id.in_(campaign_ids)
        )

    def _of(self, project: str | None, question: sa.Select[Any]) -> sa.Select[Any]:
        return question if project is None else question.where(self.latest.c.project == project)

    @staticmethod
    def _counted(table: sa.TableClause) -> Iterable[sa.ColumnElement[Any]]:
        return [table.c[name] for name in ("observed_at", *COUNTERS, "counter_regressed")]


class _Asking:
    """Runs SQLAlchemy's questions on the plain connection of a hook."""

    def __init__(self, connection: Any, hook: Any) -> None:
        self.connection = connection
        self.dialect = _dialect(hook)

    def rows(self, question: sa.Select[Any]) -> Iterator[Any]:
        compiled = question.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        values = tuple(compiled.params[name] for name in compiled.positiontup or ())
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(str(compiled), values)
            while rows := cursor.fetchmany(1000):
                yield from rows


def _table(name: str, schema: str | None, columns: Iterable[str]) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns), schema=schema)


def _dialect(hook: Any) -> Any:
    """SQLAlchemy's dialect for the hook's database; a standard one where it knows none."""
    from sqlalchemy.dialects import registry
    from sqlalchemy.engine.default import DefaultDialect
    from sqlalchemy.exc import NoSuchModuleError

    paramstyle = {"?": "qmark", "%s": "format"}.get(hook.placeholder)
    if paramstyle is None:
        raise ReportError(
            f"{type(hook).__name__} marks parameters with {hook.placeholder!r}; the report knows ? and %s."
        )
    name = str(getattr(hook, "dialect_name", "default"))
    try:
        dialect = registry.load(name)
    except NoSuchModuleError:
        dialect = DefaultDialect
    return dialect(paramstyle=paramstyle)
