"""Mapped sends whose feed is reordered, grown, shrunk or edited between tries and clears."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from tests.sending.feed_tasks import Feed
from tests.sending.tasks import Tasks


@pytest.fixture(params=["state", "ledger", "ledger before 3.3", "nothing before 3.3"])
def where(request: pytest.FixtureRequest, sqlite: str) -> tuple[str | None, bool]:
    return (sqlite if "ledger" in request.param else None), "before" not in request.param


@pytest.fixture(params=[True, False], ids=["own titles", "equal titles"])
def feed(request: pytest.FixtureRequest, where: tuple[str | None, bool], tasks: Tasks) -> Feed:
    return Feed(tasks, where[0], titles=request.param, state=where[1])


def test_an_ordinary_first_run_sends_every_item_without_a_decision(feed: Feed) -> None:
    ids = feed.run(["A", "B", "C"])
    assert [[ids[0]], [ids[1]], [ids[2]]] == [feed.made("A"), feed.made("B"), feed.made("C")]


@pytest.mark.parametrize(
    "after",
    [
        ["C", "A", "B"],
        ["B", "A"],
        ["A", "C", "B"],
        ["B"],
        ["B", "C", "A"],
        ["A", "B", "C"],
        ["A2", "B"],
        ["C", "D", "E"],
    ],
    ids="".join,
)
def test_no_change_of_the_feed_sends_an_item_again(feed: Feed, after: list[str]) -> None:
    feed.run(["A", "B"])
    first = {item: feed.made(item) for item in "AB"}
    for backwards in (False, True):
        feed.clear()
        ended = feed.run(after, sorted(range(len(after)), reverse=backwards))
        assert {item: feed.made(item) for item in "AB"} == first
        for index, item in enumerate(after):
            if item in "AB" and re.fullmatch("[0-9a-f]{24}", ended[index]):
                assert [ended[index]] == first[item], "the id of another item"


def test_a_recorded_item_is_returned_at_any_map_index(tasks: Tasks, sqlite: str) -> None:
    feed = Feed(tasks, sqlite, titles=False)
    first = feed.run(["A", "B"])
    feed.clear()
    after = feed.run(["C", "A", "B"])
    assert (after[1], after[2]) == (first[0], first[1])
    assert "already sent different content in this Dag run" in after[0]
    # What the error says to do sends the new item, and no other one again.
    statement = re.search(r"`(DELETE .*?)`", after[0])
    assert statement is not None
    BaseHook.get_hook(sqlite).run(statement[1])
    feed.clear()
    again = feed.run(["C", "A", "B"])
    assert [again[0]] == feed.made("C")
    assert (again[1], again[2]) == (first[0], first[1])
    assert tasks.sends == 3


@pytest.mark.parametrize("titles", [True, False])
def test_without_a_ledger_items_that_changed_places_keep_their_ids(tasks: Tasks, titles: bool) -> None:
    feed = Feed(tasks, None, titles=titles)
    first = feed.run(["A", "B"])
    feed.clear()
    assert feed.run(["B", "A"]) == {0: first[1], 1: first[0]}
    feed.clear()
    assert feed.run(["B", "A"]) == {0: first[1], 1: first[0]}
    assert tasks.sends == 2


def test_without_a_ledger_the_advice_sends_only_the_new_item(tasks: Tasks) -> None:
    feed = Feed(tasks, None, titles=True)
    first = feed.run(["A", "B"])
    feed.clear()
    stopped = feed.run(["C", "A", "B"])[0]
    advice = re.search(r"PUT \S+/(truepush_\w+)\?map_index=0 (\{.*\}), and clear", stopped)
    assert advice is not None
    tasks.store.put("send/run-1/0", advice[1], json.loads(advice[2])["value"])
    feed.clear()
    again = feed.run(["C", "A", "B"])
    assert [again[0]] == feed.made("C")
    assert (again[1], again[2]) == (first[0], first[1])
    assert tasks.sends == 3


def test_a_grown_feed_sends_only_the_new_items(feed: Feed) -> None:
    first = feed.run(["A", "B"])
    feed.clear()
    after = feed.run(["A", "B", "C"])
    if feed.state or feed.ledger:
        assert {0: after[0], 1: after[1]} == first
    else:
        assert "stopped" in after[0]  # without any store a second try cannot know
    assert after[2].startswith("stopped") or [after[2]] == feed.made("C")
    if feed.ledger or feed.titles or feed.state:
        assert [after[2]] == feed.made("C"), "someone is asked without cause"


def test_a_failed_map_index_that_is_cleared_alone_sends(feed: Feed) -> None:
    """The ordinary repair: one of the mapped tasks was refused, and somebody clears it."""
    if not (feed.state or feed.ledger):
        pytest.skip("without any store a second try cannot know")
    feed.run(["A", "B"])
    feed.tasks.emulator.fault("listCampaign", effect="status", times=2)
    assert feed.send(2, "C").startswith("retry")
    feed.clear()
    assert [feed.send(2, "C")] == feed.made("C")


def test_identical_items_are_one_send_in_a_ledger(tasks: Tasks, sqlite: str) -> None:
    feed = Feed(tasks, sqlite, titles=True)
    ids = feed.run(["A", "A"])
    assert ids[0] == ids[1]
    assert tasks.sends == 1


@pytest.mark.parametrize("titles", [True, False])
@pytest.mark.parametrize("ledger", [True, False])
def test_a_token_for_each_item_identifies_it(tasks: Tasks, sqlite: str, titles: bool, ledger: bool) -> None:
    feed = Feed(tasks, sqlite if ledger else None, titles=titles)
    first = {item: feed.send(index, item, send_token=item) for index, item in enumerate("AB")}
    feed.clear()
    after = {item: feed.send(index, item, send_token=item) for index, item in enumerate("CAB")}
    assert after == {**first, "C": feed.made("C")[0]}
    assert tasks.sends == 3


def test_a_token_that_is_added_later_sends_nothing_again(feed: Feed, sqlite: str) -> None:
    """Somebody follows an error, gives each item a token and sets a ledger, and clears the tasks."""
    feed.run(["A", "B"])
    first = {item: feed.made(item) for item in "AB"}
    feed.clear()
    feed.ledger = sqlite
    for index, item in enumerate("CAB"):
        feed.send(index, item, send_token=item)
    assert {item: feed.made(item) for item in "AB"} == first


def test_records_of_the_earlier_version_are_read(tasks: Tasks, sqlite: str) -> None:
    """They were kept under the connection's id and the map index."""
    feed = Feed(tasks, sqlite, titles=False)
    feed.run(["A", "B"])
    hook = BaseHook.get_hook(sqlite)
    before_the_upgrade(hook)
    first = {item: feed.made(item) for item in "AB"}
    feed.clear()
    after = feed.run(["B", "A", "B"])
    assert after == {0: first["B"][0], 1: first["A"][0], 2: first["B"][0]}
    assert feed.run(["C"])[0].startswith("stopped")
    assert tasks.sends == 2


def before_the_upgrade(hook: Any) -> None:
    """Turn the rows of a ledger into those that the version before has written."""
    from airflow_provider_truepush.sending.record import idempotency_key
    from airflow_provider_truepush.sending.sql_store import TABLE

    hook.run(f"DELETE FROM {TABLE} WHERE attempt IN ('alias', 'visit')")
    for slot, author in hook.get_records(f"SELECT slot, author FROM {TABLE}"):
        task, _, index = author.partition(" of ")[2].rpartition(" [")
        position = f"{task}/{index.rstrip(']')}"
        old, visit = (idempotency_key("truepush_default", name) for name in (position, f"visit of {position}"))
        hook.run(f"UPDATE {TABLE} SET slot = '{old}', project = 'truepush_default' WHERE slot = '{slot}'")
        columns = "project, slot, content, title, earlier, attempt, author, made_at, deadline, settled"
        hook.run(
            f"INSERT INTO {TABLE} ({columns}) VALUES ('truepush_default', '{visit}', '', '', '[]', 'visit', "
            f"'{position}', 1, 0, 1)"
        )


@pytest.mark.parametrize("titles", [True, False], ids=["own titles", "equal titles"])
@pytest.mark.parametrize("after", ["BA", "CAB"])
def test_a_clear_that_airflow_does_not_count_sends_no_item_at_a_new_map_index(
    tasks: Tasks, after: str, titles: bool
) -> None:
    """Before 3.1 Airflow counts clears of finished runs only; before 3.0 a task sees no states of others."""
    feed = Feed(tasks, None, titles=titles, state=False)
    assert feed.run(["A"] if after == "BA" else ["A", "B"])
    first = {item: feed.made(item) for item in "AB" if feed.made(item)}
    ended = feed.run(list(after))
    assert {item: feed.made(item) for item in first} == first
    assert "have no known sender" in ended[len(after) - 1]


def test_a_retry_that_needs_a_decision_does_not_hold_up_items_of_other_titles(tasks: Tasks) -> None:
    feed = Feed(tasks, None, titles=True, state=False)
    feed.send(0, "A")
    assert feed.send(0, "A").startswith("stopped: ")
    assert [feed.send(1, "B")] == feed.made("B")
