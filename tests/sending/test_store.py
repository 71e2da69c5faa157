"""Which send_store is chosen, and what each can and cannot know."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseHook

from airflow_provider_truepush.exceptions import TruepushError, TruepushSendStoreError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sending.record import idempotency_key
from airflow_provider_truepush.sending.sql_store import TABLE, SqlSendStore
from airflow_provider_truepush.sending.state_store import TaskStateSendStore
from tests.sending.tasks import CAMPAIGN, Tasks
from tests.support.tokens import SESSION_TOKEN
from tests.support.versions import STORES, needs_state_store

#: Of another project, or the one to which a token was changed.
OTHER_TOKEN = "another-" + SESSION_TOKEN


def test_without_a_store_the_first_try_warns(tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_truepush.sending.protocol"):
        tasks.run(tasks.context(state=False))
    assert "the next one sends nothing" in caplog.text


@pytest.mark.parametrize(
    ("sqlite_used", "name"),
    [(True, "the ledger truepush_send_ledger"), pytest.param(False, "task state", marks=needs_state_store)],
)
def test_the_log_names_the_store(
    sqlite_used: bool, name: str, tasks: Tasks, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_truepush.sending.protocol"):
        tasks.run(ledger_conn_id=sqlite if sqlite_used else None)
    assert f"recorded in {name}" in caplog.text or f"recorded in the {name}" in caplog.text


def test_the_log_of_a_later_try_does_not_sound_like_a_send(
    tasks: Tasks, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "airflow_provider_truepush.sending.protocol"):
        for try_number in (1, 2):
            tasks.run(tasks.context(try_number=try_number), ledger_conn_id=sqlite)
    assert caplog.text.count("' at most once (try 1 of ") == 1
    assert caplog.text.count("' was sent (try 2 of ") == 1


def test_without_a_store_a_second_try_needs_a_decision(tasks: Tasks) -> None:
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(state=False))
    with pytest.raises(AirflowFailException, match="unknown whether an earlier try already sent"):
        tasks.run(tasks.context(state=False))
    assert tasks.sends == 1


def test_without_a_store_a_retry_within_the_try_knows_its_intent(tasks: Tasks) -> None:
    """Doubt, and then a list that is limited: that is no reason to start over and send again."""
    tasks.lose_the_answer()
    tasks.emulator.fault("listCampaign", effect="429", nth=[2, 3])
    with pytest.raises(TruepushError, match="is not sent again"):
        tasks.run(tasks.context(state=False))
    assert tasks.sends == 1


@needs_state_store
def test_a_send_that_began_in_the_store_does_not_begin_again_in_a_ledger(tasks: Tasks, sqlite: str) -> None:
    """The Dag is given a ledger between two tries; an empty ledger knows nothing of the first."""
    first = tasks.run()
    assert tasks.run(ledger_conn_id=sqlite) == first
    assert tasks.sends == 1


@needs_state_store
def test_a_send_that_began_in_a_ledger_ends_there_without_the_argument(
    tasks: Tasks, sqlite: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = tasks.run(ledger_conn_id=sqlite)
    assert tasks.run() == first
    assert tasks.run(ledger_conn_id="another") == first
    assert tasks.sends == 1
    assert f"was begun in '{sqlite}'" in caplog.text


def test_a_ledger_that_was_set_after_a_first_try_proves_nothing(tasks: Tasks, sqlite: str) -> None:
    """Before Airflow 3.3. The error of the second try names the ledger, and somebody sets one and clears the task."""
    tasks.lose_the_answer()
    tasks.emulator.fault("listCampaign", effect="status", nth=range(2, 99))
    with pytest.raises(TruepushError):
        tasks.run(tasks.context(state=False))
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="unknown whether an earlier try already sent"):
            tasks.run(tasks.context(state=False), ledger_conn_id=sqlite)
    assert tasks.sends == 1


def test_a_retry_with_a_ledger_sends_what_the_first_try_did_not(tasks: Tasks, sqlite: str) -> None:
    """Before Airflow 3.3. The first try has come as far as the ledger, and no further."""
    tasks.emulator.fault("listCampaign", effect="status", times=2)
    with pytest.raises(TruepushError):
        tasks.run(tasks.context(state=False), ledger_conn_id=sqlite)
    assert [tasks.run(tasks.context(state=False), ledger_conn_id=sqlite)] == tasks.made


@needs_state_store
@pytest.mark.parametrize("ledger", [True, False])
def test_a_first_try_that_never_started_leaves_no_doubt(tasks: Tasks, sqlite: str, ledger: bool) -> None:
    """From Airflow 3.3 on: its worker died before the operator ran."""
    tasks.context()
    assert [tasks.run(ledger_conn_id=sqlite if ledger else None)] == tasks.made


@pytest.mark.parametrize("state", [True, False])
def test_a_token_without_a_ledger_is_refused_before_any_request(tasks: Tasks, state: bool) -> None:
    """Airflow's own store ends with the Dag run: the same token would be sent again in the next one."""
    with pytest.raises(AirflowFailException, match="needs `ledger_conn_id`"):
        tasks.run(tasks.context(state=state), send_token="sale")
    assert tasks.emulator.count() == 0


@pytest.mark.parametrize("state", [True, False])
def test_a_token_that_all_map_indexes_share_is_refused_without_a_ledger(tasks: Tasks, state: bool) -> None:
    with DAG("dag") as dag:
        given = {**CAMPAIGN, "send_token": "sale"}
        del given["message"]
        TruepushCreateCampaignOperator.partial(task_id="send", **given).expand(message=["A", "B"])
    with pytest.raises(AirflowFailException, match="is the same for every map index"):
        tasks.run(tasks.context(index=0, state=state, dag=dag), send_token="sale")
    assert tasks.emulator.count() == 0


@needs_state_store
def test_a_token_that_the_earlier_version_recorded_without_a_ledger_is_read(tasks: Tasks) -> None:
    first = tasks.run()
    ((scope, key),) = tasks.store.values
    legacy = idempotency_key("truepush_default", "sale")
    tasks.store.values[scope, f"truepush_send_{legacy[:16]}"] = tasks.store.values.pop((scope, key))
    assert tasks.run(send_token="sale") == first
    assert tasks.sends == 1


@pytest.fixture(params=STORES)
def where(request: pytest.FixtureRequest, sqlite: str) -> tuple[str | None, bool]:
    return (sqlite if "ledger" in request.param else None), "before" not in request.param


@pytest.mark.parametrize("index", [-1, 3])
@pytest.mark.parametrize("token", [None, "sale"])
def test_a_renamed_connection_is_the_same_project(
    tasks: Tasks, where: tuple[str | None, bool], index: int, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, state = where
    if token and not ledger:
        pytest.skip("a token needs a ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"])
    given = {"ledger_conn_id": ledger, "send_token": token}
    first = tasks.run(tasks.context(index=index, state=state), **given)
    again = tasks.run(tasks.context(index=index, state=state), truepush_conn_id="shop", **given)
    assert (again, tasks.sends) == (first, 1)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_renamed_connection_of_another_project_is_refused(
    tasks: Tasks, where: tuple[str | None, bool], index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, state = where
    other = json.loads(os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"])
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", json.dumps({**other, "password": OTHER_TOKEN}))
    tasks.run(tasks.context(index=index, state=state), ledger_conn_id=ledger)
    with pytest.raises(AirflowFailException, match="unknown whether it is the same project"):
        tasks.run(tasks.context(index=index, state=state), ledger_conn_id=ledger, truepush_conn_id="shop")
    assert tasks.sends == 1


def test_a_token_that_was_rotated_is_the_same_project(
    tasks: Tasks, where: tuple[str | None, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, state = where
    token = "sale" if ledger else None
    first = tasks.run(tasks.context(state=state), ledger_conn_id=ledger, send_token=token)
    rotated = {**json.loads(os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"]), "password": OTHER_TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(rotated))
    assert tasks.run(tasks.context(state=state), ledger_conn_id=ledger, send_token=token) == first
    assert tasks.sends == 1


def test_a_set_of_tags_is_the_same_content_in_every_process(tasks: Tasks, where: tuple[str | None, bool]) -> None:
    """A set has another order in a process with another hash seed."""
    ledger, state = where
    first = tasks.run(tasks.context(state=state), ledger_conn_id=ledger, tags=OrderedAs("news", "promo", "sale"))
    again = tasks.run(tasks.context(state=state), ledger_conn_id=ledger, tags=OrderedAs("sale", "news", "promo"))
    assert (again, tasks.sends) == (first, 1)


class OrderedAs(frozenset):  # type: ignore[type-arg]
    """A set that is walked in an order of its own."""

    def __new__(cls, *tags: str) -> OrderedAs:
        found = super().__new__(cls, tags)
        found.order = tags  # type: ignore[attr-defined]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.order)  # type: ignore[attr-defined, no-any-return]


@needs_state_store
def test_a_ledger_that_was_emptied_or_is_another_database_proves_nothing(tasks: Tasks, sqlite: str) -> None:
    """From Airflow 3.3 on, the store tells that an earlier try has begun in it."""
    tasks.run(ledger_conn_id=sqlite)
    BaseHook.get_hook(sqlite).run(f"DELETE FROM {TABLE}")
    with pytest.raises(AirflowFailException, match="another database now, or was emptied"):
        tasks.run(ledger_conn_id=sqlite)
    assert tasks.sends == 1


@needs_state_store
@pytest.mark.parametrize("blank", ["", " ", {}, 0, {"value": "an id"}])
def test_a_blank_state_key_does_not_permit_a_send(tasks: Tasks, blank: object) -> None:
    tasks.run()
    (place,) = tasks.store.values
    tasks.store.put(*place, blank)
    with pytest.raises(AirflowFailException, match=f"state key {place[1]}"):
        tasks.run()
    assert tasks.sends == 1


@pytest.mark.parametrize("blank", [" ", "\n", False])
def test_a_blank_token_is_refused(tasks: Tasks, blank: Any) -> None:
    with pytest.raises(AirflowFailException, match="send_token"):
        tasks.run(send_token=blank)
    assert tasks.emulator.count() == 0


def test_an_invalid_ledger_row_written_by_someone_is_refused(tasks: Tasks, sqlite: str) -> None:
    tasks.run(ledger_conn_id=sqlite)
    BaseHook.get_hook(sqlite).run(f"UPDATE {TABLE} SET campaign_id = '…' WHERE campaign_id IS NOT NULL")
    with pytest.raises(AirflowFailException, match="campaign_id in the ledger"):
        tasks.run(ledger_conn_id=sqlite)
    assert tasks.sends == 1


@pytest.mark.parametrize("ledger", [True, False])
def test_an_intent_that_is_withdrawn_late_needs_no_decision(
    tasks: Tasks, sqlite: str, ledger: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 proves that nothing was sent, and the send_store is away for some seconds just then."""
    send_store = SqlSendStore if ledger else TaskStateSendStore
    release, calls = send_store.release, []

    def hiccup(self: Any, record: Any) -> None:
        calls.append(record)
        if len(calls) <= 2:
            raise RuntimeError("the send_store is away")
        release(self, record)

    monkeypatch.setattr(send_store, "release", hiccup)
    tasks.emulator.fault("createCampaign", effect="429", nth=1)
    assert [tasks.run(ledger_conn_id=sqlite if ledger else None)] == tasks.made


@needs_state_store
def test_a_superseded_try_sends_nothing(tasks: Tasks) -> None:
    overtaken = tasks.context()
    first = tasks.run(tasks.context())
    with pytest.raises(TruepushSendStoreError, match="404"):
        tasks.run(overtaken)
    assert tasks.made == [first]
    assert tasks.sends == 1
