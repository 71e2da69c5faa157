"""The warehouse's tables with believable numbers, on SQLite."""

from __future__ import annotations

import math
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

COUNTERS = ("reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers")
BEGINNING = datetime(2026, 11, 1, 9, tzinfo=UTC)


class Tables:
    """An SQLite file with the tables that the export makes.

    :param path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path)
        counters = ", ".join(f"{name} BIGINT NOT NULL" for name in COUNTERS)
        for table in ("truepush_campaign_stats", "truepush_campaign_stats_latest"):
            self.database.execute(
                f"CREATE TABLE {table} (project TEXT, campaign_id TEXT, snapshot_key TEXT, observed_at TIMESTAMP, "
                f"{counters}, counter_regressed BOOLEAN)"
            )
        self.database.execute(
            "CREATE TABLE truepush_campaigns (project TEXT, campaign_id TEXT, title TEXT, created_at TIMESTAMP)"
        )
        self.database.commit()

    def add(self, number: int, title: str | None, *, snapshots: int = 8, project: str = "shop", fell: int = -1) -> str:
        """A campaign that was made on the given day, and was observed once a day since. Returns its id."""
        made = BEGINNING + timedelta(days=number)
        campaign_id = f"{int(made.timestamp()):08x}{number:016x}"
        execute = self.database.execute
        execute("INSERT INTO truepush_campaigns VALUES (?, ?, ?, ?)", (project, campaign_id, title, made.isoformat()))
        for day in range(snapshots):
            observed = (made + timedelta(days=day, hours=15)).replace(tzinfo=None).isoformat(" ")
            row = (project, campaign_id, str(day), observed, *counters(20_000 * (number + 1), day), day == fell)
            self._insert("truepush_campaign_stats", row)
        self._insert("truepush_campaign_stats_latest", row)
        self.database.commit()
        return campaign_id

    def _insert(self, table: str, row: tuple[object, ...]) -> None:
        self.database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


def counters(sent: int, day: int) -> tuple[int, ...]:
    """What a campaign has come to after some days."""
    delivered = int(sent * 0.95)
    views = int(delivered * 0.31 * (1 - math.exp(-(day + 0.5) / 2.2)))
    clicks = int(views * 0.16)
    return sent, sent, delivered, views, clicks, clicks // 3, clicks // 9, views // 100
