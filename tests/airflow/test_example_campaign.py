"""The main job in a real Airflow: a campaign goes out and is watched to its threshold."""

from __future__ import annotations

import json

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_truepush.operators.task_try import TaskTry
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.state_store import state_key
from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CREATE, STATS, WAIT, CampaignRun
from local_airflow.configuration import Installation
from local_airflow.emulator_process import EmulatorProcess

COUNTERS = {"reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers"}


def test_every_task_succeeds_at_its_first_try(run: CampaignRun) -> None:
    assert {task: states[-1] for task, states in run.states.items()} == dict.fromkeys((CREATE, WAIT, STATS), "success")
    assert all(run.task(task)["try_number"] == 1 for task in (CREATE, WAIT, STATS))


def test_the_campaign_is_sent_exactly_once(run: CampaignRun, emulator: EmulatorProcess) -> None:
    (request,) = emulator.requests("createCampaign")
    assert request["status"] == 200
    assert run.campaign_id is not None
    assert run.campaign_id in request["committed"]


def test_the_campaign_goes_out_as_the_dag_says(run: CampaignRun, emulator: EmulatorProcess) -> None:
    (request,) = emulator.requests("createCampaign")
    body = request["body"]
    assert body["segment"] == emulator.segment()
    assert [button["text"] for button in body["buttons"]] == ["Shop now", "Find a store"]
    assert body["tags"] == ["sale", "boots"]
    assert body["image"].endswith("boots-wide.jpg")
    assert body["campaignExpiryTime"] == 48
    assert body["userInteraction"] is True


def test_the_sensor_waits_in_the_triggerer(run: CampaignRun, installation: Installation) -> None:
    assert "deferred" in run.states[WAIT]
    (log,) = installation.logs.glob(f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={WAIT}/*.trigger.*.log")
    said = log.read_text()
    assert "Trigger fired event" in said
    assert "trigger completed" in said


def test_the_sensor_returns_the_counters_that_met_the_threshold(run: CampaignRun, airflow: LocalAirflow) -> None:
    stats = airflow.api.xcom(run.dag_id, run.run_id, WAIT)
    assert stats.keys() == COUNTERS
    assert stats["delivered"] / stats["sent"] >= 0.95


def test_the_last_task_returns_the_final_counters(run: CampaignRun) -> None:
    assert run.stats.keys() == COUNTERS
    assert run.stats["reach"] >= run.stats["sent"] >= run.stats["delivered"] >= run.stats["views"] > 0


def test_the_log_of_the_sensor_tells_how_it_went(run: CampaignRun, airflow: LocalAirflow) -> None:
    log = airflow.api.task_log(run.dag_id, run.run_id, WAIT, 1)
    assert str(run.campaign_id) in log
    assert "delivery_rate" in log


def test_rendered_fields_show_the_segment(run: CampaignRun, emulator: EmulatorProcess) -> None:
    rendered = json.dumps(run.task(CREATE)["rendered_fields"])
    assert emulator.segment() in rendered


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="Airflow 3.3 brings the task's state")
def test_the_address_that_an_error_tells_a_person_is_the_one_of_what_was_sent(
    run: CampaignRun, airflow: LocalAirflow
) -> None:
    task_try = TaskTry(f"{run.dag_id}/{run.run_id}/{CREATE}", -1, 1)
    key = state_key(Identity(task_try.task, -1, "truepush_default").key)
    address = task_try.state_store_address.format(key=key).removeprefix("/api/v2")
    kept = airflow.api._call("GET", address)["value"]
    assert kept["campaign_id"] == run.campaign_id
    # What a person does with it, and undone.
    for value in (run.campaign_id, kept):
        airflow.api._call("PUT", address, json={"value": value, "expires_at": None})
        assert airflow.api._call("GET", address)["value"] == value
