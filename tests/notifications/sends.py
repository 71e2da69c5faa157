"""Call the notifier as a callback and as a deadline alert does, and read the errors that it logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseNotifier

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.notifications.truepush import TruepushNotifier

LOG_PAGE = "https://airflow.example.com/dags/shop/runs/r1/tasks/load"
CONTENT: dict[str, Any] = {"title": "Failed", "message": "It failed", "link": "https://example.com/"}
Call = Callable[..., Any]


async def call(notifier: TruepushNotifier, context: dict[str, Any]) -> None:
    """As callbacks do."""
    notifier(context)


async def await_(notifier: TruepushNotifier, context: dict[str, Any]) -> None:
    """As deadline alerts do."""
    notifier.context = context  # type: ignore[assignment]
    await notifier


@pytest.fixture(params=[call, await_] if hasattr(BaseNotifier, "__await__") else [call])
def send(request: pytest.FixtureRequest) -> Call:
    """Both ways in which Airflow runs a notifier."""
    way: Call = request.param
    return way


@pytest.fixture
def segment(emulator: Emulator) -> str:
    """A segment's id."""
    return emulator.add_segment("Operations", 7)


@pytest.fixture
def context() -> dict[str, Any]:
    """The parts of a task's context that matter here."""
    return {
        "dag": DAG("shop", schedule=None),
        "ti": SimpleNamespace(task_id="load", log_url=LOG_PAGE),
        "dag_run": SimpleNamespace(dag_id="shop", run_id="r1"),
    }


def set_extras(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, **extras: Any) -> None:
    connection = json.loads(emulator.connection_json)
    connection["extra"] |= extras
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(connection))


Errors = Callable[[], list[str]]


@pytest.fixture
def errors(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Errors:
    """What the notifier logged as errors: Airflow 3's logger of its own writes to the terminal here, 2's to a file."""

    def said() -> list[str]:
        lines = [line for line in capsys.readouterr().out.splitlines() if "[error" in line]
        lines += [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        return [line for line in lines if "Truepush notification" in line]

    return said
