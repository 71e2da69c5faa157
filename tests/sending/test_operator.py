"""What a person sees of it: retries, clears, new runs, doubt, and the ways out that the errors tell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

from airflow_provider_truepush.exceptions import (
    TruepushRateLimitError,
    TruepushSendExpiredError,
    TruepushServerError,
)
from airflow_provider_truepush.hooks import truepush as hooks
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.sending.tasks import Tasks
from tests.support.versions import needs_state_store

STORES = (pytest.param("state", marks=needs_state_store), "ledger")


@pytest.fixture(params=STORES)
def kept(request: pytest.FixtureRequest, sqlite: str) -> dict[str, Any]:
    """The operator's argument for each send_store."""
    return {"ledger_conn_id": sqlite} if request.param == "ledger" else {}


def test_a_cleared_task_returns_the_same_id_and_sends_nothing(tasks: Tasks, kept: dict[str, Any]) -> None:
    first = tasks.run(**kept)
    assert [tasks.run(**kept), tasks.run(**kept)] == [first, first]
    assert (tasks.made, tasks.sends) == ([first], 1)


def test_a_new_run_is_a_new_send(tasks: Tasks, kept: dict[str, Any]) -> None:
    ids = [tasks.run(tasks.context(run=f"run-{number}"), **kept) for number in range(3)]
    assert tasks.made == ids
    assert len(set(ids)) == 3


def test_different_content_for_the_same_send_is_an_error(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.run(**kept)
    with pytest.raises(AirflowFailException, match="different content for this send") as caught:
        tasks.run(message="Tomorrow only", **kept)
    assert "Nothing was sent now" in str(caught.value)
    assert tasks.sends == 1


def test_the_order_of_fields_and_the_form_of_a_value_are_not_the_content(tasks: Tasks, kept: dict[str, Any]) -> None:
    first = tasks.run(buttons=[{"text": "Go", "link": "https://example.com/"}], tags=("a",), **kept)
    again = tasks.run(buttons=[{"link": "https://example.com/", "text": "Go"}], tags=["a"], **kept)
    assert again == first
    assert tasks.sends == 1


def test_with_a_ledger_a_token_is_one_send_over_tasks_and_runs(tasks: Tasks, sqlite: str) -> None:
    given = {"ledger_conn_id": sqlite, "send_token": "sale-2026"}
    ids = {tasks.run(tasks.context(task, run), **given) for task in ("a", "b") for run in ("run-1", "run-2")}
    assert ids == set(tasks.made)
    assert tasks.sends == 1


def test_a_campaign_with_a_lost_answer_is_adopted(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.lose_the_answer()
    first = tasks.run(**kept)
    assert tasks.made == [first]
    assert tasks.run(**kept) == first
    assert tasks.sends == 1


def test_a_refused_connection_is_an_ordinary_retry(
    tasks: Tasks, kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.emulator.fault("createCampaign", effect="429", times=3, retry_after=1000)
    with pytest.raises(TruepushRateLimitError):
        tasks.run(**kept)
    tasks.emulator.clear_faults()
    assert [tasks.run(**kept)] == tasks.made


@pytest.mark.parametrize("effect", ["fin", "rst", "status", "html", "429"])
def test_a_list_that_cannot_be_read_before_the_send_is_an_ordinary_retry(
    effect: str, tasks: Tasks, kept: dict[str, Any]
) -> None:
    tasks.emulator.fault("listCampaign", effect=effect)
    with pytest.raises(Exception, match="listCampaign") as caught:
        tasks.run(**kept)
    assert not isinstance(caught.value, AirflowFailException)
    tasks.emulator.clear_faults()
    assert [tasks.run(**kept)] == tasks.made


def test_the_next_try_reads_the_list_that_could_not_be_read_after_doubt(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.lose_the_answer()
    tasks.emulator.fault("listCampaign", effect="status", nth=range(2, 20))
    with pytest.raises(TruepushServerError, match="may have been sent, and is not sent again"):
        tasks.run(**kept)
    tasks.emulator.clear_faults()
    assert [tasks.run(**kept)] == tasks.made
    assert tasks.sends == 1


def test_on_doubt_fail_does_not_read_the_list(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.lose_the_answer()
    looked = tasks.emulator.count("listCampaign")
    with pytest.raises(AirflowFailException, match="was not checked"):
        tasks.run(on_doubt="fail", **kept)
    assert tasks.emulator.count("listCampaign") == looked + 1  # before the send


def test_a_success_without_an_id_is_looked_up(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.emulator.set_dialect(id_style="none")
    first = tasks.run(**kept)
    assert tasks.made == [first]
    assert tasks.run(**kept) == first


def test_a_success_without_an_id_that_cannot_be_looked_up_is_a_success(tasks: Tasks, kept: dict[str, Any]) -> None:
    tasks.emulator.set_dialect(id_style="none")
    tasks.emulator.fault("listCampaign", effect="status", nth=range(2, 20))
    assert tasks.run(**kept) is None
    tasks.emulator.clear_faults()
    assert tasks.run(**kept) is None
    assert tasks.sends == 1


# What keeps a request from leaving


@needs_state_store
def test_a_frozen_task_whose_state_key_was_removed_sends_nothing(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen after its intent, while a later try stops for a person and the person has it sent again."""

    class Frozen(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Any = None) -> str | None:
            tasks.store.values.clear()
            return super().create_campaign(campaign, just_before=just_before)

    monkeypatch.setattr(hooks, "TruepushHook", Frozen)
    with pytest.raises(TruepushSendExpiredError, match="has lost its intent"):
        tasks.run()
    assert tasks.sends == 0


@pytest.mark.parametrize("asked", [True, False])
def test_a_task_that_is_ended_before_its_request_sends_nothing(
    tasks: Tasks, kept: dict[str, Any], asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = tasks.operator(cancel_on_kill=asked, **kept)

    class Ended(TruepushHook):
        def newest_campaigns(self) -> Any:
            operator.on_kill()
            return super().newest_campaigns()

    monkeypatch.setattr(hooks, "TruepushHook", Ended)
    with pytest.raises(TruepushSendExpiredError, match="was ended before its request left"):
        type(operator).execute.__wrapped__(operator, tasks.context())  # type: ignore[attr-defined]
    assert tasks.sends == 0


class _TimedOut(BaseException):
    """As Airflow's, which no ``except Exception`` sees."""


def test_a_timeout_before_the_request_leaves_needs_no_decision(
    tasks: Tasks, kept: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Any = None) -> str | None:
            raise _TimedOut

    with monkeypatch.context() as patch:
        patch.setattr(hooks, "TruepushHook", Slow)
        with pytest.raises(_TimedOut):
            tasks.run(**kept)
    assert [tasks.run(**kept)] == tasks.made


# The ways out


@needs_state_store
def test_the_advice_for_the_state_store_adopts_the_campaign(tasks: Tasks) -> None:
    key = stop_for_a_person(tasks, r"PUT \S+/(truepush_send_\w+)\?map_index=-1")[0]
    (made,) = tasks.emulator.seed({"campaigns": [{"title": "Sale"}]})["campaigns"]
    tasks.store.put("send/run-1/-1", key, made)
    assert tasks.run() == made
    assert tasks.made == []


@needs_state_store
def test_the_advice_for_the_state_store_sends_again(tasks: Tasks) -> None:
    key = stop_for_a_person(tasks, r"DELETE \S+/(truepush_send_\w+)\?map_index=-1")[0]
    del tasks.store.values["send/run-1/-1", key]
    assert [tasks.run()] == tasks.made


@needs_state_store
def test_an_invalid_id_written_by_someone_is_named(tasks: Tasks) -> None:
    key = stop_for_a_person(tasks, r"PUT \S+/(truepush_send_\w+)")[0]
    tasks.store.put("send/run-1/-1", key, "the one of today")
    with pytest.raises(AirflowFailException, match=rf"{key}.*the one of today"):
        tasks.run()
    assert tasks.sends == 1


def test_the_advice_for_the_ledger_adopts_the_campaign(tasks: Tasks, sqlite: str) -> None:
    update = stop_for_a_person(tasks, r"`(UPDATE .*?)`", ledger_conn_id=sqlite)[0]
    (made,) = tasks.emulator.seed({"campaigns": [{"title": "Sale"}]})["campaigns"]
    BaseHook.get_hook(sqlite).run(update.replace("…", made))
    assert tasks.run(ledger_conn_id=sqlite) == made
    assert tasks.made == []


def test_the_advice_for_the_ledger_sends_again(tasks: Tasks, sqlite: str) -> None:
    delete = stop_for_a_person(tasks, r"`(DELETE .*?)`", ledger_conn_id=sqlite)[0]
    BaseHook.get_hook(sqlite).run(delete)
    assert [tasks.run(ledger_conn_id=sqlite)] == tasks.made


def test_a_token_that_is_added_later_does_not_send_again(tasks: Tasks, sqlite: str) -> None:
    """What is in doubt without a token is in doubt with one."""
    stop_for_a_person(tasks, "", ledger_conn_id=sqlite)
    with pytest.raises(AirflowFailException, match="may have been sent, and is not sent again"):
        tasks.run(ledger_conn_id=sqlite, send_token="again")
    assert tasks.sends == 1


def stop_for_a_person(tasks: Tasks, pattern: str, **given: Any) -> list[str]:
    """Nothing arrives and nobody can tell; returns what the error says that matches."""
    tasks.lose_the_answer(carried_out=False)
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="If it does not exist") as caught:
            tasks.run(**given)
    assert tasks.sends == 1
    return re.findall(pattern, str(caught.value))
