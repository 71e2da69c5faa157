"""Mapped tasks that replace triggers, for the tests of this folder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.resources import sibling_changes
from tests.operators.mapped import MappedRun
from tests.operators.triggers import TEMPLATE
from tests.support.versions import HAS_STATE_STORE

needs_store = pytest.mark.skipif(not HAS_STATE_STORE, reason="Airflow has a task state store since 3.3")


@pytest.fixture(autouse=True)
def short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sibling_changes, "WINDOW", 0.02)
    monkeypatch.setattr(sibling_changes, "PAUSE", 0.01)


def mapped(emulator: Emulator, **given: Any) -> MappedRun:
    """Return a mapped task that replaces triggers.

    :param given: arguments of the operator and of the run.
    """
    arguments = {"template_id": TEMPLATE, "schedule": "30 9 * * 1", "if_exists": "replace"}
    return MappedRun(TruepushCreateTriggerOperator, emulator.now() - timedelta(minutes=5), **{**arguments, **given})


def refuse_creates(emulator: Emulator, *numbers: int) -> None:
    """Have Truepush refuse the next creates of these numbers, from 1."""
    for number in numbers:
        emulator.fault("createTrigger", nth=number, effect="outcome", code="BAD-REQUEST")
