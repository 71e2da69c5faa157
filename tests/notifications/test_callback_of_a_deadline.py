"""A synchronous deadline alert, as Airflow runs it: it reads from a signature how to call the notifier."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from tests.notifications.sends import CONTENT

structlog = pytest.importorskip("structlog")
supervisor = pytest.importorskip("airflow.sdk.execution_time.callback_supervisor")
PATH = f"{TruepushNotifier.__module__}.{TruepushNotifier.__name__}"


def test_it_sends_one_push(emulator: Emulator) -> None:
    arguments: dict[str, Any] = {**CONTENT, "everyone": True, "context": {"dag_run": None}}
    result = supervisor.execute_callback(PATH, arguments, "shop.py", None, structlog.get_logger())
    assert result == (True, None)
    (request,) = emulator.requests()
    assert request.body["title"] == CONTENT["title"]


def test_an_instance_has_the_signature_of_its_call() -> None:
    notifier = TruepushNotifier(**CONTENT, everyone=True)
    assert list(inspect.signature(notifier).parameters) == ["args"]
    assert "everyone" in inspect.signature(TruepushNotifier).parameters
