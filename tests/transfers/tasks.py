"""Tries of tasks that export, as Airflow would run them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.export.databases import CONN_ID, Database

HISTORY, LATEST, CAMPAIGNS = "truepush_campaign_stats", "truepush_campaign_stats_latest", "truepush_campaigns"


class OutletEvents:
    """The events of outlets by their assets, which cannot be keys of a dict before Airflow 3.2."""

    def __init__(self) -> None:
        self._by_uri: dict[str, SimpleNamespace] = {}

    def __getitem__(self, asset: Any) -> SimpleNamespace:
        return self._by_uri.setdefault(asset.uri, SimpleNamespace(extra={}))


@dataclass
class Run:
    """A Dag run of a daily Dag, by default that of today.

    :param retries: of the task.
    """

    run_id: str = "run-1"
    run_type: str = "scheduled"
    interval_end: datetime | None = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))
    length: timedelta = timedelta(days=1)
    timetable: Any = None
    retries: int = 2
    tries: int = 0
    max_tries: int = 2
    start_date: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=1))
    outlet_events: Any = None

    def clear(self) -> None:
        """What Airflow does when a person clears the task."""
        self.max_tries = self.tries + self.retries

    def next_try(self) -> dict[str, Any]:
        """The context of the next try."""
        self.tries += 1
        end = self.interval_end
        start = end - self.length if end else None
        return {
            "ti": SimpleNamespace(
                dag_id="a_dag",
                run_id=self.run_id,
                task_id="export",
                map_index=-1,
                try_number=self.tries,
                max_tries=self.max_tries,
            ),
            "dag_run": SimpleNamespace(
                run_type=self.run_type, start_date=self.start_date, run_after=end or self.start_date
            ),
            "logical_date": start,
            "data_interval_start": start,
            "data_interval_end": end,
            "outlet_events": self.outlet_events,
        }


def export(run: Run, **given: Any) -> Any:
    """A try from beginning to end."""
    settings = {"task_id": "export", "sql_conn_id": CONN_ID, "retries": run.retries, **given}
    operator = TruepushStatsToSqlOperator(**settings)
    timetable = run.timetable
    operator.get_dag = lambda: SimpleNamespace(timetable=timetable)  # type: ignore[assignment,return-value]
    # Past Airflow's check that a task runner calls it.
    execute: Any = TruepushStatsToSqlOperator.execute.__wrapped__  # type: ignore[attr-defined]
    return execute(operator, run.next_try())


def truth(emulator: Emulator, ids: list[str]) -> dict[str, tuple[int, ...]]:
    """The counters that Truepush has."""
    found = {one: emulator.stats(one) for one in ids}
    return {one: (told["reach"], told["sent"], told["clicks"]) for one, told in found.items() if told is not None}


def written(database: Database, table: str = HISTORY) -> dict[str, tuple[int, ...]]:
    """The counters that the warehouse has; no campaign is there twice."""
    rows = database.rows(f"SELECT campaign_id, reach, sent, clicks FROM {table}")
    found = {one: tuple(counters) for one, *counters in rows}
    assert len(found) == len(rows)
    return found


def asked(emulator: Emulator) -> list[str]:
    """The campaigns whose statistics were asked for, in order."""
    return [request.path.rpartition("/")[2] for request in emulator.requests("campaignStats")]
