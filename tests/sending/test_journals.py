"""Which journal is chosen, and what each can and cannot know."""

from __future__ import annotations

import logging

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from tests.sending.tasks import Tasks


def test_without_any_journal_the_first_try_says_so(tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_truepush.sending.protocol"):
        tasks.run(tasks.context(state=False))
    assert "the next one stops for a person" in caplog.text


@pytest.mark.parametrize(("sqlite_used", "name"), [(True, "the ledger truepush_send_ledger"), (False, "task state")])
def test_the_log_names_the_journal(
    sqlite_used: bool, name: str, tasks: Tasks, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_truepush.sending.protocol"):
        tasks.run(ledger_conn_id=sqlite if sqlite_used else None)
    assert f"kept in {name}" in caplog.text or f"kept in the {name}" in caplog.text


def test_without_any_journal_a_second_try_stops_for_a_person(tasks: Tasks) -> None:
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may be out"):
        tasks.run(tasks.context(state=False))
    with pytest.raises(AirflowFailException, match="nothing tells whether an earlier one has sent"):
        tasks.run(tasks.context(state=False))
    assert tasks.sends == 1


def test_without_any_journal_a_start_over_remembers_what_the_try_has_begun(tasks: Tasks) -> None:
    """Doubt, and then a list that is limited: that is no reason to start over and send again."""
    tasks.lose_the_answer()
    tasks.emulator.fault("listCampaign", effect="429", nth=[2, 3])
    with pytest.raises(TruepushError, match="is not sent again"):
        tasks.run(tasks.context(state=False))
    assert tasks.sends == 1


def test_a_send_begun_in_the_store_is_not_begun_again_in_a_ledger(tasks: Tasks, sqlite: str) -> None:
    """The Dag is given a ledger between two tries; an empty ledger knows nothing of the first."""
    first = tasks.run()
    assert tasks.run(ledger_conn_id=sqlite) == first
    assert tasks.sends == 1


@pytest.fixture
def emptied_on_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow is set to empty the store of a task that succeeds."""
    monkeypatch.setenv("AIRFLOW__STATE_STORE__CLEAR_ON_SUCCESS", "True")


@pytest.mark.usefixtures("emptied_on_success")
def test_a_store_that_is_emptied_on_success_proves_nothing_to_a_cleared_task(tasks: Tasks) -> None:
    tasks.run()
    tasks.store.values.clear()
    with pytest.raises(AirflowFailException, match="clear_on_success"):
        tasks.run()
    assert tasks.sends == 1


@pytest.mark.usefixtures("emptied_on_success")
def test_a_store_that_is_emptied_on_success_still_serves_a_retry(tasks: Tasks) -> None:
    tasks.emulator.fault("listCampaign", effect="status", times=2)
    with pytest.raises(TruepushError):
        tasks.run()
    assert [tasks.run()] == tasks.made


def test_an_overtaken_try_sends_nothing(tasks: Tasks) -> None:
    overtaken = tasks.context()
    first = tasks.run(tasks.context())
    with pytest.raises(RuntimeError, match="404"):
        tasks.run(overtaken)
    assert tasks.made == [first]
    assert tasks.sends == 1
