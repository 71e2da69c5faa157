"""The task instance of map index 0, alone in its task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from airflow_provider_truepush.task.map_indexes import MapIndexes


def one_map_index(xcoms: dict[int, Any]) -> MapIndexes:
    """Return what it reads and publishes.

    :param xcoms: the published XComs, by map index.
    """
    return MapIndexes(
        SimpleNamespace(
            task_id="t",
            xcom_pull=lambda task_ids, key: list(xcoms.values()),
            xcom_push=lambda key, value: xcoms.__setitem__(0, value),
        )
    )
