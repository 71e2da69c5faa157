"""One real Airflow for all tests of this folder, and one run of the example in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CampaignRun
from local_airflow.configuration import Installation
from local_airflow.emulator_process import EmulatorProcess

# Any campaign is delivered in 13 seconds: time enough to see its task deferred.
SPEED = 24


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of these tests waits for Airflow to start."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.airflow)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="package")
def installation(written: Path) -> Installation:
    """Airflow's folder, below what is searched for the token at the end."""
    return Installation(written / "airflow")


@pytest.fixture(scope="package")
def emulator(installation: Installation, session_token: str) -> Iterator[EmulatorProcess]:
    """The emulator in a process of its own."""
    log = installation.home / "emulator.log"
    with EmulatorProcess(log, installation.environment(), SPEED, token=session_token) as emulator:
        yield emulator


@pytest.fixture(scope="package")
def airflow(installation: Installation, emulator: EmulatorProcess) -> Iterator[LocalAirflow]:
    """A running Airflow, stopped after the last test of this folder; then nothing of it may be left."""
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
