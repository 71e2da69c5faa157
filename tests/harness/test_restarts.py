"""A component of the local Airflow that ends: when it is started again, and when that is an error."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from local_airflow.airflow_process import LOCKED, MOST_RESTARTS, LocalAirflow
from local_airflow.configuration import Installation
from local_airflow.errors import LocalAirflowError
from local_airflow.processes import Started


class Restarted(LocalAirflow):
    """Starts in place of the scheduler what ends at once, with some last words."""

    last_words = ""

    def restart(self, name: str) -> Started:
        """Start it, and wait until it has ended."""
        command = ("sh", "-c", f"echo '{self.last_words}'; exit 1")
        self.components = [Started(name, command, os.environ, self.installation.home / "scheduler.log", append=True)]
        while self.components[0].exit_code is None:
            time.sleep(0.01)
        return self.components[0]


@pytest.fixture(name="airflow")
def airflow_fixture(tmp_path: Path) -> Restarted:
    return Restarted(Installation(tmp_path))


def test_one_that_found_its_database_locked_is_started_again_some_times(airflow: Restarted) -> None:
    airflow.last_words = f"OperationalError: {LOCKED}"
    airflow.restart("scheduler")
    first = airflow.components[0]
    for _ in range(MOST_RESTARTS):
        airflow.check_alive()
    assert airflow.components[0] is not first
    with pytest.raises(LocalAirflowError, match="The scheduler ended with exit code 1"):
        airflow.check_alive()


def test_one_that_ended_otherwise_is_an_error(airflow: Restarted) -> None:
    airflow.last_words = "no module named dags"
    airflow.restart("scheduler")
    with pytest.raises(LocalAirflowError, match="no module named dags"):
        airflow.check_alive()
