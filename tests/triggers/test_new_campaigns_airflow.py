"""The watcher of new campaigns in a real Airflow whose triggerer dies without warning."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_truepush.emulator import Emulator
from local_airflow.airflow_process import LocalAirflow
from local_airflow.configuration import Installation
from tests.support.metadata import prepare

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.xdist_group("airflow"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="Airflow 3.3 brings the asset's state and shared streams"),
]

DAGS = """
from airflow.sdk import DAG, Asset, AssetWatcher, task
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger

for project in ("shop", "news"):
    trigger = TruepushNewCampaignsTrigger(project=project, poll_interval=1)
    asset = Asset(f"truepush://{project}/campaigns", watchers=[AssetWatcher(name=project, trigger=trigger)])
    with DAG(f"on_campaign_of_{project}", schedule=[asset], is_paused_upon_creation=False) as dag:

        @task
        def announce(triggering_asset_events=None):
            return [event.extra["payload"] for events in triggering_asset_events.values() for event in events]

        announce()
    globals()[dag.dag_id] = dag
"""


@pytest.fixture
def truepush(session_token: str) -> Iterator[Emulator]:
    with Emulator(token=session_token, clock="real") as emulator:
        emulator.add_campaigns(25)
        yield emulator


@pytest.fixture
def airflow(truepush: Emulator, written: Path) -> Iterator[LocalAirflow]:
    home = written / "watching"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "watched.py").write_text(DAGS)
    # An environment variable, as the connection has to be there before the watchers are.
    connection = {"AIRFLOW_CONN_TRUEPUSH_DEFAULT": truepush.connection_json}
    # A dead triggerer's watchers are taken over when its heartbeat is that old; Airflow's own default is half a minute.
    quick = {"TRIGGERER__JOB_HEARTBEAT_SEC": "1", "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "5"}
    installation = Installation(home, dags=home / "dags", extra=quick)
    plain = installation.environment
    installation.environment = lambda: {**plain(), **connection}  # type: ignore[method-assign]
    prepare(installation)
    with LocalAirflow(installation) as running:
        yield running


def until(done: Callable[[], Any], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.2)


def polls(emulator: Emulator) -> int:
    return sum(request.argument == "1" for request in emulator.requests("listCampaign"))


def await_polls(emulator: Emulator, more: int = 2) -> None:
    target = polls(emulator) + more
    until(lambda: polls(emulator) >= target, f"{more} polls")


def told(airflow: LocalAirflow) -> Counter[tuple[str, str]]:
    """Project and campaign of every asset event."""
    events = airflow.api._call("GET", "/assets/events", params={"limit": 100})["asset_events"]
    payloads = [event["extra"]["payload"] for event in events]
    return Counter((payload["project"], payload["campaign_id"]) for payload in payloads)


def expected(ids: list[str]) -> Counter[tuple[str, str]]:
    return Counter((project, campaign_id) for project in ("shop", "news") for campaign_id in ids)


def add(emulator: Emulator) -> str:
    return emulator.seed({"campaigns": [{"title": "Made in the console"}]})["campaigns"][0]


def test_each_campaign_is_one_event_although_the_triggerer_is_killed(airflow: LocalAirflow, truepush: Emulator) -> None:
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
    runs = airflow.api._call("GET", "/dags/on_campaign_of_shop/dagRuns")["dag_runs"]
    found = [airflow.api.xcom("on_campaign_of_shop", run["dag_run_id"], "announce") for run in runs]
    return {str(campaign) for campaign in _ids(found)}


def _ids(found: list[Any]) -> list[str]:
    payloads = [json.loads(one) if isinstance(one, str) else one for one in found if one]
    return [payload["campaign_id"] for several in payloads for payload in several]
