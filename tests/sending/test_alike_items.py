"""Mapped sends of one message at several times, whose items change places; and a send in doubt whose item has moved."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sibling_view import read_sends
from tests.operators.mapped import MappedRun
from tests.sending.feed_tasks import Feed
from tests.sending.tasks import WINDOW, Tasks, in_days
from tests.support.versions import HAS_STATE_STORE

MORNING, EVENING, NEXT = ({"send_at": in_days(days)} for days in (300, 301, 302))


def mapped_run() -> MappedRun:
    began = datetime.now(UTC) - timedelta(minutes=1)
    return MappedRun(TruepushCreateCampaignOperator, began, link="https://example.com/", settle_window=3 * WINDOW)


@pytest.fixture(params=["state", "ledger"])
def feed(request: pytest.FixtureRequest, sqlite: str, tasks: Tasks) -> Feed:
    if request.param == "state" and not HAS_STATE_STORE:
        pytest.skip("Airflow has a task state store since 3.3")
    return Feed(tasks, sqlite if request.param == "ledger" else None, titles=True)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_item_that_was_never_sent_is_not_taken_for_sent(feed: Feed, order: tuple[int, int]) -> None:
    morning = feed.send(0, "A", **MORNING)
    feed.clear()
    ended = {index: feed.send(index, "A", **(EVENING, MORNING)[index]) for index in order}
    assert any(end.startswith("stopped: ") for end in ended.values()), ended
    assert feed.made("A") == [morning]
    stopped = next(end for end in ended.values() if end.startswith("stopped: "))
    assert "to go out at another time" in stopped
    assert "send it in a new Dag run" in stopped


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_items_that_changed_places_keep_their_ids(feed: Feed, order: tuple[int, int]) -> None:
    first = [feed.send(0, "A", **MORNING), feed.send(1, "A", **EVENING)]
    for _ in range(2):
        feed.clear()
        ended = {index: feed.send(index, "A", **(EVENING, MORNING)[index]) for index in order}
        assert ended == {0: first[1], 1: first[0]}
    assert feed.tasks.sends == 2


def test_a_new_time_in_each_try_sends_nothing_again_and_is_said(feed: Feed, caplog: Any) -> None:
    first = [feed.send(0, "A", **MORNING), feed.send(1, "B", **MORNING)]
    feed.clear()
    caplog.clear()
    assert [feed.send(0, "A", **EVENING), feed.send(1, "B", **NEXT)] == first
    assert caplog.text.count("the change has no effect") == 2
    assert str(EVENING["send_at"]) not in caplog.text
    assert feed.tasks.sends == 2


def test_equal_items_with_a_new_time_send_nothing_again(feed: Feed) -> None:
    first = [feed.send(0, "A", **MORNING), feed.send(1, "A", **MORNING)]
    for order in ((0, 1), (1, 0)):
        feed.clear()
        assert {index: feed.send(index, "A", **(EVENING, NEXT)[index]) for index in order} == dict(enumerate(first))
    assert feed.tasks.sends == 1


@pytest.mark.skipif(not HAS_STATE_STORE, reason="Airflow has a task state store since 3.3")
@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("after", ["BA", "A"])
def test_a_send_in_doubt_is_settled_by_the_map_index_that_has_its_item_now(
    emulator: Emulator, tasks: Tasks, after: str, carried_out: bool
) -> None:
    """The map index that has begun it has another item now, or was removed, so it never records the outcome."""
    run = mapped_run()
    before = "AB" if after == "BA" else "BA"
    run.states = {0: None, 1: None}
    for index, item in enumerate(before):
        if item == "A":
            emulator.fault("createCampaign", effect="fin", phase="after_commit" if carried_out else "before_commit")
        run.run(index, title=item, message=item, on_doubt="fail")
        emulator.clear_faults()
    run.clear()
    run.states = {index: None if index < len(after) else "removed" for index in run.states}
    ended = [run.run(index, title=item, message=item) for index, item in enumerate(after)]
    made = {item: [row["id"] for row in emulator.campaigns() if row["title"] == item] for item in "AB"}
    index, stopped = len(after) - 1, ended[-1]
    assert "This needs a manual decision" in stopped
    assert "it looks again and adopts" not in stopped  # without a ledger it may be that of another map index
    assert stopped.count("send it in a new Dag run") == 1
    assert (len(made["A"]), len(made["B"])) == (carried_out, 1)
    if carried_out:  # what the error says to do
        advice = re.search(r"PUT \S+/(truepush_\w+)\?map_index=(\d) ", stopped)
        assert advice is not None
        assert int(advice[2]) == index
        run.store.put(advice[2], advice[1], made["A"][0])
        run.clear()
        assert [run.run(index, title="A", message="A")] == made["A"]


@pytest.mark.skipif(not HAS_STATE_STORE, reason="Airflow has a task state store since 3.3")
def test_items_that_change_places_at_the_same_time_keep_their_ids(tasks: Tasks) -> None:
    """A map index starts, and looks while the other one runs and has published nothing yet."""
    run = mapped_run()
    run.states = {0: None, 1: None}
    first = [run.run(index, title="A", message="A", **given) for index, given in enumerate((MORNING, EVENING))]
    run.clear()
    contexts = {index: run.start(index) for index in (0, 1)}
    ended: dict[int, str] = {}

    def late() -> None:
        ended[1] = run.execute(1, contexts[1], title="A", message="A", **MORNING)

    timer = threading.Timer(0.3, late)
    timer.start()
    ended[0] = run.execute(0, contexts[0], title="A", message="A", **EVENING)
    timer.join()
    assert [ended[0], ended[1]] == [first[1], first[0]]
    assert tasks.sends == 2


def test_an_intent_of_another_version_is_no_intent() -> None:
    entry = {"sends": [{"content": "c", "open": True, "key": "k", "intent": {"slot": "k", "new": 1}}]}
    assert [send.intent for send in read_sends(0, entry)] == [None]


def test_a_shortened_record_finds_the_same_campaigns() -> None:
    before = tuple(f"{number:08x}{'0' * 16}" for number in range(1, 201))
    record = SendRecord("k", "c", "t", before, "a", "me", 0.0, 0.0)
    rows = [CampaignRef(id=one, title="t") for one in (*before, "f" * 24)]
    assert len(record.shortened().before) == 50
    assert record.shortened().new_campaigns(rows) == record.new_campaigns(rows)
