"""New triggers of items that a task has no more: which ones are set inactive, and what else is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.operators.mapped import MappedRun
from tests.operators.mapped_triggers import mapped, needs_store, refuse_creates, short_window
from tests.operators.resources import Said, _connected, before_the_next, connect_fixture, emulator_fixture, said_fixture
from tests.operators.triggers import ids, seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "short_window", "template_fixture"]


def refused_and_created_by_another_run(emulator: Emulator, index: int) -> tuple[MappedRun, str]:
    """Delete the inactive trigger A in a run whose create is refused; create A in another run.

    :return: the first run, and the id of the trigger of the other one.
    """
    seed(emulator, "A", status="inactive")
    run = mapped(emulator)
    refuse_creates(emulator, 1)
    assert run.run(index, name="A").startswith("stopped: ")
    return run, mapped(emulator).run(index, name="A")


class TestTriggersOfOtherItems:
    @pytest.mark.parametrize("index", [pytest.param(0, marks=needs_store), pytest.param(-1, marks=needs_store)])
    def test_what_another_run_created_after_a_refusal_stays_active(self, emulator: Emulator, index: int) -> None:
        run, made = refused_and_created_by_another_run(emulator, index)
        run.clear()
        run.run(index, name="B")
        assert (ids(emulator, "A"), statuses(emulator, "A")) == ([made], ["active"])

    @needs_store
    def test_what_was_created_long_after_it_stays_active(self, emulator: Emulator, said: Said) -> None:
        seed(emulator, "A", status="inactive")
        seed(emulator, "B")
        run = mapped(emulator)
        emulator.fault("createTrigger", nth=1, effect="fin", phase="before_commit")
        assert run.run(0, name="A").startswith("stopped: ")
        emulator.advance(timedelta(hours=2))
        (made,) = seed(emulator, "A")
        run.clear()
        run.run(0, name="B")
        assert statuses(emulator, "A") == ["active"]
        assert f"The trigger {made} ('A') is active. It was not created by try 1 of" in said()

    @needs_store
    def test_what_a_later_try_created_is_set_inactive(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        seed(emulator, "B")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run(0, name="A")
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        run.run(0, name="A")
        assert statuses(emulator, "A") == ["active"]
        run.clear()
        run.run(0, name="B")
        assert statuses(emulator, "A") == ["inactive"]

    @needs_store
    def test_what_was_deleted_meanwhile_is_not_reported_as_inactive(self, emulator: Emulator, said: Said) -> None:
        seed(emulator, "A", status="inactive")
        seed(emulator, "B")
        run = mapped(emulator)
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        run.run(0, name="A")
        run.clear()
        (made,) = ids(emulator, "A")
        before_the_next(emulator, "triggerStatus", lambda: emulator.delete("triggers", made))
        run.run(0, name="B")
        assert "('A') has been deleted meanwhile" in said()
        assert "Set the new trigger" not in said()

    @pytest.mark.parametrize("has_store", [pytest.param(True, marks=needs_store), False])
    def test_the_task_fails_while_one_may_be_active(self, emulator: Emulator, has_store: bool) -> None:
        seed(emulator, "A", "B", status="inactive")
        run = mapped(emulator, has_store=has_store)
        emulator.fault("triggerStatus", nth=2, effect="status", status=503)
        run.run_feed("B", "A")
        run.clear(after=timedelta(0) if has_store else timedelta(days=1))
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        (ended,) = run.run_feed("B")
        assert ended.startswith("retry: " if has_store else "stopped: ")
        assert "Could not confirm that no trigger 'A' is active" in ended
        if has_store:
            assert run.run_feed("B") == ids(emulator, "B")
            assert statuses(emulator, "A") == ["inactive"]


class TestTriggersOfAnotherRun:
    """The first run deleted an inactive trigger and created none. Another run created an active one of the name."""

    @pytest.mark.parametrize("index", [pytest.param(0, marks=needs_store), pytest.param(-1, marks=needs_store)])
    def test_after_a_refusal_it_is_replaced_by_an_active_one(self, emulator: Emulator, index: int, said: Said) -> None:
        run, other = refused_and_created_by_another_run(emulator, index)
        run.clear()
        made = run.run(index, name="A")
        assert (ids(emulator, "A"), statuses(emulator, "A")) == ([made], ["active"])
        assert made != other
        assert "was created by something else: its status counts" in said()

    @needs_store
    def test_long_after_a_create_in_doubt_it_is_replaced_by_an_active_one(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        emulator.fault("createTrigger", nth=1, effect="fin", phase="before_commit")
        assert run.run(0, name="A").startswith("stopped: ")
        emulator.advance(timedelta(hours=2))
        seed(emulator, "A")
        run.clear()
        made = run.run(0, name="A")
        assert (ids(emulator, "A"), statuses(emulator, "A")) == ([made], ["active"])

    @needs_store
    @pytest.mark.parametrize("sibling", ["took over", "silent"])
    def test_what_a_sibling_may_have_created_is_set_inactive(self, emulator: Emulator, sibling: str) -> None:
        seed(emulator, "A", "B", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run(0, name="A")
        run.states[1] = None
        run.clear()
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        assert run.run(1, name="A").startswith("retry: ")
        assert statuses(emulator, "A") == ["active"]
        if sibling == "silent":
            run.xcoms[1] = {}
        run.run(0, name="A")
        assert statuses(emulator, "A") == ["inactive"]
