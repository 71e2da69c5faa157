"""Believable numbers in the warehouse's tables, written as the export writes them."""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.rows import StatsRow, Target, stats_row
from airflow_provider_truepush.models import CampaignStats
from tests.export.databases import Database
from tests.export.support import run_of, warehouse

BEGINNING = datetime(2026, 11, 1, 9, tzinfo=UTC)


def prepare(database: Database) -> None:
    """The tables, empty."""
    with closing(warehouse(database)) as sink:
        sink.prepare()


def add(
    database: Database,
    number: int,
    title: str | None,
    *,
    snapshots: int = 8,
    project: str = "shop",
    falls: bool = False,
) -> str:
    """A campaign that was made on the given day, and was observed once a day since. Returns its id."""
    made = BEGINNING + timedelta(days=number)
    target = Target(f"{int(made.timestamp()):08x}{number:016x}", title)
    for day in range(snapshots):
        run = run_of(f"day {number + day}", project=project)
        found = counters(20_000 * (number + 1), day)
        if falls and day == snapshots - 1:
            found = replace(found, reach=1)
        row: StatsRow = stats_row(run, target, found, made + timedelta(days=day, hours=15))
        with closing(warehouse(database, run)) as sink:
            sink.prepare()
            sink.write(Batch(rows=[row]))
    return target.campaign_id


def forget(database: Database, counter: str) -> None:
    """A counter as of tables that were made before it was known: its column is added now, for the rows to come."""
    database.run("DROP VIEW truepush_campaign_stats_increments")
    for table in ("truepush_campaign_stats", "truepush_campaign_stats_latest"):
        database.run(f"ALTER TABLE {table} DROP COLUMN {counter}")
    prepare(database)


def counters(sent: int, day: int) -> CampaignStats:
    """What a campaign has come to after some days."""
    delivered = int(sent * 0.95)
    views = int(delivered * 0.31 * (1 - math.exp(-(day + 0.5) / 2.2)))
    clicks = int(views * 0.16)
    return CampaignStats(sent, sent, delivered, views, clicks, clicks // 3, clicks // 9, views // 100)
