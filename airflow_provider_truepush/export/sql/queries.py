"""The queries of an export for earlier rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import and_, false, func, select

from airflow_provider_truepush.export.batches import Checkpoint
from airflow_provider_truepush.export.columns import COUNTER_COLUMNS
from airflow_provider_truepush.export.rows import ExportRun, StatsRow
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.tables import Tables

#: An observation: its time and its counters.
Observation = tuple[datetime, tuple[int | None, ...]]


def known(
    engine: Engine,
    cursor: Any,
    tables: Tables,
    run: ExportRun,
    campaign_ids: Sequence[str],
    done: bool,
    unchanged: int | None,
) -> Mapping[str, Checkpoint]:
    """Return the state of campaigns; see :class:`~airflow_provider_truepush.export.batches.Sink`."""
    found: dict[str, dict[str, Any]] = {}
    history, campaigns = tables.history.c, tables.campaigns.c
    for ids in _parts(campaign_ids, engine.chunk):
        if done:
            query = select(history.campaign_id, history.observed_at, history.counter_regressed).where(
                history.project == run.project,
                history.campaign_id.in_(ids),
                history.snapshot_key == run.snapshot_key,
                history.load_id == run.load_id,
            )
            for campaign_id, moment, regressed in engine.query(cursor, query):
                fields = {"done_at": engine.moment(moment), "done_regressed": bool(regressed)}
                found.setdefault(campaign_id, {}).update(fields)
        seen = select(campaigns.id, campaigns.first_seen).where(campaigns.project == run.project, campaigns.id.in_(ids))
        for campaign_id, moment in engine.query(cursor, seen):
            found.setdefault(campaign_id, {})["first_seen"] = engine.moment(moment)
        if unchanged is not None:
            for campaign_id, number in _unchanged(engine, cursor, tables, run, ids, unchanged):
                found.setdefault(campaign_id, {})["unchanged"] = number
    return {campaign_id: Checkpoint(**fields) for campaign_id, fields in found.items()}


def _unchanged(
    engine: Engine, cursor: Any, tables: Tables, run: ExportRun, ids: Sequence[str], limit: int
) -> Iterator[tuple[str, int]]:
    """Yield each campaign and how many of its latest fetches in a row returned unchanged counters."""
    history = tables.history.c
    newest_first = func.row_number().over(partition_by=history.campaign_id, order_by=history.observed_at.desc())
    ranked = (
        select(history.campaign_id, *(history[name] for name in COUNTER_COLUMNS), newest_first.label("place"))
        .where(
            history.project == run.project,
            history.campaign_id.in_(ids),
            history.snapshot_key != run.snapshot_key,
            # A catch-up stores the same counters many times within minutes, which does not mean that they settled.
            history.past_interval == false(),
        )
        .subquery("ranked")
    )
    query = select(ranked).where(ranked.c.place <= limit + 1).order_by(ranked.c.campaign_id, ranked.c.place)
    series: dict[str, list[tuple[Any, ...]]] = {}
    for campaign_id, *counters, _ in engine.query(cursor, query):
        series.setdefault(campaign_id, []).append(tuple(counters))
    for campaign_id, snapshots in series.items():
        number = 0
        for newer, older in pairwise(snapshots):
            if newer != older:
                break
            number += 1
        yield campaign_id, number


def earlier(
    engine: Engine, cursor: Any, tables: Tables, run: ExportRun, rows: Sequence[StatsRow]
) -> Mapping[str, Sequence[Observation]]:
    """Return the earlier observations to compare a batch with: the latest, and the latest of another snapshot."""
    found: dict[str, list[Observation]] = {}
    latest = tables.latest.c
    unsettled = []
    by_id = {row.campaign_id: row for row in rows}
    for ids in _parts(list(by_id), engine.chunk):
        query = select(
            latest.campaign_id, latest.snapshot_key, latest.observed_at, *(latest[name] for name in COUNTER_COLUMNS)
        ).where(latest.project == run.project, latest.campaign_id.in_(ids))
        for campaign_id, snapshot_key, moment, *counters in engine.query(cursor, query):
            observed_at = engine.moment(moment)
            if observed_at < by_id[campaign_id].observed_at:
                found.setdefault(campaign_id, []).append((observed_at, tuple(counters)))
            if observed_at >= by_id[campaign_id].observed_at or snapshot_key == run.snapshot_key:
                # A re-run or a late arrival: the previous snapshot has to be looked up.
                unsettled.append(campaign_id)
    for ids in _parts(unsettled, engine.chunk):
        for campaign_id, observation in _before(engine, cursor, tables, run, [by_id[one] for one in ids]):
            found.setdefault(campaign_id, []).append(observation)
    return found


def _before(
    engine: Engine, cursor: Any, tables: Tables, run: ExportRun, rows: Sequence[StatsRow]
) -> Iterator[tuple[str, Observation]]:
    """Yield the latest observation of each campaign in another snapshot, before the batch."""
    history = tables.history.c
    start = min(row.observed_at for row in rows)
    newest = (
        select(history.campaign_id, func.max(history.observed_at).label("moment"))
        .where(
            history.project == run.project,
            history.campaign_id.in_([row.campaign_id for row in rows]),
            history.snapshot_key != run.snapshot_key,
            history.observed_at < start,
        )
        .group_by(history.campaign_id)
        .subquery("newest")
    )
    query = (
        select(history.campaign_id, history.observed_at, *(history[name] for name in COUNTER_COLUMNS))
        .select_from(
            tables.history.join(
                newest, and_(history.campaign_id == newest.c.campaign_id, history.observed_at == newest.c.moment)
            )
        )
        .where(history.project == run.project, history.snapshot_key != run.snapshot_key)
    )
    for campaign_id, moment, *counters in engine.query(cursor, query):
        yield campaign_id, (engine.moment(moment), tuple(counters))


def fallen(row: StatsRow, observations: Sequence[Observation]) -> list[str]:
    """Return a phrase for each counter that fell."""
    falls = []
    values = row.stats.as_dict()
    for moment, counters in observations:
        for name, before in zip(COUNTER_COLUMNS, counters, strict=True):
            if before is not None and values[name] < before:
                falls.append(f"{name} fell from {before} (at {moment.isoformat()}) to {values[name]}")
    return list(dict.fromkeys(falls))


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
