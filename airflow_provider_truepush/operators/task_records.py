"""From Airflow's context to the records of what earlier tries of a task changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.resources.change_record import ChangeRecords


def run_began(context: Context) -> datetime | None:
    """Return the start of the Dag run, which moves when a finished run is cleared; None outside of a run."""
    began: Any = getattr(context.get("dag_run"), "start_date", None)
    return began if isinstance(began, datetime) else None


def change_records(context: Context, conn_id: str) -> ChangeRecords:
    """Return the records of this task instance.

    :param context: Airflow's context of this try.
    :param conn_id: id of the connection.
    """
    from airflow_provider_truepush.operators.task_try import TaskTry
    from airflow_provider_truepush.resources.change_record import ChangeRecords

    task_try = TaskTry.of(context)
    began = run_began(context)
    return ChangeRecords(
        context.get("task_state_store"),
        conn_id,
        try_number=task_try.number,
        author=str(task_try),
        run_began=began.isoformat() if began is not None else "",
    )
