"""Duplicates and siblings: what has the same title is not always ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushServerError
from airflow_provider_truepush.hooks import truepush as hooks
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators import campaign_send
from airflow_provider_truepush.sending import protocol
from tests.sending.tasks import Tasks
from tests.support.tokens import SESSION_TOKEN
from tests.support.versions import needs_state_store

AHEAD: dict[str, Any] = {"schedule_ahead": timedelta(minutes=10)}


@pytest.fixture
def network_that_copies(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something on the way sends each create a second time, as it came."""

    class CopiedHook(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Callable[[], None] | None = None) -> str | None:
            found = super().create_campaign(campaign, just_before=just_before)
            (request,) = tasks.emulator.requests("createCampaign")
            headers = {"Authorization": SESSION_TOKEN}
            url = f"{tasks.emulator.url}{request.path}"
            requests.post(url, json=request.body, headers=headers, timeout=10).raise_for_status()
            return found

    monkeypatch.setattr(hooks, "TruepushHook", CopiedHook)


def states(tasks: Tasks) -> dict[str, str]:
    return {row["id"]: row["status"] for row in tasks.emulator.campaigns()}


@pytest.mark.usefixtures("network_that_copies")
def test_a_duplicate_is_canceled_before_it_goes_out(tasks: Tasks, sqlite: str) -> None:
    sent = tasks.run(ledger_conn_id=sqlite, **AHEAD)
    copy = next(made for made in tasks.made if made != sent)
    assert states(tasks) == {sent: "scheduled", copy: "cancelled"}


@pytest.mark.usefixtures("network_that_copies")
def test_an_unproven_duplicate_is_kept(tasks: Tasks) -> None:
    tasks.run(**AHEAD)
    assert list(states(tasks).values()) == ["scheduled", "scheduled"]


@pytest.mark.usefixtures("network_that_copies")
def test_a_duplicate_is_kept_while_another_send_of_the_title_is_open(tasks: Tasks, sqlite: str) -> None:
    tasks.emulator.fault("createCampaign", effect="status", nth=1)
    with pytest.raises(AirflowFailException):
        tasks.run(tasks.context(run="stuck"), ledger_conn_id=sqlite)
    tasks.emulator.clear_requests()
    tasks.run(ledger_conn_id=sqlite, **AHEAD)
    assert list(states(tasks).values()) == ["scheduled", "scheduled"]


@pytest.mark.usefixtures("network_that_copies")
def test_earlier_campaigns_are_never_canceled(tasks: Tasks, sqlite: str) -> None:
    later = (tasks.emulator.now() + timedelta(hours=1)).isoformat()
    (before,) = tasks.emulator.seed({"campaigns": [{"title": "Sale", "send_at": later}]})["campaigns"]
    tasks.run(ledger_conn_id=sqlite, **AHEAD)
    assert states(tasks)[before] == "scheduled"
    assert sorted(states(tasks).values()) == ["cancelled", "scheduled", "scheduled"]


def test_a_much_later_campaign_is_not_a_duplicate(tasks: Tasks, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who makes a campaign of the same title meanwhile keeps it."""

    class BusyConsole(TruepushHook):
        def create_campaign(self, campaign: Any, *, just_before: Callable[[], None] | None = None) -> str | None:
            found = super().create_campaign(campaign, just_before=just_before)
            later = (tasks.emulator.now() + timedelta(hours=1)).isoformat()
            tasks.emulator.advance(timedelta(minutes=5))
            tasks.emulator.seed({"campaigns": [{"title": "Sale", "send_at": later}]})
            return found

    monkeypatch.setattr(hooks, "TruepushHook", BusyConsole)
    tasks.run(ledger_conn_id=sqlite, **AHEAD)
    assert list(states(tasks).values()) == ["scheduled", "scheduled"]


def test_a_late_duplicate_is_canceled(tasks: Tasks, sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowCopies(TruepushHook):
        looks = 0

        def list_campaigns(self, since: Any = None) -> Any:
            SlowCopies.looks += 1
            if SlowCopies.looks == 2:
                later = (tasks.emulator.now() + timedelta(hours=1)).isoformat()
                tasks.emulator.seed({"campaigns": [{"title": "Sale", "send_at": later}]})
            return super().list_campaigns(since)

    monkeypatch.setattr(hooks, "TruepushHook", SlowCopies)
    sent = tasks.run(ledger_conn_id=sqlite, **AHEAD)
    found = states(tasks)
    assert found.pop(sent) == "scheduled"
    assert list(found.values()) == ["cancelled"]


class _Gone(BaseException):
    """The worker has died."""


@pytest.mark.usefixtures("network_that_copies")
def test_the_next_try_continues_to_look_for_duplicates(
    tasks: Tasks, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dies(hooks.TruepushHook):  # type: ignore[misc, valid-type, name-defined]  # the one that copies
        looks = 0

        def list_campaigns(self, since: Any = None) -> Any:
            Dies.looks += 1
            if Dies.looks == 1:
                raise _Gone
            return super().list_campaigns(since)

    monkeypatch.setattr(hooks, "TruepushHook", Dies)
    with pytest.raises(_Gone):
        tasks.run(ledger_conn_id=sqlite, **AHEAD)
    assert sorted(states(tasks).values()) == ["scheduled", "scheduled"]
    sent = tasks.run(ledger_conn_id=sqlite, **AHEAD)
    found = states(tasks)
    assert found.pop(sent) == "scheduled"
    assert list(found.values()) == ["cancelled"]
    # When it has gone out there is nothing to watch for.
    tasks.emulator.clear_requests()
    later = partial(protocol.CampaignSending, clock=lambda: time.time() + 3600)
    monkeypatch.setattr(campaign_send, "CampaignSending", later)
    assert tasks.run(ledger_conn_id=sqlite, **AHEAD) == sent
    assert tasks.emulator.count() == 0


@pytest.mark.usefixtures("network_that_copies")
def test_of_two_duplicates_with_a_lost_answer_one_is_adopted_and_one_canceled(
    tasks: Tasks, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lossy(hooks.TruepushHook):  # type: ignore[misc, valid-type, name-defined]  # the one that copies
        def create_campaign(self, campaign: Any, *, just_before: Callable[[], None] | None = None) -> str | None:
            super().create_campaign(campaign, just_before=just_before)
            raise TruepushAmbiguousError("the answer was lost", endpoint="createCampaign")

    monkeypatch.setattr(hooks, "TruepushHook", Lossy)
    sent = tasks.run(ledger_conn_id=sqlite, **AHEAD)
    found = states(tasks)
    assert found.pop(sent) == "scheduled"
    assert list(found.values()) == ["cancelled"]


def test_a_campaign_is_adopted_only_if_seen_alone_twice(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list may show somebody else's campaign before ours."""

    class Slow(TruepushHook):
        looks = 0

        def list_campaigns(self, since: Any = None) -> Any:
            Slow.looks += 1
            if Slow.looks in (1, 2):
                tasks.emulator.seed({"campaigns": [{"title": "Sale"}]})
            return super().list_campaigns(since)

    monkeypatch.setattr(hooks, "TruepushHook", Slow)
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="unknown which one is this send's"):
        tasks.run()
    assert tasks.sends == 1


@needs_state_store
def test_a_campaign_created_at_another_time_is_not_adopted(tasks: Tasks) -> None:
    """Without a ledger: the next run of the Dag, with the same title, sent it."""
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="has no new campaign"):
        tasks.run()
    tasks.emulator.advance(timedelta(hours=2))
    other = tasks.run(tasks.context(run="run-2"))
    with pytest.raises(AirflowFailException, match=rf"send's\. Not created within an hour of the intent: {other}"):
        tasks.run()
    assert tasks.sends == 2


def test_schedule_ahead_must_be_longer_than_settle_window(tasks: Tasks) -> None:
    with pytest.raises(AirflowFailException, match="schedule_ahead"):
        tasks.run(schedule_ahead=timedelta(seconds=30), settle_window=timedelta(seconds=60))
    assert tasks.sends == 0


@needs_state_store
@pytest.mark.parametrize("told", ["inline", "none"])
def test_mapped_tasks_with_equal_titles_never_adopt_a_siblings_campaign(tasks: Tasks, told: str) -> None:
    tasks.emulator.set_dialect(id_style=told)
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(index=0), message="To Berlin")
    tasks.run(tasks.context(index=1), message="To Paris")
    with pytest.raises(AirflowFailException, match="unknown which one is this send's"):
        tasks.run(tasks.context(index=0), message="To Berlin")
    assert len(tasks.made) == 1


def test_with_a_ledger_the_own_campaign_is_found_beside_a_siblings(tasks: Tasks, sqlite: str) -> None:
    tasks.lose_the_answer()
    first = tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)
    second = tasks.run(tasks.context(index=1), message="To Paris", ledger_conn_id=sqlite)
    assert tasks.made == [first, second]


def test_with_a_ledger_a_siblings_campaign_is_not_adopted(tasks: Tasks, sqlite: str) -> None:
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)
    second = tasks.run(tasks.context(index=1), message="To Paris", ledger_conn_id=sqlite)
    with pytest.raises(AirflowFailException, match="has no new campaign"):
        tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)
    assert tasks.made == [second]


@needs_state_store
def test_a_ledger_that_was_set_later_does_not_distinguish_siblings(tasks: Tasks, sqlite: str) -> None:
    """The send was begun in the task state store and is ended there."""
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(index=0), message="To Berlin")
    tasks.run(tasks.context(index=1), message="To Paris")
    with pytest.raises(AirflowFailException, match="unknown which one is this send's"):
        tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)


@needs_state_store
def test_a_ledger_that_was_set_between_two_tries_does_not_know_the_siblings(tasks: Tasks, sqlite: str) -> None:
    """The first try sent nothing and wrote nothing; a sibling of it had sent without the ledger."""
    tasks.emulator.fault("listCampaign", effect="status", nth=[1, 2])
    with pytest.raises(TruepushServerError):
        tasks.run(tasks.context(index=0), message="To Berlin")
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)
    tasks.run(tasks.context(index=1), message="To Paris")
    with pytest.raises(AirflowFailException, match="unknown which one is this send's"):
        tasks.run(tasks.context(index=0), message="To Berlin", ledger_conn_id=sqlite)
    assert len(tasks.made) == 1


def test_an_older_campaign_of_the_title_is_not_adopted(tasks: Tasks) -> None:
    tasks.emulator.seed({"campaigns": [{"title": "Sale"}, {"title": "Other"}]})
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException, match="has no new campaign"):
        tasks.run()
