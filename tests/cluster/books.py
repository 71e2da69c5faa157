"""The books after all faults: Truepush's truth, the stores of sends, and the exported rows."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster.cluster import Cluster

COUNTERS = ("reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers")
#: States of task instances that still have something before them.
OPEN = ("scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule", "deferred")


def recorded(cluster: Cluster) -> tuple[list[str], int]:
    """Return the campaign ids that the stores of sends record, and the number of sends whose outcome is unknown."""
    states = [
        json.loads(value)
        for (value,) in cluster.query(
            "airflow", "SELECT value FROM task_state_store WHERE key LIKE 'truepush_send\\_%%'"
        )
    ]
    ledger = cluster.query(
        "warehouse", "SELECT campaign_id, settled FROM truepush_send_ledger WHERE content <> ''"
    )  # not visits of tries
    ids = [row["campaign_id"] for row in states if row["settled"]] + [row[0] for row in ledger if row[1]]
    return ids, sum(not row["settled"] for row in states) + sum(not row[1] for row in ledger)


def open_tasks(cluster: Cluster) -> list[tuple[Any, ...]]:
    """Return the task instances of all runs that have not ended."""
    return cluster.query(
        "airflow",
        "SELECT i.dag_id, i.task_id, i.map_index, i.state FROM task_instance i JOIN dag_run r ON r.dag_id = i.dag_id "
        "AND r.run_id = i.run_id WHERE i.state = ANY(%s) OR (r.state IN ('running', 'queued'))",
        (list(OPEN),),
    )


def exported(cluster: Cluster, table: str) -> dict[str, dict[str, int]]:
    """Return the counters of the rows of an export by campaign."""
    rows = cluster.query("warehouse", f"SELECT campaign_id, {', '.join(COUNTERS)} FROM {table}")
    found = {row[0]: dict(zip(COUNTERS, row[1:], strict=True)) for row in rows}
    assert len(found) == len(rows)
    return found
