"""A mapped task of a real Airflow whose feed changes between a run and a clear of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_truepush.emulator import Emulator
from local_airflow.airflow_process import LocalAirflow
from tests.airflow.examples import connection

DAG_ID, RUN_ID = "moved", "run-1"
pytestmark = pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="Airflow 3.3 brings the task's state")


class MovedFeed:
    """One run of the Dag, and the clears of it."""

    def __init__(self, airflow: LocalAirflow, emulator: Emulator) -> None:
        self._airflow, self._api, self._emulator = airflow, airflow.api, emulator

    def settled(self, feed: list[str], *, failed: int = 0) -> list[str]:
        """Run it with a feed, and once more what failed beside the given number of tasks.

        On a busy machine a task can wait in vain for the other map indexes. Its error says to clear it when they have
        run.
        """
        states = self.run(feed)
        return states if states.count("failed") == failed else self.run(feed, only_failed=True)

    def run(self, feed: list[str], *, only_failed: bool = False) -> list[str]:
        """Run it with a feed, for the first time or after a clear; returns the states of the mapped tasks."""
        value = {"key": "feed", "value": json.dumps(feed)}
        if self._exists():
            self._api._call("PATCH", "/variables/feed", json=value)
            body = {"dry_run": False, "only_failed": only_failed, "dag_run_id": RUN_ID, "reset_dag_runs": True}
            self._api._call("POST", f"/dags/{DAG_ID}/clearTaskInstances", json=body)
        else:
            self._api._call("POST", "/variables", json=value)
            body = {"dag_run_id": RUN_ID, "logical_date": None, "conf": {}}
            self._api._call("POST", f"/dags/{DAG_ID}/dagRuns", json=body)
        end = time.monotonic() + 240
        while self._api.run_state(DAG_ID, RUN_ID) not in ("success", "failed"):
            self._airflow.check_alive()
            assert time.monotonic() < end, "the run does not end"
            time.sleep(1)
        found = [ti for ti in self._api.task_instances(DAG_ID, RUN_ID) if ti["task_id"] == "announce"]
        return [str(ti["state"]) for ti in sorted(found, key=lambda ti: int(ti["map_index"]))]

    def _exists(self) -> bool:
        return any(run["dag_run_id"] == RUN_ID for run in self._api._call("GET", f"/dags/{DAG_ID}/dagRuns")["dag_runs"])

    def made(self) -> list[str]:
        """The oracle: what every createCampaign said."""
        requests = self._emulator.requests("createCampaign")
        return sorted(str(request.body["message"]).removeprefix("Item ") for request in requests)


@pytest.fixture
def moved(airflow: LocalAirflow, session_token: str) -> Iterator[MovedFeed]:
    with Emulator(token=session_token, clock="real") as emulator:
        airflow.api.put_connection(connection("truepush_moved", emulator))
        airflow.wait_for_dag(DAG_ID)
        airflow.api._call("PATCH", f"/dags/{DAG_ID}", json={"is_paused": False})
        yield MovedFeed(airflow, emulator)
        airflow.api._call("PATCH", f"/dags/{DAG_ID}", json={"is_paused": True})


def test_no_item_is_sent_again_when_the_feed_of_a_cleared_run_has_moved(moved: MovedFeed) -> None:
    assert moved.settled(["A", "B"]) == ["success", "success"]
    assert moved.made() == ["A", "B"]
    # Reordered: what changed places is recognized.
    assert moved.settled(["B", "A"]) == ["success", "success"]
    assert moved.made() == ["A", "B"]
    # Grown at the end: what is new is sent.
    assert moved.settled(["B", "A", "C"]) == ["success", "success", "success"]
    assert moved.made() == ["A", "B", "C"]
    # Grown at the front: what moved is recognized, and the new one needs a manual decision.
    states = moved.settled(["D", "B", "A", "C"], failed=1)
    assert states[0] == "failed"
    assert moved.made() == ["A", "B", "C"]
    assert states[1:] == ["success", "success", "success"]
