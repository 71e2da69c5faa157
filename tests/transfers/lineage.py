"""What OpenLineage is told of an export, through its own provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.utils.state import TaskInstanceState

from airflow_provider_truepush.transfers.base import StatsTransfer
from tests.transfers.tasks import Run


def lineage(operator: StatsTransfer, run: Run | None = None, failure: type[Exception] | None = None) -> Any:
    """A try from beginning to end, and what the provider's listener would get of it from its manager of extractors.

    :param failure: how the try is to end; None for well.
    """
    manager = pytest.importorskip(
        "airflow.providers.openlineage.extractors.manager", reason="apache-airflow-providers-openlineage is missing"
    )
    run = run or Run()
    operator.dag = DAG("a_dag", schedule=timedelta(days=1), start_date=datetime(2026, 11, 1, tzinfo=UTC))
    # Past Airflow's check that a task runner calls it.
    execute: Any = type(operator).execute.__wrapped__  # type: ignore[attr-defined]
    state = TaskInstanceState.SUCCESS
    if failure is None:
        execute(operator, run.next_try())
    else:
        state = TaskInstanceState.FAILED
        with pytest.raises(failure):
            execute(operator, run.next_try())
    instance = SimpleNamespace(task=operator)
    return manager.ExtractorManager().extract_metadata(
        dagrun=SimpleNamespace(run_id=run.run_id), task=operator, task_instance_state=state, task_instance=instance
    )


def names(datasets: list[Any]) -> list[tuple[str, str]]:
    """Namespace and name of each."""
    return [(one.namespace, one.name) for one in datasets]
