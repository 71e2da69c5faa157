"""Map indexes that have failed before they published what they have sent."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.sending.siblings import XCOM_KEY, Siblings
from airflow_provider_truepush.task.map_indexes import MapIndexes
from tests.sending.attempts import ending
from tests.sending.feeds import FeedWorld, feed_world as begin
from tests.sending.watched import StoreFault
from tests.support.one_map_index import one_map_index
from tests.support.versions import HAS_STATE_STORE, needs_state_store

STORES = ["state"] if HAS_STATE_STORE else ["ledger"]


def send_and_fail_early(world: FeedWorld) -> None:
    """Send the first item; its retry deletes what it had published, and fails before it publishes that anew."""
    world.start("0").finish()
    world.store_faults.append(StoreFault("read", False, 1))
    world.start("0").finish()


@needs_state_store
@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("again", [False, True], ids=["first try", "retry"])
def test_an_equal_item_waits_for_one_whose_retry_failed_early(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    """Airflow deleted what the first try had published, and the retry failed before it published that anew."""
    world = begin(emulator, monkeypatch, STORES[0], "AA")
    send_and_fail_early(world)
    for _ in range(1 + again):
        other = world.start("1")
        other.finish()
        assert len(world.made_of("A")) == 1, ending(other)
    assert ending(other) == "retry"
    world.start("0").finish()
    other = world.start("1")
    other.finish()
    assert [other.result] == world.made_of("A")
    world.end()


@pytest.mark.usefixtures("silence", "sqlite")
def test_another_item_of_the_same_title_does_not_wait_for_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = begin(emulator, monkeypatch, STORES[0], "AB")
    world.own_titles = False
    send_and_fail_early(world)
    other = world.start("1")
    other.finish()
    assert ending(other) == "sent", other.error
    world.end()


@pytest.mark.usefixtures("silence", "sqlite")
def test_one_that_was_given_a_ledger_holds_up_nobody(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = begin(emulator, monkeypatch, "none", "AB")
    world.own_titles = False
    world.setup = replace(world.setup, later_send_store="ledger")
    for _ in range(3):
        world.start("0").finish()
    other = world.start("1")
    other.finish()
    assert ending(other) == "sent", other.error
    world.end()


@needs_state_store
@pytest.mark.usefixtures("silence", "sqlite")
def test_it_is_waited_for_while_it_waits_to_start_again(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = begin(emulator, monkeypatch, STORES[0], "AA")
    send_and_fail_early(world)
    for state in ("up_for_retry", "scheduled", "queued"):
        world.held = {"0": state}
        other = world.start("1")
        other.finish()
        assert (ending(other), len(world.made_of("A"))) == ("retry", 1)
    world.end()


@pytest.mark.usefixtures("silence", "sqlite")
def test_campaigns_of_the_run_before_hold_up_nobody(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feed of each hour, always with the same title: one has failed for good, and another was tried again."""
    world = begin(emulator, monkeypatch, STORES[0], "ABCD")
    world.own_titles = False
    half_an_hour_before = int(world.now) - 5 * 60 - 35 * 60
    emulator.seed({"campaigns": [{"_id": f"{half_an_hour_before:08x}{'0' * 16}", "title": world.title("0")}]})
    for index in "01":
        world.store_faults.append(StoreFault("read", False, 1))
        world.start(index).finish()
    tries = []
    for index in "123":
        tries.append(world.start(index))
        tries[-1].finish()
    assert [ending(one) for one in tries] == ["sent"] * 3, [one.error for one in tries]
    world.end()


@pytest.mark.parametrize(
    ("state", "entry", "is_doubtful"),
    [
        ("success", None, True),  # its XCom could not be written
        ("failed", None, True),
        ("up_for_retry", None, True),
        ("queued", None, False),  # it may never have started
        (None, None, False),
        ("skipped", None, False),
        ("removed", None, False),
        ("queued", {"complete": False, "item": "other"}, True),
        ("failed", {"complete": False, "item": ""}, True),
        ("failed", {"sends": [], "item": "other"}, False),  # written by an earlier version, or complete
    ],
)
def test_which_siblings_may_have_sent_the_item(
    state: str | None, entry: dict[str, Any] | None, is_doubtful: bool
) -> None:
    xcoms = [] if entry is None else [{"map_index": 1, "try": 2, "clear": 0, **entry}]
    ti = SimpleNamespace(
        dag_id="dag",
        run_id="run",
        task_id="send",
        xcom_pull=lambda task_ids, key: {XCOM_KEY: xcoms}[key],
        get_task_states=lambda dag_id, task_ids, run_ids: {"run": {"send_0": "running", "send_1": state}},
    )
    siblings = Siblings(
        0,
        clear_number=0,
        try_number=1,
        began=None,
        indexes=MapIndexes(ti),
    )
    assert siblings.look().failed == ({1} if is_doubtful else set())


@pytest.mark.parametrize("is_complete", [True, False])
def test_what_a_late_write_of_an_earlier_try_replaced_is_published_again(is_complete: bool) -> None:
    """Airflow does not refuse a write that was under way when the next try began."""
    xcoms: dict[int, dict[str, Any]] = {}
    late = {"map_index": 0, "try": 1, "clear": 0, "item": "of before", "sends": []}
    siblings = Siblings(0, clear_number=1, try_number=2, began=None, indexes=one_map_index(xcoms))
    xcoms[0] = late
    siblings.look()
    assert xcoms[0] is late, "nothing was published yet"
    if is_complete:
        siblings.publish(())
    else:
        siblings.announce()
    xcoms[0] = late
    siblings.look()
    assert (xcoms[0]["try"], xcoms[0]["complete"]) == (2, is_complete)
    xcoms[0] = newer = {**late, "try": 3}
    siblings.look()
    assert xcoms[0] is newer, "a superseded try overwrites nothing"
