"""``python -m benchmarks.triggerer.deferring NAME FOLDER``: a run whose tasks are all deferred, in Airflow's database.

Runs in Airflow's environment. What is stored is what the API server stores when a worker reports that a sensor has
deferred; the task's own class matters to nobody as long as it waits.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.watching.contestants import HOUR, TRIGGERS, Setting, Waiting

INTERVAL = 1.0
DAG_ID = "waiting"
IDLE = "idle"
CONTESTANTS = ("truepush", "http", "dbt")
ALL = (*CONTESTANTS, IDLE)

#: A mapped task: each of its instances is a sensor that waits.
DAG = """
from airflow.sdk import DAG, BaseSensorOperator

class Waiting(BaseSensorOperator):
    def __init__(self, *, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number

with DAG("{dag_id}", schedule=None):
    Waiting.partial(task_id="wait").expand(number=list(range({count})))
"""


def idle(_: Setting) -> Waiting:
    """Airflow's own ``DateTimeTrigger``, so long before its moment that it sleeps for an hour."""
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger
    from airflow.sdk import timezone

    moment = timezone.utcnow() + timedelta(seconds=4 * HOUR)
    return Waiting("bench_none", {"conn_type": "generic"}, lambda _: DateTimeTrigger(moment))


def defer(waiting: Waiting) -> int:
    """Store the connection, a run, and a deferred instance of its task for each trigger; returns how many."""
    from airflow.models.connection import Connection
    from airflow.models.dagbag import DBDagBag
    from airflow.sdk import timezone
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    now = timezone.utcnow()
    with create_session() as session:
        session.add(Connection.from_json(json.dumps(waiting.connection), conn_id=waiting.conn_id))
        dag = DBDagBag().get_latest_version_of_dag(DAG_ID, session=session)
        if dag is None:
            raise RuntimeError("the Dag was not serialized")
        run = dag.create_dagrun(
            run_id="manual__benchmark",
            run_after=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.CLI,
            state=DagRunState.RUNNING,
            start_date=now,
            session=session,
        )
        session.flush()
        instances = run.get_task_instances(session=session)
        for instance in instances:
            _defer(instance, waiting.make(instance.map_index), session)
    return len(instances)


def _defer(instance: Any, trigger: Any, session: Any) -> None:
    from airflow.models.trigger import Trigger
    from airflow.sdk import timezone
    from airflow.sdk.serde import serialize
    from airflow.utils.state import TaskInstanceState

    classpath, arguments = trigger.serialize()
    row = Trigger(classpath=classpath, kwargs={})
    row.encrypted_kwargs = json.dumps(serialize(arguments))
    session.add(row)
    session.flush()
    instance.try_number = 1
    instance.start_date = timezone.utcnow()
    instance.state = TaskInstanceState.DEFERRED
    instance.trigger_id = row.id
    instance.next_method, instance.next_kwargs = "execute_complete", {}


if __name__ == "__main__":
    _, name, folder = sys.argv
    waits = idle if name == IDLE else TRIGGERS[name][1]
    print(defer(waits(Setting(Path(folder), INTERVAL, {}))), flush=True)
