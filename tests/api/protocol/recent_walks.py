"""Walks over the rows since some time, and the rows that they must yield."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.recent import walk_recent
from airflow_provider_truepush.api.protocol.wanted import Wanted
from tests.api.protocol.moving_list import NOW, MovingList, drive

NAME = "listCampaign"
HOUR = 3600


def since(seconds: int) -> Wanted:
    return Wanted(since=datetime.fromtimestamp(NOW - seconds, UTC))


def recent(server: MovingList, seconds: int, hint: Hint | None = None) -> Any:
    return drive(walk_recent(NAME, since(seconds), hint or Hint()), server)


def wanted_rows(server: MovingList, seconds: int) -> set[str]:
    return {row.id for row in server.rows if int(row.id[:8], 16) >= NOW - seconds}
