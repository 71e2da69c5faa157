"""A trigger's name that Truepush reports as taken, though the task has just seen it free."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.operators import tries
from tests.operators.resources import (
    _connected,
    before_the_next,
    connect_fixture,
    emulator_fixture,
    fail_lists_after_one_look,
    sent,
)
from tests.operators.tries import store_fixture
from tests.operators.triggers import LEAST, ids, seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "store_fixture", "template_fixture"]

TAKEN = "TRIGGER-ADDING-FAILED"
DOUBT = "It is unknown whether this task created it"


def run(store: Path | None, number: int, if_exists: str) -> Any:
    return tries.run(TruepushCreateTriggerOperator, tries.context(store, number), **LEAST, if_exists=if_exists)


@pytest.mark.parametrize("negative", ["empty", "body"])
@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not recorded"])
def test_what_a_replacement_created_all_the_same_is_set_inactive(
    emulator: Emulator, store: Path, recorded: bool, negative: str
) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.set_dialect(negative=negative)
    emulator.fault("createTrigger", nth=1, effect="outcome", phase="after_commit", code=TAKEN)
    with pytest.raises(AirflowFailException, match=DOUBT) as caught:
        run(store if recorded else None, 1, "replace")
    assert statuses(emulator) == ["inactive"]
    assert "was set inactive" in str(caught.value)
    assert "was not created" not in str(caught.value)
    if recorded:
        assert [run(store, 2, "replace")] == ids(emulator)
        assert statuses(emulator) == ["inactive"]
    assert emulator.count("createTrigger") == 1


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not recorded"])
def test_only_what_this_task_may_have_created_is_set_inactive(emulator: Emulator, store: Path, recorded: bool) -> None:
    seed(emulator, "Weekly", status="inactive")
    other, new = f"{int(time.time()) - 7_300:08x}{'ab' * 8}", f"{int(time.time()):08x}{'cd' * 8}"
    before_the_next(
        emulator,
        "createTrigger",
        lambda: [seed(emulator, "Weekly", _id=each, status="active") for each in (other, new)],
    )
    with pytest.raises(AirflowFailException, match=DOUBT) as caught:
        run(store if recorded else None, 1, "replace")
    assert {row["id"]: row["status"] for row in emulator.triggers()} == {other: "active", new: "inactive"}
    assert f"{other} was not created while this task sent its create, so it was left active." in str(caught.value)
    assert f"{new} was set inactive, because the old one was. If something else" in str(caught.value)


def test_what_was_deleted_meanwhile_is_not_reported_as_inactive(emulator: Emulator, store: Path) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.fault("createTrigger", nth=1, effect="outcome", phase="after_commit", code=TAKEN)
    before_the_next(emulator, "triggerStatus", lambda: emulator.delete("triggers", *ids(emulator)))
    with pytest.raises(AirflowFailException, match="has been deleted meanwhile") as caught:
        run(store, 1, "replace")
    assert "was set inactive" not in str(caught.value)


@pytest.mark.parametrize("status", ["active", None])
@pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
def test_the_next_try_keeps_what_was_created_all_the_same(
    emulator: Emulator, store: Path, if_exists: str, status: str | None
) -> None:
    if status is not None and if_exists == "replace":
        seed(emulator, "Weekly", status=status)
    emulator.fault("createTrigger", nth=1, effect="outcome", phase="after_commit", code=TAKEN)
    if if_exists == "reuse":
        assert [run(store, 1, if_exists)] == ids(emulator)
    else:
        with pytest.raises(AirflowFailException, match=DOUBT):
            run(store, 1, if_exists)
    assert [run(store, 2, if_exists)] == ids(emulator)
    assert statuses(emulator) == ["active"]
    assert emulator.count("createTrigger") == 1


@pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
def test_an_empty_204_is_doubt_while_the_list_shows_the_name_as_free(
    emulator: Emulator, store: Path, if_exists: str
) -> None:
    emulator.fault("createTrigger", nth=1, effect="outcome", code=TAKEN)
    with pytest.raises(AirflowFailException, match="needs a manual decision"):
        run(store, 1, if_exists)
    assert [run(store, 2, if_exists)] == ids(emulator)


def test_a_documented_body_is_believed_while_the_list_shows_the_name_as_free(emulator: Emulator, store: Path) -> None:
    emulator.set_dialect(negative="body")
    emulator.fault("createTrigger", nth=1, effect="outcome", code=TAKEN)
    with pytest.raises(AirflowFailException, match="The trigger was not created"):
        run(store, 1, "fail")


@pytest.mark.parametrize("if_exists", ["fail", "replace"])
def test_a_name_that_was_taken_meanwhile_leaves_doubt(emulator: Emulator, store: Path, if_exists: str) -> None:
    before_the_next(emulator, "createTrigger", lambda: seed(emulator, "Weekly"))
    with pytest.raises(AirflowFailException, match=DOUBT):
        run(store, 1, if_exists)
    assert statuses(emulator) == ["active"]


def test_a_list_that_fails_after_the_answer_leaves_doubt(emulator: Emulator, store: Path) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.fault("createTrigger", nth=1, effect="outcome", phase="after_commit", code=TAKEN)
    before_the_next(emulator, "createTrigger", lambda: emulator.fault("listTrigger", effect="status", status=503))
    with pytest.raises(AirflowFailException, match="it is active and may send: set it inactive in Truepush now"):
        run(store, 1, "replace")
    emulator.clear_faults()
    assert [run(store, 2, "replace")] == ids(emulator)
    assert statuses(emulator) == ["inactive"]
    assert sent(emulator).count("createTrigger") == 1


@pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
def test_the_error_can_be_read_without_a_record(emulator: Emulator, if_exists: str) -> None:
    emulator.fault("createTrigger", nth=1, effect="outcome", code=TAKEN)
    fail_lists_after_one_look(emulator, "trigger")
    with pytest.raises(AirflowFailException, match="if the trigger exists, set if_exists='reuse' first"):
        run(None, 1, if_exists)
