"""Truepush, or Airflow's answer about the connection, is away for a while: the wait goes on with its defaults."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAuthError, TruepushError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.waiting.polling import connection
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import SENT
from tests.sensors.context import context
from tests.sensors.modes import MODES, Mode, wait

REACHED: dict[str, Any] = {"thresholds": {"delivered": 10}}
SERIES = [{"delivered": 1}, {"delivered": 10}]
SHORT = timedelta(seconds=0.3)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", [{"effect": "status", "status": 503}, {"effect": "fin"}, {"effect": "429"}])
def test_an_outage_of_many_polls_does_not_end_the_wait(
    fault: dict[str, Any], mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.set_series(SENT, SERIES)
    emulator.fault("campaignStats", **fault, nth=range(2, 22))
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)
    assert wait(mode, **REACHED).word == "success"
    assert emulator.count() == 22


def test_the_create_operators_wait_counts_alike(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.fault("campaignStats", effect="status", status=503, nth=range(1, 21))
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)
    operator = TruepushCreateCampaignOperator(
        task_id="send",
        title="Sale",
        message="All of it",
        link="https://shop.example",
        wait_for_delivery=True,
        thresholds={"sent": 0},
        poke_interval=0.05,
        deferrable=False,
        truepush_conn_id=CONN_ID,
    )
    assert type(operator).execute.__wrapped__(operator, context())  # type: ignore[attr-defined]
    assert emulator.count("createCampaign") == 1
    assert emulator.count("campaignStats") == 21


@pytest.mark.parametrize("mode", MODES)
def test_an_outage_longer_than_the_budget_fails_with_what_to_know(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.set_series(SENT, SERIES)
    emulator.fault("campaignStats", effect="status", status=503, nth=range(2, 1000))
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)
    ended = wait(mode, **REACHED, error_budget=SHORT)
    assert ended.word == TruepushError.__name__
    assert "of 0.3 s tolerated: the error budget is used up" in ended.text
    assert ended.text.count("This status request failed; the campaign is not affected.") == 1
    assert "Clear the task to wait again." in ended.text
    assert 4 <= emulator.count() <= 9


@pytest.mark.parametrize("mode", MODES)
def test_a_token_that_stays_rejected_ends_the_wait_after_the_budget(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, CONN_ID, timeout=20, token="not-the-one")
    ended = wait(mode, **REACHED, error_budget=SHORT)
    assert ended.word == TruepushAuthError.__name__
    assert emulator.count() >= 3


@pytest.mark.parametrize("mode", MODES)
def test_a_connection_that_cannot_be_looked_up_is_a_failed_poll(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow reports it as missing also while its API server does not answer."""
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.2)
    emulator.set_series(SENT, SERIES)
    connect(monkeypatch, emulator, "truepush_late", timeout=20)
    variable = "AIRFLOW_CONN_TRUEPUSH_LATE"
    declared = os.environ[variable]
    monkeypatch.delenv(variable)
    later = threading.Timer(0.7, lambda: os.environ.__setitem__(variable, declared))
    later.start()
    try:
        assert wait(mode, **REACHED, truepush_conn_id="truepush_late").word == "success"
    finally:
        later.join()


@pytest.mark.parametrize("mode", MODES)
def test_a_connection_that_stays_missing_ends_the_wait_with_a_typed_error(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.1)
    began = time.monotonic()
    ended = wait(mode, **REACHED, truepush_conn_id="no_such_connection", error_budget=SHORT)
    assert ended.word == TruepushError.__name__
    assert "no_such_connection" in ended.text
    assert time.monotonic() - began >= SHORT.total_seconds()
    assert emulator.count() == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_number_of_polls_warns_and_counts_polls(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="status")
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)
    with pytest.warns(DeprecationWarning, match=r"error_budget=5.*timedelta"):
        ended = wait(mode, **REACHED, error_budget=5, poke_interval=0.01)
    assert ended.word == TruepushError.__name__
    assert emulator.count() == 6


def test_the_default_outlasts_a_deployment() -> None:
    sensor = TruepushCampaignStatsSensor(task_id="wait", campaign_id=SENT, **REACHED)
    assert sensor.error_budget == timedelta(minutes=10)
