"""Start a whole cluster: PostgreSQL, Redis, the emulator, and Airflow with two workers and two triggerers."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local_airflow.airflow_process import LocalAirflow
from local_airflow.configuration import EXAMPLES, LOOPBACK, Installation
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.executors import FreshMetadata, celery
from local_airflow.servers import PostgresServer, RedisServer, find_postgres, find_redis
from tests.cluster.cluster import CONCURRENCY, DATABASES, HANG, RATE, SPEED, TRIGGERERS, WORKERS, Cluster

DAGS = Path(__file__).parent / "dags"

#: Faults are noticed within seconds instead of minutes.
HURRY = {
    "API__WORKERS": "1",
    "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "21600",
    "CORE__DEFAULT_POOL_TASK_SLOT_COUNT": "200",
    "CORE__MAX_ACTIVE_TASKS_PER_DAG": "100",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "60",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "8",
    # Every task process logs in again; the tokens of these tests must outlive a long queue.
    "WORKERS__EXECUTION_API_TIMEOUT": "60",
}


def _dags(home: Path) -> Path:
    """Put the examples and the Dags of these tests into one folder."""
    folder = home / "dags"
    folder.mkdir(parents=True)
    for path in [*EXAMPLES.glob("*.py"), *DAGS.glob("*.py")]:
        shutil.copy(path, folder)
    return folder


@contextmanager
def running(home: Path, token: str, say: Callable[[str], None]) -> Iterator[Cluster]:
    """Start a whole cluster in a folder that is emptied before; stop it at the end, every process by its own id.

    :param home: folder for logs, Dags and files.
    :param token: of the Truepush project.
    :param say: called with each line of progress.
    """
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    programs, program = find_postgres(), find_redis()
    assert programs is not None
    assert program is not None
    postgres = PostgresServer(programs, home / "postgres.log", DATABASES)
    broker = RedisServer(program, home / "redis.log")
    # Truepush knows the tokens of its projects; what is searched for them at the end must not hold its state.
    with tempfile.TemporaryDirectory(prefix="truepush-emulator-") as hidden, postgres, broker:
        url = postgres.url("airflow")
        installation = Installation(
            home / "airflow",
            dags=_dags(home),
            extra=HURRY,
            metadata=FreshMetadata(url),
            executor=celery(
                broker.url, url.replace("postgresql+psycopg2", "postgresql"), home, WORKERS, TRIGGERERS, CONCURRENCY
            ),
        )
        emulator = EmulatorProcess(
            home / "emulator.log", installation.environment(), SPEED, token=token, state=Path(hidden, "emulator.db")
        )
        with emulator, LocalAirflow(installation, say) as airflow:
            cluster = Cluster(home, airflow, emulator, postgres, broker, say)
            airflow.api.put_connection(emulator.connection())
            for connection in (_warehouse(postgres), _redis(broker), _paced(emulator), _slow(emulator)):
                airflow.api.put_connection(connection)
            yield cluster


def _warehouse(postgres: PostgresServer) -> dict[str, Any]:
    return {
        "connection_id": "warehouse",
        "conn_type": "postgres",
        "host": LOOPBACK,
        "port": postgres.port,
        "schema": "warehouse",
        "login": "airflow",
        "password": postgres.password,
        "extra": json.dumps({"connect_timeout": 5}),
    }


def _redis(broker: RedisServer) -> dict[str, Any]:
    return {
        "connection_id": "redis_default",
        "conn_type": "redis",
        "host": LOOPBACK,
        "port": broker.port,
        "password": broker.password,
    }


def _paced(emulator: EmulatorProcess) -> dict[str, Any]:
    extra = {"timezone": "Etc/UTC", "requests_per_second": RATE, "rate_limit_conn_id": "redis_default"}
    return {**emulator.connection("truepush_paced"), "extra": json.dumps(extra)}


def _slow(emulator: EmulatorProcess) -> dict[str, Any]:
    """A busy machine may take minutes until the worker is killed whose request is not answered."""
    extra = {"timezone": "Etc/UTC", "timeout": HANG}
    return {**emulator.connection("truepush_slow"), "extra": json.dumps(extra)}
