"""Replacing a trigger before Airflow 3.3: nothing records the status, so what is unknown needs a manual decision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.operators import tries
from tests.operators.mapped import MappedRun
from tests.operators.resources import _connected, connect_fixture, emulator_fixture, sent
from tests.operators.triggers import LEAST, seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "template_fixture"]


def replace(number: int, began: datetime | None = None) -> Any:
    given = tries.context(None, number, began)
    return tries.run(TruepushCreateTriggerOperator, given, **LEAST, if_exists="replace")


def test_a_retry_that_finds_no_trigger_stops(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="needs a manual decision"):
        replace(2)
    assert sent(emulator) == []


def test_a_retry_that_finds_a_new_active_trigger_stops(emulator: Emulator) -> None:
    began = emulator.now() - timedelta(minutes=5)
    seed(emulator, "Weekly")
    with pytest.raises(AirflowFailException, match="it is unknown whether an earlier try deleted an inactive"):
        replace(2, began)
    assert sent(emulator) == []


def test_a_retry_keeps_a_new_inactive_trigger(emulator: Emulator) -> None:
    began = emulator.now() - timedelta(minutes=5)
    (made,) = seed(emulator, "Weekly", status="inactive")
    assert replace(2, began) == made
    assert sent(emulator) == []


@pytest.mark.parametrize("status", ["active", "inactive"])
def test_a_trigger_from_before_the_run_is_replaced(emulator: Emulator, status: str) -> None:
    (old,) = seed(emulator, "Weekly", status=status)
    began = emulator.advance(timedelta(days=1))
    assert replace(2, began) != old
    assert statuses(emulator) == [status]


def test_the_first_try_needs_no_store(emulator: Emulator) -> None:
    seed(emulator, "Weekly", status="inactive")
    replace(1)
    assert statuses(emulator) == ["inactive"]


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        ("deleteTrigger", {"effect": "status", "status": 503}),
        ("createTrigger", {"effect": "429"}),
        ("triggerStatus", {"effect": "status", "status": 503}),
    ],
)
@pytest.mark.parametrize("is_mapped", [False, True])
def test_what_ends_a_replacement_is_the_cause_of_its_doubt(
    emulator: Emulator, endpoint: str, fault: dict[str, Any], is_mapped: bool
) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.fault(endpoint, nth=1, **fault)
    given = tries.context(None, 1)
    if is_mapped:
        given = MappedRun(TruepushCreateTriggerOperator, emulator.now(), has_store=False).start(0)
    with pytest.raises(AirflowFailException, match=r"manual decision|in Truepush now") as caught:
        tries.run(TruepushCreateTriggerOperator, given, **LEAST, if_exists="replace")
    doubt = caught.value.__cause__
    assert isinstance(doubt, TruepushAmbiguousError)
    assert isinstance(doubt.__cause__, TruepushError)
    assert doubt.__cause__.endpoint == endpoint
