"""Deletions, status changes and creates whose answer was lost: what the list shows is the result."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from tests.operators import templates, tries, triggers
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    said_fixture,
    sent,
)
from tests.operators.tries import store_fixture
from tests.operators.triggers import seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "store_fixture", "template_fixture"]

#: Operator, endpoint, argument with the id, argument with the name, and what makes one to delete.
DELETES: dict[str, tuple[type[Any], str, str, str]] = {
    "trigger": (TruepushDeleteTriggerOperator, "deleteTrigger", "trigger_id", "trigger_name"),
    "template": (TruepushDeleteTemplateOperator, "deleteTemplate", "template_id", "template"),
    "segment": (TruepushDeleteSegmentOperator, "deleteSegment", "segment_id", "segment"),
}
BY_KIND = pytest.mark.parametrize("kind", DELETES)
NOT_FOUND = {
    "trigger": "NO-TRIGGER-FOUND-TO-DELETE",
    "template": "NO-TEMPLATE-FOUND-TO-DELETE",
    "segment": "NO-SEGMENT-FOUND-TO-DELETE",
}


def make(emulator: Emulator, kind: str, name: str = "Weekly") -> str:
    return str(emulator.seed({f"{kind}s": [{"name": name}]})[f"{kind}s"][0])


def names(emulator: Emulator, kind: str) -> list[str]:
    return [row["name"] for row in getattr(emulator, f"{kind}s")()]


@BY_KIND
@pytest.mark.parametrize("by", ["id", "name"])
class TestDelete:
    def delete(self, emulator: Emulator, kind: str, by: str, given: Any = None, **more: Any) -> Any:
        operator, _, id_field, name_field = DELETES[kind]
        which = {id_field: self.made} if by == "id" else {name_field: "Weekly"}
        return tries.run(operator, {} if given is None else given, **which, if_missing="fail", **more)

    def test_a_lost_answer_is_settled_by_the_list(self, emulator: Emulator, kind: str, by: str) -> None:
        self.made = make(emulator, kind)
        emulator.fault(DELETES[kind][1], effect="fin")
        assert self.delete(emulator, kind, by) is True
        assert "Weekly" not in names(emulator, kind)

    def test_an_empty_204_of_a_proxy_does_not_prove_an_absence(self, emulator: Emulator, kind: str, by: str) -> None:
        self.made = make(emulator, kind)
        emulator.fault(DELETES[kind][1], effect="bare_204", phase="before_commit")
        with pytest.raises(TruepushError, match=f"reported that there is no {kind} {self.made} to delete, but lists"):
            self.delete(emulator, kind, by)
        assert "Weekly" in names(emulator, kind)

    def test_a_request_that_was_not_carried_out_fails_the_task(self, emulator: Emulator, kind: str, by: str) -> None:
        self.made = make(emulator, kind)
        emulator.fault(DELETES[kind][1], effect="fin", phase="before_commit")
        with pytest.raises(TruepushError) as caught:
            self.delete(emulator, kind, by)
        assert not isinstance(caught.value, AirflowFailException), "a retry is worth it"
        assert "Weekly" in names(emulator, kind)

    def test_a_repeat_that_finds_nothing_is_settled_by_the_list(
        self, emulator: Emulator, connect: Connect, kind: str, by: str
    ) -> None:
        connect(max_attempts=2)
        self.made = make(emulator, kind)
        emulator.fault(DELETES[kind][1], nth=1, effect="fin", phase="before_commit")
        emulator.fault(DELETES[kind][1], nth=2, effect="outcome", code=NOT_FOUND[kind])
        with pytest.raises(TruepushError, match="but lists it"):
            self.delete(emulator, kind, by)

    def test_the_next_try_of_a_killed_one(self, emulator: Emulator, store: Path, kind: str, by: str) -> None:
        self.made = make(emulator, kind)
        emulator.fault(DELETES[kind][1], nth=1, effect="hang", seconds=120)
        with tries.timed_out_when(lambda: "Weekly" not in names(emulator, kind)):
            self.delete(emulator, kind, by, tries.context(store, 1))
        assert self.delete(emulator, kind, by, tries.context(store, 2)) is True
        assert self.delete(emulator, kind, by, tries.context(store, 3)) is True, "a retry of a completed try"
        with pytest.raises(AirflowFailException, match=r"No .* exists"):
            self.delete(emulator, kind, by, tries.context(store, 4, datetime(2026, 1, 2, tzinfo=UTC)))

    def test_what_never_existed_is_missing_at_every_try(
        self, emulator: Emulator, store: Path, kind: str, by: str
    ) -> None:
        self.made = UNKNOWN
        for number in (1, 2):
            with pytest.raises(AirflowFailException, match=r"No .* exists"):
                self.delete(emulator, kind, by, tries.context(store, number))


@pytest.mark.parametrize("by", ["id", "name"])
class TestSetStatus:
    def set(self, by: str, made: str, **more: Any) -> Any:
        which = {"trigger_id": made} if by == "id" else {"trigger_name": "Weekly"}
        operator = TruepushSetTriggerStatusOperator(task_id="set", **{"status": "inactive", **which, **more})
        return operator.execute({})

    def test_a_lost_answer_is_settled_by_the_list(self, emulator: Emulator, by: str) -> None:
        (made,) = seed(emulator, "Weekly")
        emulator.fault("triggerStatus", effect="fin")
        assert self.set(by, made) is True
        assert statuses(emulator) == ["inactive"]

    def test_a_request_that_was_not_carried_out_fails_the_task(self, emulator: Emulator, by: str) -> None:
        (made,) = seed(emulator, "Weekly")
        emulator.fault("triggerStatus", effect="fin", phase="before_commit")
        with pytest.raises(TruepushError):
            self.set(by, made)

    def test_a_repeat_that_was_refused_is_settled_by_the_list(
        self, emulator: Emulator, connect: Connect, by: str
    ) -> None:
        """Truepush answers the same for a trigger that has the status and for one that does not exist."""
        connect(max_attempts=2)
        (made,) = seed(emulator, "Weekly")
        code = "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS"
        emulator.fault("triggerStatus", nth=1, effect="fin", phase="before_commit")
        emulator.fault("triggerStatus", nth=2, effect="outcome", code=code)
        with pytest.raises(TruepushError, match="lists the trigger as 'active'"):
            self.set(by, made)


def test_a_lost_status_change_of_a_missing_trigger(emulator: Emulator, connect: Connect) -> None:
    connect(max_attempts=2)
    emulator.fault("triggerStatus", nth=1, effect="fin", phase="before_commit")
    arguments = {"task_id": "set", "trigger_id": UNKNOWN, "status": "inactive"}
    with pytest.raises(AirflowFailException, match="No trigger"):
        TruepushSetTriggerStatusOperator(**arguments).execute({})
    with pytest.raises(AirflowSkipException):
        TruepushSetTriggerStatusOperator(**arguments, if_missing="skip").execute({})


CREATES: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "trigger": (TruepushCreateTriggerOperator, triggers.LEAST, "createTrigger"),
    "template": (TruepushCreateTemplateOperator, templates.LEAST, "createTemplate"),
}


@pytest.mark.parametrize("kind", CREATES)
@pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
def test_the_next_try_of_a_killed_create(emulator: Emulator, store: Path, kind: str, if_exists: str) -> None:
    operator, least, endpoint = CREATES[kind]
    emulator.fault(endpoint, nth=1, effect="hang", seconds=120)
    with tries.timed_out_when(lambda: "Weekly" in names(emulator, kind)):
        tries.run(operator, tries.context(store, 1), **least, if_exists=if_exists)
    created = [tries.run(operator, tries.context(store, number), **least, if_exists=if_exists) for number in (2, 3)]
    assert created == [row["id"] for row in getattr(emulator, f"{kind}s")() if row["name"] == "Weekly"] * 2
    assert emulator.count(endpoint) == 1


@pytest.mark.parametrize("kind", CREATES)
def test_without_a_store_a_retry_takes_a_new_one_for_its_own(emulator: Emulator, said: Said, kind: str) -> None:
    operator, least, endpoint = CREATES[kind]
    began = emulator.now() - timedelta(minutes=5)
    made = make(emulator, kind)
    assert tries.run(operator, tries.context(None, 2, began), **least, if_exists="fail") == made
    assert "was created since this run started" in said()
    with pytest.raises(AirflowFailException, match="exists already"):
        tries.run(operator, tries.context(None, 1, began), **least, if_exists="fail")
    with pytest.raises(AirflowFailException, match="exists already"):
        tries.run(operator, tries.context(None, 2, began + timedelta(days=1)), **least, if_exists="fail")
    assert emulator.count(endpoint) == 0


@pytest.mark.parametrize("kind", CREATES)
def test_reuse_warns_that_nothing_was_compared(emulator: Emulator, said: Said, kind: str) -> None:
    operator, least, _ = CREATES[kind]
    made = make(emulator, kind)
    assert operator(task_id="create", **least, if_exists="reuse").execute({}) == made
    log = said()
    assert "was not compared" in log
    assert "use if_exists='replace'" in log
    assert sent(emulator) == []


def test_a_hundred_deletes_by_name_at_the_same_time(emulator: Emulator, connect: Connect) -> None:
    """The list shrinks under every walk; a row that was missed would be a trigger that goes on sending."""
    emulator.set_dialect(page_size=5)
    connect(max_attempts=3)
    seed(emulator, *(f"Trigger {number}" for number in range(100)))
    emulator.fault("listTrigger", effect="delay", seconds=0.02)

    def delete(number: int) -> bool:
        return bool(tries.run(TruepushDeleteTriggerOperator, {}, trigger_name=f"Trigger {number}"))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(delete, range(100)))
    assert emulator.triggers() == []


def test_reuse_while_the_list_shrinks_creates_nothing_twice(emulator: Emulator) -> None:
    emulator.set_dialect(page_size=5)
    old = [make(emulator, "template", f"Old {number}") for number in range(30)]
    kept = make(emulator, "template")
    emulator.fault("listTemplate", effect="delay", seconds=0.02)

    def delete(template_id: str) -> None:
        with TruepushHook("truepush_default") as hook:
            hook.delete_template(template_id)

    with ThreadPoolExecutor(4) as pool:
        deleting = pool.map(delete, old)
        created = [templates.create(if_exists="reuse") for _ in range(4)]
        list(deleting)
    assert created == [kept] * 4


def test_a_template_replacement_that_was_killed_before_the_delete(emulator: Emulator, store: Path) -> None:
    old = make(emulator, "template")
    emulator.fault("deleteTemplate", nth=1, effect="hang", phase="before_commit", seconds=120)
    arguments = {**templates.LEAST, "if_exists": "replace"}
    with tries.timed_out_when(lambda: emulator.count("deleteTemplate")):
        tries.run(TruepushCreateTemplateOperator, tries.context(store, 1), **arguments)
    emulator.clear_faults()
    new = tries.run(TruepushCreateTemplateOperator, tries.context(store, 2), **arguments)
    assert [row["id"] for row in emulator.templates() if row["name"] == "Weekly"] == [new] != [old]
    assert emulator.count("createTemplate") == 1
