"""Run a decorated function as Airflow does."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import furnish


@pytest.fixture(autouse=True)
def connected(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project to send to."""
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()


def run(function: Any, airflow: dict[str, Any], *args: Any, **options: Any) -> Any:
    """What the task of a decorated function returns."""
    return truepush_campaign_task(function, truepush_conn_id=CONN_ID, **options)(*args).operator.execute(airflow)
