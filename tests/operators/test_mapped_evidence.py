"""What a map index needs to know of its siblings before it replaces a trigger, and what that costs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.operators.mapped_triggers import mapped, needs_store, refuse_creates, short_window
from tests.operators.resources import _connected, before_the_next, connect_fixture, emulator_fixture, sent
from tests.operators.triggers import ids, seed, statuses, template_fixture
from tests.support.versions import HAS_STATE_STORE

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "short_window", "template_fixture"]


@contextmanager
def killed_in_its_next(emulator: Emulator, endpoint: str) -> Iterator[None]:
    """Send the process a signal, which ends the task, when its next request to an endpoint arrives."""
    test = threading.main_thread().ident
    assert test == threading.get_ident()

    def end(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, end)
    before_the_next(emulator, endpoint, lambda: signal.pthread_kill(test, signal.SIGUSR1))
    yield
    signal.signal(signal.SIGUSR1, before)


@needs_store
class TestSilentSiblings:
    @pytest.mark.parametrize("state", ["running", "up_for_retry", "failed"])
    def test_nothing_is_created_while_one_has_not_published(self, emulator: Emulator, state: str) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        context = run.start(0)
        run.states[0] = state
        emulator.clear_requests()
        ended = run.run(1, name="A")
        assert ended.startswith("stopped: " if state == "failed" else "retry: ")
        assert "map indexes [0] have not published what they changed" in ended
        assert (sent(emulator), ids(emulator, "A")) == ([], [])
        run.execute(0, context, name="B")
        run.run(1, name="A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_one_that_is_new_in_a_cleared_run_publishes_at_once(self, emulator: Emulator) -> None:
        run = mapped(emulator)
        run.run_feed("B")
        run.clear()
        with killed_in_its_next(emulator, "listTrigger"), pytest.raises(KeyboardInterrupt):
            run.run(1, name="C")
        assert run.states[1] == "running"
        assert [run.run(0, name="A")] == ids(emulator, "A")

    def test_new_triggers_are_created_when_the_others_have_succeeded(self, emulator: Emulator) -> None:
        run = mapped(emulator)
        run.run_feed("B", "C")
        run.clear()
        first, *others = run.run_feed("A", "B", "C")
        assert others == [ids(emulator, name)[0] for name in "BC"]
        assert first.startswith("retry: ")  # the new map index had not started
        assert [run.run(0, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["active"]


@pytest.mark.parametrize("has_states", [True, False])
class TestWithoutAStore:
    def test_a_record_that_is_published_is_used(self, emulator: Emulator, has_states: bool) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator, has_store=False, has_states=has_states)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        assert [run.run(1, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_a_grown_feed_stops_when_the_record_is_lost(self, emulator: Emulator, has_states: bool) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator, has_store=False, has_states=has_states)
        refuse_creates(emulator, 1)
        run.run_feed("A")
        run.clear()
        second = run.run_feed("B", "A")[1]
        assert second.startswith("stopped: ")
        assert "needs a manual decision" in second
        assert ids(emulator, "A") == []


def test_before_a_clear_an_active_trigger_of_the_same_run_proves_nothing(emulator: Emulator) -> None:
    """Without a store: it failed between create and deactivation, and the clear has moved the start of the run."""
    seed(emulator, "A", status="inactive")
    run = mapped(emulator, has_store=False)
    emulator.fault("triggerStatus", nth=1, effect="status", status=503)
    run.run(-1, name="A")
    (made,) = ids(emulator, "A")
    run.clear(after=timedelta(days=1))
    assert run.run(-1, name="A").startswith("stopped: This is try 2, and it is unknown")
    assert ids(emulator, "A") == [made]


class TestCost:
    def test_a_first_try_reads_the_xcoms_once(self, emulator: Emulator) -> None:
        seed(emulator, "A")
        run = mapped(emulator, has_store=HAS_STATE_STORE)
        run.run(0, name="A")
        assert (run.pulls, run.asked) == (1, 0)
        run.run(1, name="B")
        assert (run.pulls, run.pushes, run.asked) == (2, 3, 0)

    @needs_store
    def test_a_later_try_reads_its_record_once(self, emulator: Emulator) -> None:
        seed(emulator, "A")
        run = mapped(emulator)
        run.run(0, name="A")
        context = run.start(0)
        read = context["task_state_store"].get
        keys: list[str] = []
        context["task_state_store"].get = lambda key: keys.append(key) or read(key)
        run.execute(0, context, name="A")
        assert keys == ["truepush_create_trigger", "truepush_create_trigger_set_aside"]

    def test_a_task_that_is_not_mapped_reads_none(self, emulator: Emulator) -> None:
        run = mapped(emulator, has_store=HAS_STATE_STORE)
        seed(emulator, "A")
        run.run(-1, name="A")
        run.run(-1, name="A")
        assert (run.pulls, run.pushes, run.asked) == (0, 0, 0)
