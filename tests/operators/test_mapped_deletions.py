"""Mapped deletions whose feed moves: an item that an earlier try deleted at another map index is not missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushDeleteTriggerOperator
from airflow_provider_truepush.resources.sibling_changes import SiblingChanges
from tests.operators.mapped import MappedRun
from tests.operators.mapped_triggers import needs_store, short_window
from tests.operators.resources import _connected, before_the_next, connect_fixture, emulator_fixture
from tests.operators.triggers import template_fixture
from tests.support.one_map_index import one_map_index

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "short_window", "template_fixture"]

#: Operator, endpoints that delete and list, argument with the id, argument with the name.
KINDS: dict[str, tuple[type[Any], str, str, str, str]] = {
    "trigger": (TruepushDeleteTriggerOperator, "deleteTrigger", "listTrigger", "trigger_id", "trigger_name"),
    "template": (TruepushDeleteTemplateOperator, "deleteTemplate", "listTemplate", "template_id", "template"),
    "segment": (TruepushDeleteSegmentOperator, "deleteSegment", "listSegment", "segment_id", "segment"),
}
#: Ids of what never existed.
UNKNOWN = {"C": "0" * 23 + "c", "D": "0" * 23 + "d"}


def of_every_kind(test: Any) -> Any:
    """Run a test with every kind of row, given by id and by name."""
    return pytest.mark.parametrize("kind", KINDS)(pytest.mark.parametrize("by", ["id", "name"])(test))


class Deletions:
    """A mapped task that deletes A and B, at first [A, B]. C and D never existed."""

    def __init__(self, emulator: Emulator, kind: str, by: str, if_missing: str, **given: Any) -> None:
        operator, self.endpoint, self.list, id_field, name_field = KINDS[kind]
        made = emulator.seed({f"{kind}s": [{"name": "A"}, {"name": "B"}]})[f"{kind}s"]
        self._field = id_field if by == "id" else name_field
        self.targets = dict(zip("ABCD", [*made, *UNKNOWN.values()] if by == "id" else "ABCD", strict=True))
        self._kind = kind
        self.tasks = MappedRun(operator, emulator.now() - timedelta(minutes=5), if_missing=if_missing, **given)

    def delete(self, index: int, item: str) -> str:
        return self.tasks.run(index, **self.given(item))

    def given(self, item: str) -> dict[str, str]:
        return {self._field: self.targets[item]}

    def missing(self, item: str) -> str:
        return f"No {self._kind} '{self.targets[item]}' exists. Nothing was deleted."


@needs_store
@pytest.mark.parametrize("if_missing", ["fail", "skip"])
@of_every_kind
def test_a_deletion_in_doubt_that_moved_is_completed(emulator: Emulator, kind: str, by: str, if_missing: str) -> None:
    of = Deletions(emulator, kind, by, if_missing)
    emulator.fault(of.endpoint, nth=1, effect="fin")
    emulator.fault(of.list, nth=1 if by == "id" else 2, effect="status", status=503)
    assert of.delete(0, "A").startswith("retry: ")
    assert of.delete(1, "B") == "True"
    emulator.clear_faults()
    of.tasks.clear(after=timedelta(0))
    assert [of.delete(0, "B"), of.delete(1, "A")] == ["True", "True"]


@needs_store
@of_every_kind
def test_a_moved_item_waits_for_a_sibling_that_has_not_published(emulator: Emulator, kind: str, by: str) -> None:
    of = Deletions(emulator, kind, by, "fail")
    assert [of.delete(0, "A"), of.delete(1, "B")] == ["True", "True"]
    of.tasks.clear(after=timedelta(0))
    context = of.tasks.start(0)
    ended = of.delete(1, "A")
    assert ended.startswith("retry: ")
    assert "the map indexes [0] have not published what they changed" in ended
    assert of.tasks.execute(0, context, **of.given("B")) == "True"
    assert of.delete(1, "A") == "True"


@needs_store
@pytest.mark.parametrize("state", [None, "scheduled", "queued", "up_for_retry", "failed", "skipped", "removed"])
@pytest.mark.parametrize("by", ["id", "name"])
def test_a_missing_item_waits_for_no_sibling_that_does_not_run(emulator: Emulator, by: str, state: str | None) -> None:
    """With one slot for all, the siblings of a cleared run start when this one has ended.

    They have no XCom if the feed has grown, and if the run began with a version that published no deletions.
    """
    of = Deletions(emulator, "trigger", by, "fail")
    of.tasks.tries[0] = 1
    of.tasks.clear()
    of.tasks.states[1] = state
    assert of.delete(0, "C").startswith(f"stopped: {of.missing('C')}")
    assert of.delete(1, "A") == "True"


@needs_store
@pytest.mark.parametrize("state", ["running", "restarting", "deferred"])
@pytest.mark.parametrize("by", ["id", "name"])
def test_a_missing_item_waits_for_a_sibling_that_runs(emulator: Emulator, by: str, state: str) -> None:
    of = Deletions(emulator, "trigger", by, "fail")
    of.tasks.clear()
    of.tasks.states[1] = state
    assert "the map indexes [1] have not published what they changed" in of.delete(0, "C")


@needs_store
@of_every_kind
def test_a_missing_item_is_skipped_beside_siblings_that_were_skipped(emulator: Emulator, kind: str, by: str) -> None:
    of = Deletions(emulator, kind, by, "skip")
    missing = {item: f"skipped: {of.missing(item)}" for item in "CD"}
    assert [of.delete(0, "C"), of.delete(1, "D")] == [missing["C"], missing["D"]]
    of.tasks.xcoms.clear()  # As a version that published no deletions left it.
    of.tasks.clear()
    of.tasks.states.update({1: "skipped", 2: None})  # Map index 0 alone was cleared, and the feed has grown.
    assert of.delete(0, "C") == missing["C"]
    assert of.tasks.states == {0: "skipped", 1: "skipped", 2: None}
    assert of.delete(2, "A") == "True"


@needs_store
@of_every_kind
def test_a_skipped_sibling_has_published_what_it_deleted_before(emulator: Emulator, kind: str, by: str) -> None:
    of = Deletions(emulator, kind, by, "skip")
    assert [of.delete(0, "A"), of.delete(1, "C")[:8]] == ["True", "skipped:"]
    of.tasks.clear(after=timedelta(0))
    assert of.delete(0, "C").startswith(f"skipped: {of.missing('C')}")
    assert of.tasks.states == {0: "skipped", 1: None}
    assert of.delete(1, "A") == "True"


@needs_store
@of_every_kind
def test_what_never_existed_is_missing_wherever_it_is(emulator: Emulator, kind: str, by: str) -> None:
    of = Deletions(emulator, kind, by, "fail")
    assert of.delete(0, "C").startswith(f"stopped: {of.missing('C')}")
    assert of.delete(1, "A") == "True"
    of.tasks.clear(after=timedelta(0))
    assert of.delete(0, "A") == "True"
    assert of.delete(1, "C").startswith(f"stopped: {of.missing('C')}")


@needs_store
@of_every_kind
@pytest.mark.parametrize("if_missing", ["fail", "skip"])
def test_what_two_map_indexes_find_missing_was_deleted_by_neither(
    emulator: Emulator, kind: str, by: str, if_missing: str
) -> None:
    """The feed has an item twice: what one of them has begun and not done yet is no deletion."""
    of = Deletions(emulator, kind, by, if_missing)
    of.tasks.states.update({0: None, 1: None})
    ended: list[str] = []
    before_the_next(emulator, of.endpoint if by == "id" else of.list, lambda: ended.append(of.delete(1, "C")))
    assert of.missing("C") in of.delete(0, "C")
    (other,) = ended
    assert of.missing("C") in other or other.startswith("retry: Map index 0 of this task is changing the ")
    if other.startswith("retry: "):
        assert of.missing("C") in of.delete(1, "C")


@needs_store
@of_every_kind
def test_what_a_sibling_deletes_meanwhile_is_not_missing(emulator: Emulator, kind: str, by: str) -> None:
    of = Deletions(emulator, kind, by, "fail")
    ended: list[str] = []
    before_the_next(emulator, of.endpoint, lambda: ended.append(of.delete(1, "A")))
    assert of.delete(0, "A") == "True"
    assert ended == ["True"]


def test_without_a_store_what_was_published_counts(emulator: Emulator) -> None:
    of = Deletions(emulator, "trigger", "name", "fail", has_store=False)
    assert of.delete(0, "A") == "True"
    of.tasks.clear(after=timedelta(0))
    assert of.delete(1, "A") == "True"


def test_nothing_is_published_where_missing_is_ignored(emulator: Emulator) -> None:
    of = Deletions(emulator, "trigger", "name", "ignore")
    assert of.delete(0, "A") == "True"
    assert of.tasks.pushes == of.tasks.pulls == 0


def test_what_a_late_write_of_an_earlier_try_replaced_is_published_again() -> None:
    """Airflow does not refuse an XCom whose write was under way when the next try began."""
    xcoms: dict[int, Any] = {}
    late = {"map_index": 0, "try": 1, "clear": 0, "name": "A", "changes": []}
    siblings = SiblingChanges(0, "B", try_number=2, clear_number=1, indexes=one_map_index(xcoms))
    siblings.publish((), project="truepush_default", fingerprint="")
    xcoms[0] = late
    assert siblings.look() == ()
    assert (xcoms[0]["try"], xcoms[0]["name"]) == (2, "B")
    xcoms[0] = newer = {**late, "try": 3}
    siblings.look()
    assert xcoms[0] is newer, "a superseded try overwrites nothing"
