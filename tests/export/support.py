"""Rows and exports for tests."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_truepush.api.models.counters import COUNTERS
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.rows import ExportRun, StatsRow, Target, stats_row
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.sql.warehouse import Warehouse
from airflow_provider_truepush.models import CampaignStats
from tests.export.databases import CONN_ID, Database

START = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
HISTORY, LATEST, CAMPAIGNS = "truepush_campaign_stats", "truepush_campaign_stats_latest", "truepush_campaigns"


def campaign(number: int) -> str:
    """An id."""
    return f"{int(START.timestamp()):08x}{number:016x}"


def stats(value: int, **more: Any) -> CampaignStats:
    """Counters that all have a value."""
    return CampaignStats(**{**dict.fromkeys(COUNTERS.values(), value), **more})


def run_of(key: str = "day 1", **more: Any) -> ExportRun:
    """An export."""
    given = {"project": "shop", "snapshot_key": key, "dag_id": "a dag", "run_id": f"run of {key}", "load_id": "first"}
    return ExportRun(**{**given, "logical_date": START, **more})


def row(number: int, value: int, at: float = 0, run: ExportRun | None = None, **more: Any) -> StatsRow:
    """A row of a campaign, all counters with a value.

    :param at: seconds after the start.
    """
    target = Target(campaign(number), more.pop("title", f"Campaign {number}"))
    return stats_row(run or run_of(), target, stats(value, **more), START + timedelta(seconds=at))


def warehouse(database: Database, run: ExportRun | None = None, **given: Any) -> Warehouse:
    """The sink, as the operator makes it."""
    described = tables(given.pop("prefix", "truepush_"), given.pop("schema", None))
    return Warehouse(database.engine(), described, run or run_of(), conn_id=CONN_ID, **{"patience": 20.0, **given})


def write(database: Database, *rows: StatsRow, **given: Any) -> Warehouse:
    """An export of some rows, from beginning to end."""
    (run,) = {(one.snapshot_key, one.load_id): run_of(one.snapshot_key, load_id=one.load_id) for one in rows}.values()
    sink = warehouse(database, run, **given)
    with closing(sink):
        sink.prepare()
        sink.write(Batch(rows=list(rows)))
    return sink
