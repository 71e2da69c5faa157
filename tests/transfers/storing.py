"""Tries of tasks that export into files, as Airflow would run them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from tests.transfers.tasks import Run


def store(run: Run, path: Any, **given: Any) -> Any:
    """A try from beginning to end."""
    operator = TruepushStatsToObjectStorageOperator(
        **{"task_id": "export", "path": str(path), "retries": run.retries, **given}
    )
    timetable = run.timetable
    operator.get_dag = lambda: SimpleNamespace(timetable=timetable)  # type: ignore[assignment,return-value]
    # Past Airflow's check that a task runner calls it.
    execute: Any = TruepushStatsToObjectStorageOperator.execute.__wrapped__  # type: ignore[attr-defined]
    return execute(operator, run.next_try())


def counters(rows: list[dict[str, Any]]) -> dict[str, tuple[int, ...]]:
    """The counters of the rows of a file; no campaign is there twice."""
    found = {row["campaign_id"]: tuple(int(row[name]) for name in ("reach", "sent", "clicks")) for row in rows}
    assert len(found) == len(rows)
    return found
