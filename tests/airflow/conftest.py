"""One real Airflow for all tests of this folder, and one run of the example in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CampaignRun
from local_airflow.configuration import EXAMPLES, Installation
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.executors import FreshMetadata, Metadata, SqliteMetadata
from local_airflow.servers import PostgresServer, find_postgres
from tests.support.metadata import prepare

# Any campaign is delivered in 13 seconds: time enough to see its task deferred.
SPEED = 24
SETTINGS = {
    # The tests have a file read again where they need it; to read all of them keeps a core busy.
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    # Often enough: with half a second, the scheduler mostly reads a database in which nothing has changed.
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    # A dead triggerer's watchers are taken over when its heartbeat is that old; Airflow's own default is half a minute.
    "TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5",
    # By default Airflow ends a task's process, and with it a notification, 20 s after the task.
    "CORE__TASK_SUCCESS_OVERTIME": "300",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of these tests waits for Airflow to start."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.airflow)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="package")
def metadata(written: Path) -> Iterator[Metadata | None]:
    """A PostgreSQL, if there is one: with SQLite a scheduler on a busy machine ends, because its database is locked."""
    programs = find_postgres()
    if programs is None:
        yield None
        return
    with PostgresServer(programs, written / "airflow-postgres.log", ["airflow"]) as server:
        yield FreshMetadata(server.url("airflow"))


@pytest.fixture(scope="package")
def installation(written: Path, metadata: Metadata | None) -> Installation:
    """Airflow's folder, below what is searched for the token at the end, with the examples and Dags of tests."""
    home = written / "airflow"
    shutil.copytree(EXAMPLES, home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    if AIRFLOW_V_3_3_PLUS:
        for path in (Path(__file__).parent / "dags").glob("*.py"):
            shutil.copy(path, home / "dags")
    return Installation(home, dags=home / "dags", extra=SETTINGS, metadata=metadata)


@pytest.fixture(scope="package")
def emulator(installation: Installation, session_token: str) -> Iterator[EmulatorProcess]:
    """The emulator in a process of its own."""
    log = installation.home / "emulator.log"
    with EmulatorProcess(log, installation.environment(), SPEED, token=session_token) as emulator:
        yield emulator


@pytest.fixture(scope="package")
def airflow(installation: Installation, emulator: EmulatorProcess) -> Iterator[LocalAirflow]:
    """A running Airflow, stopped after the last test of this folder; then nothing of it may be left."""
    if isinstance(installation.database, SqliteMetadata):
        prepare(installation)
    with LocalAirflow(installation) as airflow:
        yield airflow
        family = [process for component in airflow.components for process in component.family()]
    assert len(family) >= 4
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="package")
def run(airflow: LocalAirflow, emulator: EmulatorProcess) -> CampaignRun:
    """The example Dag, run to its end through the REST API."""
    run = CampaignRun(airflow, emulator)
    run.run()
    return run
