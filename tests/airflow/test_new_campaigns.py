"""The watcher of new campaigns in a real Airflow whose triggerer dies without warning."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_truepush.emulator import Emulator
from local_airflow.airflow_process import LocalAirflow
from tests.airflow.examples import connection

pytestmark = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow 3.3 brings the asset's state and shared streams"
)

DAGS = ("on_campaign_of_books", "on_campaign_of_toys")
ASSETS = ("truepush://books/campaigns", "truepush://toys/campaigns")


@pytest.fixture
def truepush(session_token: str) -> Iterator[Emulator]:
    with Emulator(token=session_token, clock="real") as emulator:
        emulator.add_campaigns(25)
        yield emulator


@pytest.fixture
def watched(airflow: LocalAirflow, truepush: Emulator) -> Iterator[LocalAirflow]:
    """The Airflow whose watchers begin now, as their Dags are paused no longer."""
    # The connection has to exist before the watchers do.
    airflow.api.put_connection(connection("truepush_watched", truepush))
    for dag_id in DAGS:
        airflow.wait_for_dag(dag_id)
        airflow.api._call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
    airflow.api._call("PUT", f"/parseDagFile/{airflow.api.dags()[DAGS[0]]['file_token']}")
    yield airflow
    for dag_id in DAGS:
        airflow.api._call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})


def until(done: Callable[[], Any], what: str, seconds: float = 90, pause: float = 1) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(pause)


def polls(emulator: Emulator) -> int:
    return sum(request.argument == "1" for request in emulator.requests("listCampaign"))


def await_polls(emulator: Emulator, more: int = 2) -> None:
    target = polls(emulator) + more
    until(lambda: polls(emulator) >= target, f"{more} polls", pause=0.2)


def told(airflow: LocalAirflow) -> Counter[tuple[str, str]]:
    """Project and campaign of every event of the two assets."""
    airflow.check_alive()
    events = airflow.api._call("GET", "/assets/events", params={"limit": 100})["asset_events"]
    payloads = [event["extra"]["payload"] for event in events if event["uri"] in ASSETS]
    return Counter((payload["project"], payload["campaign_id"]) for payload in payloads)


def expected(ids: list[str]) -> Counter[tuple[str, str]]:
    return Counter((project, campaign_id) for project in ("books", "toys") for campaign_id in ids)


def add(emulator: Emulator) -> str:
    return emulator.seed({"campaigns": [{"title": "Made in the console"}]})["campaigns"][0]


def test_each_campaign_is_one_event_although_the_triggerer_is_killed(watched: LocalAirflow, truepush: Emulator) -> None:
    airflow = watched
    until(lambda: polls(truepush), "the first poll", 120)
    await_polls(truepush, 3)
    assert not told(airflow)

    ids = [add(truepush), add(truepush)]
    until(lambda: told(airflow) == expected(ids), "the first events")
    await_polls(truepush, 4)  # the mark follows the events within a second or two

    airflow.kill("triggerer")
    ids += [add(truepush), add(truepush)]
    truepush.clear_requests()
    airflow.restart("triggerer")
    until(lambda: polls(truepush), "the first poll of the new triggerer", 120)
    until(lambda: told(airflow) == expected(ids), "the events of the time without a triggerer")
    ids.append(add(truepush))
    until(lambda: told(airflow) == expected(ids), "the last event")
    await_polls(truepush, 4)
    assert told(airflow) == expected(ids)

    # Two watchers, one poll.
    began, before = time.monotonic(), polls(truepush)
    time.sleep(5)
    assert polls(truepush) - before <= time.monotonic() - began + 1

    # Without another campaign after them, all are in runs.
    until(lambda: _announced(airflow) >= set(ids), "runs with the campaigns")

    several = truepush.seed({"campaigns": [{"title": f"Number {number}"} for number in range(4)]})["campaigns"]
    cut = truepush.seed({"campaigns": [{"title": "cut \ud83d"}]})["campaigns"]
    until(lambda: _announced(airflow) >= {*several, *cut}, "runs with campaigns that came within one poll", 45)
    assert told(airflow) == expected([*ids, *several, *cut])


def _announced(airflow: LocalAirflow) -> set[str]:
    airflow.check_alive()
    runs = airflow.api._call("GET", "/dags/on_campaign_of_books/dagRuns")["dag_runs"]
    found = [airflow.api.xcom("on_campaign_of_books", run["dag_run_id"], "announce") for run in runs]
    return {str(campaign) for campaign in _ids(found)}


def _ids(found: list[Any]) -> list[str]:
    payloads = [json.loads(one) if isinstance(one, str) else one for one in found if one]
    return [payload["campaign_id"] for several in payloads for payload in several]
