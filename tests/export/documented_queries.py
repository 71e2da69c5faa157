"""The queries of the documentation, some rows to ask, and the answers worked out by hand. Every database runs them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_provider_truepush.api.models.own_send import UNKNOWN, OwnSend
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.rows import StatsRow, Target, stats_row
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.sql.warehouse import Warehouse
from tests.export.databases import CONN_ID
from tests.export.support import run_of, stats

FOLDER = Path(__file__).parents[2] / "docs" / "queries"
NAMES = ("growth_per_campaign", "best_hour", "segment_comparison", "unsubscribes_per_send")
FIRST = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
LINK = "https://example.com"
SEGMENT = "5f0c1b2a3d4e5f6071829304"


def campaign(number: int, hour: int) -> str:
    """An id of a campaign that was created at an hour."""
    return f"{int(FIRST.replace(hour=hour).timestamp()):08x}{number:016x}"


MORNING, NOON, ALL, OTHER, UNSENT = campaign(1, 9), campaign(2, 12), campaign(3, 9), campaign(4, 12), campaign(5, 12)
#: Of each campaign: its title, what is known of its send, and its counters at each snapshot.
CAMPAIGNS: dict[str, tuple[str, OwnSend, list[tuple[int, int, int]]]] = {
    MORNING: ("Morning", OwnSend(LINK, SEGMENT, "VIP", ("sale",), "sales", "run", "vip"), [(100, 10, 1), (200, 50, 2)]),
    NOON: ("Noon", OwnSend(LINK, SEGMENT, None, (), "sales", "run", "by_id"), [(100, 10, 0), (100, 20, 4)]),
    ALL: ("All", OwnSend(LINK, None, None, (), "sales", "run", "all"), [(1000, 100, 20), (1000, 110, 20)]),
    OTHER: ("Other", UNKNOWN, [(300, 20, 0), (400, 30, 1)]),
    UNSENT: ("Unsent", UNKNOWN, [(0, 0, 0), (0, 0, 0)]),
}


def moment(snapshot: int) -> datetime:
    """When a snapshot was taken."""
    return FIRST + timedelta(days=1 + snapshot)


def write(place: Any) -> None:
    """Write the rows as two exports would."""
    for snapshot in (0, 1):
        run = run_of(f"day {snapshot}", load_id=f"load {snapshot}")
        rows: list[StatsRow] = []
        for campaign_id, (title, send, counted) in CAMPAIGNS.items():
            delivered, clicks, unsubscribers = counted[snapshot]
            counters = replace(stats(0), delivered=delivered, clicks=clicks, unsubscribers=unsubscribers)
            rows.append(replace(stats_row(run, Target(campaign_id, title), counters, moment(snapshot)), send=send))
        engine = engine_for(place.hook, CONN_ID)
        with closing(Warehouse(engine, tables("truepush_", None), run, conn_id=CONN_ID, patience=10.0)) as sink:
            sink.prepare()
            sink.write(Batch(rows=rows))


def answer(place: Any, name: str) -> list[tuple[Any, ...]]:
    """What a database answers to a query."""
    own = FOLDER / f"{name}.{place.kind}.sql"
    query = (own if own.exists() else FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    return [tuple(map(_plain, row)) for row in place.rows(query)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.year == 1970:
        return None  # fakesnow hands a missing moment over as 1970
    if isinstance(value, (datetime, str)) and str(value)[:2] == "20" and ":" in str(value):
        found = datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return value if value is None or isinstance(value, str) else round(float(value), 4)


def expected(name: str) -> list[tuple[Any, ...]]:
    """The right answer."""
    if name == "growth_per_campaign":
        rows: list[tuple[Any, ...]] = []
        for campaign_id, (title, _, (first, second)) in sorted(CAMPAIGNS.items()):
            rows.append((campaign_id, title, None, moment(0), *first))
            added = (new - old for new, old in zip(second, first, strict=True))
            rows.append((campaign_id, title, moment(0), moment(1), *added))
        return rows
    return {
        "best_hour": [(9, 2, 1200, 160, round(16000 / 1200, 4)), (12, 2, 500, 50, 10.0)],
        "segment_comparison": [
            ("VIP", 1, 200, 50, 25.0, 10.0),
            (SEGMENT, 1, 100, 20, 20.0, 40.0),
            ("every subscriber", 1, 1000, 110, 11.0, 20.0),
            ("unknown", 1, 400, 30, 7.5, 2.5),
        ],
        "unsubscribes_per_send": [
            (NOON, "Noon", "sales", "by_id", 100, 4, 40.0),
            (ALL, "All", "sales", "all", 1000, 20, 20.0),
            (MORNING, "Morning", "sales", "vip", 200, 2, 10.0),
            (OTHER, "Other", None, None, 400, 1, 2.5),
        ],
    }[name]
