"""What Airflow hands to a task, as far as sensors and operators of this provider look at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support.versions import HAS_STATE_STORE

#: The first poll of each run that waits in mode ``reschedule``. Airflow before 3.0 keeps it in its database.
FIRST_POLLS: dict[str, datetime] = {}


@dataclass
class Store:
    """Stands for the task state store of Airflow 3.3: JSON in, JSON out, and never more than that."""

    kept: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """What was kept; None without."""
        return json.loads(self.kept[key]) if key in self.kept else None

    def set(self, key: str, value: Any, **options: Any) -> None:
        """Keep a value."""
        self.kept[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        """Forget a value."""
        self.kept.pop(key, None)


@dataclass
class TaskInstance:
    """Stands for the task instance."""

    try_number: int = 1
    xcoms: dict[str, Any] = field(default_factory=dict)
    first_reschedule: datetime | None = None
    dag_id: str = "a_dag"
    run_id: str = "a_run"
    task_id: str = "a_task"
    map_index: int = -1
    max_tries: int = 2

    def xcom_push(self, key: str, value: Any, **options: Any) -> None:
        """Keep a value, which must be JSON."""
        json.dumps(value)
        self.xcoms[key] = value

    def get_first_reschedule_date(self, context: Any) -> datetime | None:
        """When the first poll was."""
        return self.first_reschedule


def context(ti: TaskInstance | None = None, **more: Any) -> Any:
    """A context with a task state store where Airflow has one, unless told otherwise."""
    moment = datetime.now(UTC)
    given = {
        "ti": ti or TaskInstance(),
        "task_instance": ti,
        "task_state_store": Store() if HAS_STATE_STORE else None,
        "logical_date": moment,
        "data_interval_start": moment,
        "data_interval_end": moment,
        "params": {},
        "run_id": "a_run",
    }
    given["task_instance"] = given["ti"]
    return {name: value for name, value in {**given, **more}.items() if value is not None}
