"""A task state store that Airflow empties when a task succeeds: what it still proves, and what it does not."""

from __future__ import annotations

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from tests.sending.tasks import Tasks
from tests.support.versions import needs_state_store


@pytest.fixture
def emptied_on_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow is set to empty the store of a task that succeeds."""
    monkeypatch.setenv("AIRFLOW__STATE_STORE__CLEAR_ON_SUCCESS", "True")


@needs_state_store
@pytest.mark.usefixtures("emptied_on_success")
def test_a_store_that_is_emptied_on_success_proves_nothing_to_a_cleared_task(tasks: Tasks) -> None:
    tasks.run()
    tasks.store.values.clear()
    with pytest.raises(AirflowFailException, match="clear_on_success"):
        tasks.run()
    assert tasks.sends == 1


@needs_state_store
@pytest.mark.usefixtures("emptied_on_success")
def test_a_ledger_that_came_after_the_store_was_emptied_proves_nothing(tasks: Tasks, sqlite: str) -> None:
    tasks.run()
    tasks.store.values.clear()
    with pytest.raises(AirflowFailException, match="clear_on_success"):
        tasks.run(ledger_conn_id=sqlite)
    assert tasks.sends == 1


@needs_state_store
@pytest.mark.usefixtures("emptied_on_success")
def test_a_store_that_is_emptied_on_success_still_serves_a_retry(tasks: Tasks) -> None:
    tasks.emulator.fault("listCampaign", effect="status", times=2)
    with pytest.raises(TruepushError):
        tasks.run()
    assert [tasks.run()] == tasks.made


@pytest.mark.usefixtures("emptied_on_success")
def test_a_ledger_outlives_a_store_that_is_emptied_on_success(tasks: Tasks, sqlite: str) -> None:
    first = tasks.run(ledger_conn_id=sqlite)
    tasks.store.values.clear()
    assert tasks.run(ledger_conn_id=sqlite) == first
    assert tasks.sends == 1
