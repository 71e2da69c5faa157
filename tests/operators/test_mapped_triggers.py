"""Replacing triggers in a mapped task whose feed is reordered, grown or shrunk between its tries."""

from __future__ import annotations

import os

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.operators.mapped_triggers import mapped, needs_store, refuse_creates, short_window
from tests.operators.resources import _connected, before_the_next, connect_fixture, emulator_fixture
from tests.operators.triggers import TEMPLATE, ids, seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "short_window", "template_fixture"]


@needs_store
class TestAnItemMoves:
    @pytest.mark.parametrize("status", ["active", "inactive"])
    def test_another_map_index_restores_the_status(self, emulator: Emulator, status: str) -> None:
        seed(emulator, "A", status=status)
        run = mapped(emulator)
        emulator.fault("createTrigger", nth=1, effect="429", retry_after=0)
        assert run.run_feed("A", "B")[0].startswith("retry: ")
        run.clear()
        first, second = run.run_feed("B", "A")
        assert [second] == ids(emulator, "A")
        assert statuses(emulator, "A") == [status]
        if status == "inactive":
            # The map index that began it ends green once another one has completed it.
            assert "succeeds once another map index has completed 'A'" in first
            assert run.run(0, name="B") in ids(emulator, "B")
        else:
            assert [first] == ids(emulator, "B")

    def test_in_the_other_order(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        assert [run.run(1, name="A")] == ids(emulator, "A")
        assert [run.run(0, name="B")] == ids(emulator, "B")
        assert (statuses(emulator, "A"), statuses(emulator, "B")) == (["inactive"], ["active"])

    def test_two_items_change_places(self, emulator: Emulator) -> None:
        seed(emulator, "A", "B", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1, 2)
        run.run_feed("A", "B")
        assert ids(emulator, "A") + ids(emulator, "B") == []
        run.clear()
        run.run_feed("B", "A")
        assert run.run(0, name="B") == ids(emulator, "B")[0]
        assert run.run(1, name="A") == ids(emulator, "A")[0]
        assert (statuses(emulator, "A"), statuses(emulator, "B")) == (["inactive"], ["inactive"])

    def test_a_map_index_that_starts_again_publishes_first(self, emulator: Emulator) -> None:
        """Airflow has deleted its XCom, and it is killed before it asks Truepush anything."""
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        emulator.fault("listTrigger", nth=range(1, 50), effect="status", status=503)
        run.run(0, name="B")
        emulator.clear_faults()
        assert [run.run(1, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_the_feed_shrinks(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 2)
        assert run.run_feed("B", "A")[1].startswith("stopped: ")
        run.clear()
        assert run.run_feed("A") == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_the_feed_grows(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A")
        run.clear()
        run.run_feed("B", "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_a_new_trigger_that_is_not_inactive_yet_is_set_inactive(self, emulator: Emulator) -> None:
        """The map index that had the item failed between create and deactivation."""
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        run.run_feed("A", "B")
        made = ids(emulator, "A")
        assert statuses(emulator, "A") == ["active"]
        run.clear()
        assert run.run(1, name="A") == made[0]
        assert statuses(emulator, "A") == ["inactive"]

    def test_back_and_forth(self, emulator: Emulator) -> None:
        """What another map index has completed is not done again by the one that began it."""
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        made = run.run(1, name="A")
        run.clear()
        assert [run.run(0, name="A")] == ids(emulator, "A") != [made]
        assert statuses(emulator, "A") == ["inactive"]

    @pytest.mark.parametrize("feed", ["aB", "Ba"])
    def test_an_item_that_was_renamed_is_not_created_active(self, emulator: Emulator, feed: str) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        run.run_feed(*feed)
        ended = run.run(feed.index("a"), name="a")
        assert "It is unknown whether this is the same item under a new name" in ended
        assert ids(emulator, "a") == []

    @pytest.mark.parametrize("feeds", [("AB", "B"), ("BA", "B")], ids=["own", "removed"])
    def test_a_new_trigger_of_an_item_that_has_left_the_feed_is_set_inactive(
        self, emulator: Emulator, feeds: tuple[str, str]
    ) -> None:
        before, after = feeds
        seed(emulator, "A", status="inactive")
        seed(emulator, "B")
        run = mapped(emulator)
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        run.run_feed(*before)
        assert statuses(emulator, "A") == ["active"]
        run.clear()
        run.run_feed(*after)
        assert (statuses(emulator, "A"), statuses(emulator, "B")) == (["inactive"], ["active"])

    def test_a_trigger_of_another_project_is_not_meant(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(emulator, "A", status="inactive")
        with Emulator(token="another-t0ken-of-another-project", timezone="Europe/Berlin") as other:
            other.seed({"templates": [{"_id": TEMPLATE, "name": "Digest"}]})
            monkeypatch.setenv("AIRFLOW_CONN_OTHER", other.connection_json)
            run = mapped(emulator)
            refuse_creates(emulator, 1)
            run.run(0, name="A")
            assert [run.run(1, name="A", truepush_conn_id="other")] == ids(other, "A")
            assert statuses(other, "A") == ["active"]

    def test_a_renamed_connection_is_the_same_project(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed(emulator, "A", status="inactive")
        monkeypatch.setenv("AIRFLOW_CONN_RENAMED", os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"])
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run(0, name="A")
        run.clear()
        assert [run.run(1, name="A", truepush_conn_id="renamed")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]


@pytest.mark.parametrize("has_store", [pytest.param(True, marks=needs_store), False])
def test_the_same_name_twice_in_a_feed(emulator: Emulator, has_store: bool) -> None:
    """The second map index runs while the first one is between delete and create."""
    seed(emulator, "A", status="inactive")
    run = mapped(emulator, has_store=has_store)
    meanwhile: list[str] = []
    before_the_next(emulator, "createTrigger", lambda: meanwhile.append(run.run(1, name="A")))
    assert [run.run(0, name="A")] == ids(emulator, "A")
    assert meanwhile[0].startswith("retry: Map index 0 of this task is changing the trigger 'A' at the moment.")
    assert statuses(emulator, "A") == ["inactive"]
