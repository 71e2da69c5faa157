"""What a map index must not conclude from siblings that died, were superseded, or have another clock or project."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.resources import sibling_changes
from tests.operators.mapped import MappedRun
from tests.operators.mapped_triggers import mapped, needs_store, refuse_creates, short_window
from tests.operators.resources import _connected, before_the_next, connect_fixture, emulator_fixture, sent
from tests.operators.triggers import TEMPLATE, ids, seed, statuses, template_fixture
from tests.support.versions import HAS_STATE_STORE

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "short_window", "template_fixture"]

ENDED = ("failed", "removed", "upstream_failed", "skipped")
WAITS = (None, "scheduled", "queued", "up_for_reschedule")


@needs_store
class TestSilence:
    @pytest.mark.parametrize("state", [*WAITS, *ENDED])
    def test_one_that_died_at_its_start_is_unknown_whatever_its_state_is_now(
        self, emulator: Emulator, state: str | None
    ) -> None:
        """Its worker was lost, or a template failed: Airflow has deleted its XComs and it has published none."""
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.start(0)
        run.clear()
        run.states[0] = state
        assert run.run(1, name="A").startswith("stopped: " if state in ENDED else "retry: ")
        assert ids(emulator, "A") == []
        run.run(0, name="B")
        assert [run.run(1, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_nobody_waits_for_siblings_that_have_ended(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sibling_changes, "WINDOW", 0.3)
        run = mapped(emulator)
        run.states[1] = "failed"
        run.clear_number = 1
        assert run.run(0, name="A").startswith("stopped: ")
        assert run.pulls == 1

    @pytest.mark.parametrize("if_exists", ["fail", "reuse"])
    def test_nothing_is_proven_where_nothing_is_replaced(self, emulator: Emulator, if_exists: str) -> None:
        run = mapped(emulator, if_exists=if_exists)
        run.states[1] = "failed"
        run.clear_number = 1
        assert [run.run(0, name="A")] == ids(emulator, "A")

    def test_a_task_that_replaced_before_needs_the_proof(self, emulator: Emulator) -> None:
        seed(emulator, "A", "B", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.start(0)
        run.clear()
        assert run.run(1, name="A", if_exists="fail").startswith("retry: ")
        assert ids(emulator, "A") == []


@needs_store
class TestOrder:
    def test_a_clock_that_is_ahead_completes_no_later_change(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        run.run_feed("A", "B", "C")
        run.put_clocks_ahead(120)
        run.clear()
        refuse_creates(emulator, 1)
        run.run(1, name="A")
        assert ids(emulator, "A") == []
        run.clear()
        assert [run.run(2, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_nor_one_of_the_same_clear(self, emulator: Emulator) -> None:
        """The feed has the name twice, with other content."""
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        run.run(0, name="A")
        run.put_clocks_ahead(120)
        refuse_creates(emulator, 1)
        run.run(1, name="A", schedule="45 9 * * 1")
        assert ids(emulator, "A") == []
        assert [run.run(1, name="A", schedule="45 9 * * 1")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]


@needs_store
class TestASupersededTry:
    def published(self, run: MappedRun) -> list[Any]:
        return json.loads(run.xcoms[0]["truepush_changes"])["changes"]

    def test_it_does_not_replace_what_the_next_one_publishes_when_it_fails(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        first = run.start(0)
        next_try: list[str] = []

        def runs_meanwhile() -> None:
            next_try.append(run.run(0, name="A"))
            emulator.fault("listTrigger", nth=1, effect="status", status=503)

        before_the_next(emulator, "listTrigger", runs_meanwhile)
        assert "HTTP 503" in run.execute(0, first, name="A")
        assert next_try[0].startswith("stopped: ")
        assert [change["inactive"] for change in self.published(run)] == [True]
        run.clear()
        run.states[0] = None
        assert [run.run(1, name="A")] == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_nor_at_its_start(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run(0, name="A")
        run.clear()
        superseded = run.start(0)
        run.run(0, name="B")
        emulator.clear_requests()
        assert "Could not write the task's state key truepush_create_trigger_try" in run.execute(
            0, superseded, name="B"
        )
        assert [change["name"] for change in self.published(run)] == ["A"]
        assert sent(emulator) == []


@contextmanager
def while_another_creates(
    emulator: Emulator, endpoint: str, other: Callable[[], Any], run: MappedRun
) -> Iterator[list[Any]]:
    """Run another map index, which has looked at its siblings more than once when the first create is carried out."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(other()), daemon=True)

    def start_the_other() -> None:
        pulls = run.pulls
        thread.start()
        while run.pulls < pulls + 3 and thread.is_alive():
            time.sleep(0.01)

    before_the_next(emulator, endpoint, start_the_other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sibling_changes, "WINDOW", 30.0)
        yield results
        thread.join(60)


class TestANameTwice:
    def test_a_trigger_that_was_created_meanwhile_is_kept(self, emulator: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator, has_store=HAS_STATE_STORE)
        with while_another_creates(emulator, "createTrigger", lambda: run.run(1, name="A"), run) as results:
            made = run.run(0, name="A")
        assert [made] == results == ids(emulator, "A")
        assert statuses(emulator, "A") == ["inactive"]

    def test_a_template_that_was_created_meanwhile_is_kept(self, emulator: Emulator) -> None:
        emulator.seed({"templates": [{"name": "T"}]})
        message = {"title": "t", "message": "m", "link": "https://example.com", "if_exists": "replace"}
        began = emulator.now() - timedelta(minutes=5)
        run = MappedRun(TruepushCreateTemplateOperator, began, has_store=HAS_STATE_STORE, **message)
        with while_another_creates(emulator, "createTemplate", lambda: run.run(1, name="T"), run) as results:
            made = run.run(0, name="T")
        assert [made] == results == [row["id"] for row in emulator.templates() if row["name"] == "T"]


@needs_store
@pytest.mark.parametrize("if_exists", ["fail", "replace"])
def test_what_the_run_has_created_at_another_place_is_kept(emulator: Emulator, if_exists: str) -> None:
    run = mapped(emulator, if_exists=if_exists)
    run.run_feed("A", "B")
    made = [*ids(emulator, "A"), *ids(emulator, "B")]
    run.clear(after=timedelta(0))
    assert run.run_feed("N", "A", "B")[1:] == made
    assert run.run(0, name="N") in ids(emulator, "N")


@needs_store
def test_other_content_is_not_kept(emulator: Emulator) -> None:
    run = mapped(emulator, if_exists="fail")
    run.run(0, name="A")
    assert "'A' exists already" in run.run(1, name="A", schedule="45 9 * * 1")


@needs_store
class TestOtherProjects:
    @pytest.fixture
    def other(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
        with Emulator(token="another-t0ken-of-another-project", timezone="Europe/Berlin") as other:
            other.seed({"templates": [{"_id": TEMPLATE, "name": "Digest"}]})
            monkeypatch.setenv("AIRFLOW_CONN_OTHER", other.connection_json)
            yield other

    def test_a_lost_item_of_one_is_no_new_name_of_the_other(self, emulator: Emulator, other: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run(0, name="A")
        run.clear()
        run.run(0, name="C", truepush_conn_id="other")
        assert [run.run(1, name="B", truepush_conn_id="other")] == ids(other, "B")

    def test_the_same_name_in_the_other_hides_no_loss(self, emulator: Emulator, other: Emulator) -> None:
        seed(emulator, "A", status="inactive")
        run = mapped(emulator)
        refuse_creates(emulator, 1)
        run.run_feed("A", "B")
        run.clear()
        run.run(0, name="A", truepush_conn_id="other")
        assert "It is unknown whether this is the same item under a new name" in run.run(1, name="a")
        assert ids(emulator, "a") == []
