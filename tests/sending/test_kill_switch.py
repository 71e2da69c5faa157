"""A task that is ended: what it cancels, what it leaves alone, and what a later try makes of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

from airflow_provider_truepush.exceptions import TruepushSendExpiredError, TruepushSendStoreError
from airflow_provider_truepush.hooks import truepush as hooks
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.sql_rows import Rows
from airflow_provider_truepush.sending.sql_store import SqlSendStore
from airflow_provider_truepush.sending.state_store import TaskStateSendStore
from tests.sending.attempts import StateAccessor
from tests.sending.tasks import Tasks, in_days
from tests.support.versions import STORES, needs_state_store

SCOPE = "send/run-1/-1"


class _TimedOut(BaseException):
    """As Airflow's, which no ``except Exception`` sees."""


@dataclass
class Place:
    """Where sends are written down."""

    tasks: Tasks
    ledger: str | None
    state: bool

    def context(self, **given: Any) -> dict[str, Any]:
        return self.tasks.context(state=self.state, **given)

    def operator(self, **given: Any) -> Any:
        return self.tasks.operator(ledger_conn_id=self.ledger, send_at=in_days(2), **given)

    def run(self, operator: Any = None, **given: Any) -> Any:
        operator = operator or self.operator(**given)
        return type(operator).execute.__wrapped__(operator, self.context())

    def forget(self, error: str) -> None:
        """What the error tells a person to do."""
        if statement := re.search(r"`(DELETE .*?)`", error):
            BaseHook.get_hook(self.ledger).run(statement[1])
        else:
            key = re.findall(r"DELETE \S+/(truepush_send_\w+)\?", error)[0]
            del self.tasks.store.values[SCOPE, key]

    @property
    def states(self) -> list[str]:
        return [row["status"] for row in self.tasks.emulator.campaigns()]


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tasks: Tasks, sqlite: str) -> Place:
    return Place(tasks, None if request.param == "state" else sqlite, "before" not in request.param)


def test_a_superseded_try_does_not_cancel_the_campaign_of_the_next(place: Place) -> None:
    overtaken = place.operator(cancel_on_kill=True)
    first = place.run(overtaken)
    assert place.run(cancel_on_kill=True) == first
    overtaken.on_kill()
    assert place.states == ["scheduled"]
    assert place.tasks.emulator.count("cancelCampaign") == 0


def test_the_newest_try_cancels_the_campaign_of_an_earlier_one(place: Place) -> None:
    place.run(cancel_on_kill=True)
    newest = place.operator(cancel_on_kill=True)
    place.run(newest)
    newest.on_kill()
    assert place.states == ["cancelled"]


def test_a_canceled_campaign_does_not_count_as_sent(place: Place) -> None:
    ended = place.operator(cancel_on_kill=True)
    place.run(ended)
    ended.on_kill()
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="and canceled it before it went out") as caught:
            place.run(cancel_on_kill=True)
    assert place.tasks.sends == 1
    place.forget(str(caught.value))
    place.run(cancel_on_kill=True)
    assert place.states == ["cancelled", "scheduled"]


def test_a_campaign_that_could_not_be_canceled_counts_as_sent(place: Place) -> None:
    operator = place.operator(cancel_on_kill=True)
    first = place.run(operator)
    place.tasks.emulator.advance(86400 * 3)
    operator.on_kill()
    assert place.run(cancel_on_kill=True) == first
    assert place.tasks.sends == 1


class Busy(StateAccessor):
    """The task state store as Airflow's task process has it: its lock lets no second request in from a signal."""

    operator: Any = None
    asking = hung = False

    def _ask(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        if self.asking:
            self.hung = True
            raise RuntimeError("asked from within a signal handler: the real one waits for itself")
        self.asking = True
        try:
            if self.operator is not None:
                self.operator.on_kill()
            return method(*args, **kwargs)
        finally:
            self.asking = False

    def get(self, key: str, default: Any = None) -> Any:
        return self._ask(super().get, key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self._ask(super().set, key, value, retention=retention)


@needs_state_store
def test_a_signal_during_a_store_request_cancels_afterwards(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    operator = tasks.operator(cancel_on_kill=True, send_at=in_days(2))
    context = tasks.context()
    store = Busy(tasks.store, SCOPE, 1)
    context["task_state_store"] = store

    class SignalledAfterwards(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Any = None) -> str | None:
            found = super().create_campaign(campaign, just_before=just_before)
            store.operator = operator  # from now on a signal comes with each request: the outcome is next
            return found

    monkeypatch.setattr(hooks, "TruepushHook", SignalledAfterwards)
    type(operator).execute.__wrapped__(operator, context)  # type: ignore[attr-defined]
    assert not store.hung
    assert [row["status"] for row in tasks.emulator.campaigns()] == ["cancelled"]


def test_a_timeout_of_airflow_during_the_wait_cancels(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Airflow raises it in the task, and calls ``on_kill`` once it has left ``execute``."""
    given = {"wait_for_delivery": True, "thresholds": {"delivered": 1}, "deferrable": False}
    operator = tasks.operator(cancel_on_kill=True, send_at=in_days(2), **given)

    def time_out(hook: Any, campaign_id: str) -> Any:
        raise _TimedOut

    monkeypatch.setattr(TruepushHook, "get_campaign_stats", time_out)
    with pytest.raises(_TimedOut):
        type(operator).execute.__wrapped__(operator, tasks.context())  # type: ignore[attr-defined]
    operator.on_kill()
    assert [row["status"] for row in tasks.emulator.campaigns()] == ["cancelled"]


# Airflow's timeout in the middle of a write


@pytest.mark.parametrize("index", [-1, 0])
@pytest.mark.parametrize("written", [True, False])
def test_a_timeout_while_the_outcome_is_recorded_records_the_cancellation(
    place: Place, written: bool, index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The campaign is canceled, and no later try may take it for sent."""
    kind = SqlSendStore if place.ledger else TaskStateSendStore
    commit = kind.commit

    def time_out(self: Any, record: Any) -> None:
        if written:
            commit(self, record)
        raise _TimedOut

    operator = place.operator(cancel_on_kill=True)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "commit", time_out)
        with pytest.raises(_TimedOut):
            type(operator).execute.__wrapped__(operator, place.context(index=index))
    operator.on_kill()
    assert place.states == ["cancelled"]
    for _ in range(2):
        again = place.operator(cancel_on_kill=True)
        with pytest.raises(AirflowFailException, match="canceled it before it went out"):
            type(again).execute.__wrapped__(again, place.context(index=index))
    assert place.tasks.sends == 1


@pytest.mark.parametrize("written", [True, False])
def test_a_timeout_while_the_intent_is_written_needs_no_decision(
    place: Place, written: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = (StateAccessor, "set") if place.ledger is None else (Rows, "insert")
    write = getattr(owner, name)

    def time_out(self: Any, *args: Any, **kwargs: Any) -> None:
        kept = args[-1]
        if "visit" in str(kept) or str(args[0]).endswith("_ledger"):
            return write(self, *args, **kwargs)
        if written:
            write(self, *args, **kwargs)
        raise _TimedOut

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, time_out)
        with pytest.raises(_TimedOut):
            place.run()
    assert [place.run()] == place.tasks.made
    assert place.tasks.sends == 1


# What a person writes into the state store while a try is at work


@pytest.fixture
def adopted(tasks: Tasks) -> Iterator[str]:
    """A campaign of the title that has come late, and that a person wants the task to adopt."""
    (made,) = tasks.emulator.seed({"campaigns": [{"title": "Sale"}]})["campaigns"]
    yield made
    assert tasks.run() == made
    assert tasks.sends == 0


def the_key(tasks: Tasks) -> str:
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException):
        tasks.run()
    (place,) = tasks.store.values
    tasks.store.values.clear()
    tasks.emulator.clear_requests()
    tasks.emulator.clear_faults()
    return place[1]


@needs_state_store
def test_a_value_written_by_someone_is_not_overwritten_by_the_intent(
    tasks: Tasks, adopted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = the_key(tasks)

    class Adopting(TruepushHook):
        def newest_campaigns(self) -> Any:
            found = super().newest_campaigns()
            tasks.store.put(SCOPE, key, adopted)
            return found

    with monkeypatch.context() as patch:
        patch.setattr(hooks, "TruepushHook", Adopting)
        with pytest.raises(TruepushSendStoreError, match=r"after this try had read it\. Nothing was sent"):
            tasks.run()


@needs_state_store
def test_a_value_written_by_someone_is_not_removed_with_the_intent(
    tasks: Tasks, adopted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = the_key(tasks)

    class Adopting(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Any = None) -> str | None:
            tasks.store.put(SCOPE, key, adopted)
            return super().create_campaign(campaign, just_before=just_before)

    with monkeypatch.context() as patch:
        patch.setattr(hooks, "TruepushHook", Adopting)
        with pytest.raises(TruepushSendExpiredError, match="has lost its intent"):
            tasks.run()


def test_a_task_that_is_ended_before_it_begins_sends_nothing(place: Place) -> None:
    """While its templates are rendered: Airflow only calls ``on_kill`` then, and goes on."""
    operator = place.operator()
    operator.on_kill()
    with pytest.raises(Exception, match="ended"):
        place.run(operator)
    assert place.tasks.sends == 0
    place.run(operator)
    assert place.tasks.sends == 1


def test_a_cancellation_in_doubt_does_not_count_as_one(place: Place) -> None:
    """It was sent; the first attempt to cancel failed without a word; the next one says sent or cancelled."""
    operator = place.tasks.operator(ledger_conn_id=place.ledger, cancel_on_kill=True)
    sent = place.run(operator)
    place.tasks.emulator.fault("cancelCampaign", effect="status", status=500, times=1)
    operator.on_kill()
    assert place.tasks.emulator.count("cancelCampaign") == 2
    assert place.states == ["sent"]
    # No later try is told that it was cancelled, and that it may be sent again.
    assert place.run(place.tasks.operator(ledger_conn_id=place.ledger)) == sent
    assert place.tasks.sends == 1
