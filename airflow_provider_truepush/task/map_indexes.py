"""What the map indexes of one task show each other in Airflow: an XCom of each, and their states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MapIndexes:
    """The map indexes of a task in one Dag run, as one of them sees them. All calls raise what Airflow raises.

    :param ti: ``context["ti"]``.
    """

    def __init__(self, ti: Any) -> None:
        self._ti = ti

    @classmethod
    def of(cls, ti: Any) -> MapIndexes | None:
        """Return the map indexes of a task; None for a task instance without XComs."""
        return cls(ti) if hasattr(ti, "xcom_pull") and hasattr(ti, "xcom_push") else None

    def publish(self, key: str, entry: Mapping[str, Any]) -> None:
        """Write an XCom of this map index."""
        self._ti.xcom_push(key=key, value=entry)

    def published(self, key: str) -> list[Mapping[str, Any]]:
        """Return the XComs of all map indexes under a key."""
        found = self._ti.xcom_pull(task_ids=self._ti.task_id, key=key)
        entries = [found] if isinstance(found, Mapping) else list(found or ())
        return [entry for entry in entries if isinstance(entry, Mapping)]

    def states(self) -> dict[int, str | None]:
        """Return the state of each map index; empty before Airflow 3, which does not show it."""
        ti = self._ti
        if not hasattr(ti, "get_task_states"):
            return {}
        states = ti.get_task_states(dag_id=ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id]).get(ti.run_id) or {}
        # Airflow names a map index by the task's id, an underscore and the number.
        indexes = {name.removeprefix(f"{ti.task_id}_"): state for name, state in states.items()}
        return {
            int(index): None if state is None else str(getattr(state, "value", state))
            for index, state in indexes.items()
            if index.isdigit()
        }
