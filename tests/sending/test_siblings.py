"""Items that were edited, rendered anew or are equal, and clears that Airflow does not count."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.sending.attempts import ending
from tests.sending.feed_tasks import Feed
from tests.sending.feeds import FeedWorld, feed_world as begin
from tests.sending.tasks import Tasks, in_days
from tests.support.versions import HAS_STATE_STORE, needs_state_store


@pytest.fixture(params=["state", "ledger", "ledger before 3.3"])
def feed(request: pytest.FixtureRequest, sqlite: str, tasks: Tasks) -> Feed:
    where = request.param
    return Feed(tasks, sqlite if "ledger" in where else None, titles=True, state="before" not in where)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("titles", [True, False], ids=["own titles", "equal titles"])
def test_an_item_that_was_edited_and_moved_is_not_sent_again(feed: Feed, titles: bool, backwards: bool) -> None:
    feed.titles = titles
    feed.run(["A", "B"])
    for _ in range(2):
        feed.clear()
        ended = feed.run(["C", "A", "B, edited"], range(2, -1, -1) if backwards else range(3))
        assert not feed.made("B, edited")
    assert ended[2].startswith(("stopped", "retry"))
    assert not feed.made("C")


def test_a_new_item_is_sent_although_the_others_changed_places(feed: Feed) -> None:
    first = feed.run(["A", "B"])
    feed.clear()
    assert feed.run(["B", "A", "D"]) == {0: first[1], 1: first[0], 2: feed.made("D")[0]}


def test_items_whose_time_is_rendered_anew_keep_their_ids(feed: Feed) -> None:
    """``send_at="{{ in an hour }}"``: each try has another one."""
    first = feed.run(["A", "B"], send_at=in_days(1))
    feed.clear()
    assert feed.run(["A", "B"], send_at=in_days(2)) == first
    feed.clear()
    after = feed.run(["C", "A", "B"], send_at=in_days(3))
    assert (after[1], after[2]) == (first[0], first[1])
    assert feed.tasks.sends == 2


@needs_state_store
def test_a_task_whose_time_is_rendered_anew_returns_its_id(tasks: Tasks) -> None:
    first = tasks.run(send_at=in_days(1), expires_in=2)
    assert tasks.run(send_at=in_days(2), expires_in=3) == first
    assert tasks.sends == 1


def test_one_message_at_two_times_is_two_items(feed: Feed) -> None:
    ids = [feed.send(index, "A", send_at=in_days(1 + index)) for index in (0, 1)]
    assert ids == feed.made("A")
    feed.clear()
    assert [feed.send(index, "A", send_at=in_days(1 + index)) for index in (0, 1)] == ids
    assert feed.tasks.sends == 2


def test_items_whose_segment_has_another_id_are_not_sent_again(feed: Feed, emulator: Emulator) -> None:
    old, new = emulator.seed({"segments": [{"name": "VIP"}, {"name": "VIP 2"}]})["segments"]
    feed.run(["A", "B"], segment_id=old)
    feed.clear()
    feed.run(["C", "A", "B"], segment_id=new)
    assert feed.tasks.sends == 2


def test_a_token_that_names_a_position_sends_no_item_again(feed: Feed) -> None:
    for index, item in enumerate("AB"):
        feed.send(index, item, send_token=f"day-{index}")
    feed.clear()
    ended = [feed.send(index, item, send_token=f"day-{index}") for index, item in enumerate("CAB")]
    assert feed.tasks.sends == 2
    assert "under another send_token" in ended[2]


STORES = ["state", "ledger"] if HAS_STATE_STORE else ["ledger"]


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("titles", [True, False], ids=["own titles", "equal titles"])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("steps", range(9))
def test_a_clear_that_is_not_counted_sends_no_item_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, steps: int, counted: bool, titles: bool, store: str
) -> None:
    """``reset_dag_runs=false`` leaves the Dag run's counter as it is."""
    world = begin(emulator, monkeypatch, store, "AB")
    world.own_titles = titles
    for index in "01":
        world.start(index).finish()
    world.feed = ("C", "A", "B")
    world.clear(counted=counted)
    frozen = world.start("1")
    for _ in range(steps):
        frozen.step()
    world.start("2").finish()
    frozen.finish()
    world.start("0").finish()
    world.end()
    assert [len(world.made_of(item)) for item in "AB"] == [1, 1]


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("steps", range(1, 24))
@pytest.mark.parametrize("first", ["0", "1"])
def test_equal_items_are_one_send(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, first: str, steps: int, store: str
) -> None:
    world = begin(emulator, monkeypatch, store, "AA")
    one = world.start(first)
    for _ in range(steps):
        one.step()
    place = one.place
    other = world.start("1" if first == "0" else "0")
    other.finish()
    one.finish()
    for index in "01":
        last = world.start(index)
        last.finish()
        assert [last.result] == world.made_of("A"), (place, ending(last), last.error)
    world.end()


@needs_state_store
@pytest.mark.usefixtures("silence", "sqlite")
def test_equal_items_that_run_in_step_are_one_send(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = begin(emulator, monkeypatch, STORES[0], "AA")
    tries: list[Any] = [world.start("0"), world.start("1")]
    while not all(one.over for one in tries):
        for one in tries:
            one.step()
    world.end()
    assert len(world.made_of("A")) == 1
    assert [one.result for one in tries] == world.made_of("A") * 2


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("store", STORES)
class TestARunThatWasNeverCleared:
    """One map index is tried again, or comes back from its wait: the others are sent in their first try."""

    @pytest.fixture
    def world(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, store: str) -> FeedWorld:
        world = begin(emulator, monkeypatch, store, "ABCD")
        world.own_titles = True
        return world

    def retried(self, world: FeedWorld) -> None:
        world.refuse = 99
        first = world.start("0")
        first.finish()
        assert ending(first) == "retry"
        world.refuse = 0

    def test_in_step_with_one_that_is_tried_again(self, world: FeedWorld) -> None:
        self.retried(world)
        tries = [world.start(index) for index in "0123"]
        while not all(one.over for one in tries):
            for one in tries:
                one.step()
        assert [ending(one) for one in tries] == ["sent"] * 4, [one.error for one in tries]
        world.end()

    def test_after_one_has_failed_for_good(self, world: FeedWorld) -> None:
        self.retried(world)
        tries = [world.start(index) for index in "123"]
        for one in tries:
            one.finish()
        assert [ending(one) for one in tries] == ["sent"] * 3, [one.error for one in tries]
        world.end()

    def test_while_others_keep_starting(self, world: FeedWorld) -> None:
        self.retried(world)
        world.start("0").finish()
        second, third = world.start("1"), world.start("2")
        while second.place != "asleep" and not second.over:
            second.step()
        third.finish()
        world.start("3")  # has started, and does not come further
        second.finish()
        assert [ending(one) for one in (second, third)] == ["sent"] * 2, (second.error, third.error)
        world.end()

    def test_while_one_comes_back_from_its_wait(self, world: FeedWorld) -> None:
        """Its state is that of a task that starts again; another one that has sent shows that nothing was cleared."""
        for index in "01":
            world.start(index).finish()
        world.held = {"0": "scheduled", "1": "deferred"}
        third, began = world.start("2"), world.now
        third.finish()
        assert ending(third) == "sent", third.error
        assert world.now == began
        world.end()

    def test_nothing_is_sent_while_all_that_have_sent_may_start_again(self, world: FeedWorld) -> None:
        """A clear that was not counted looks like that."""
        for index in "01":
            world.start(index).finish()
        world.held = {"0": "scheduled", "1": "queued"}
        third = world.start("2")
        third.finish()
        assert ending(third) == "retry", third.error
        world.end()


def test_an_equal_token_with_other_content_is_called_the_same_send(tasks: Tasks) -> None:
    feed = Feed(tasks, None, titles=False)
    feed.clear()
    tasks.lose_the_answer()
    assert feed.send(0, "A", send_token="t", on_doubt="fail").startswith("stopped: ")
    ended = feed.send(1, "B", send_token="t")
    assert ended.startswith("retry: Map index 0 of this task has begun the same send of 'New' and has not recorded"), (
        ended
    )
    assert feed.made("B") == []
