"""The connection type in a real Airflow: its form, its test button, its secrecy."""

from __future__ import annotations

import json

import pytest

from airflow_provider_truepush.api.connection.form import EXTRAS
from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CampaignRun
from local_airflow.emulator_process import EmulatorProcess


@pytest.fixture
def listed(run: CampaignRun, airflow: LocalAirflow) -> dict[str, object]:
    """The connection that the run has used."""
    return next(one for one in airflow.api.connections() if one["connection_id"] == "truepush_default")


def test_is_listed_with_its_type_and_without_its_token(listed: dict[str, object], session_token: str) -> None:
    assert listed["conn_type"] == "truepush"
    assert session_token not in json.dumps(listed)


def test_the_form_has_its_fields(airflow: LocalAirflow) -> None:
    (form,) = [hook for hook in airflow.api.connection_types() if hook["connection_type"] == "truepush"]
    assert form["hook_name"] == "Truepush"
    assert {extra.name for extra in EXTRAS} <= set(form["extra_fields"])
    assert form["standard_fields"]["password"]["title"] == "Token"


def test_the_test_button_accepts_a_good_token(airflow: LocalAirflow, emulator: EmulatorProcess) -> None:
    answer = airflow.api.test_connection(emulator.connection("good_one"))
    assert answer["status"] is True, answer


def test_the_test_button_refuses_a_bad_token_without_showing_it(
    airflow: LocalAirflow, emulator: EmulatorProcess
) -> None:
    answer = airflow.api.test_connection({**emulator.connection("bad_one"), "password": "a-wrong-token"})
    assert answer["status"] is False
    assert "token" in answer["message"]
    assert "a-wrong-token" not in answer["message"]


def test_the_test_button_says_when_nobody_listens(airflow: LocalAirflow, emulator: EmulatorProcess) -> None:
    unreachable = {**emulator.connection("nobody"), "port": 1, "extra": '{"max_attempts": 1}'}
    answer = airflow.api.test_connection(unreachable)
    assert answer["status"] is False
    assert "The request was not sent" in answer["message"]
