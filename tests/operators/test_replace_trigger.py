"""Replacing a trigger, and lost answers, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from tests.operators.resources import (
    DONE_BUT_UNANSWERED,
    NOT_DONE_AND_UNANSWERED,
    _connected,
    before_the_next,
    connect_fixture,
    emulator_fixture,
    fail_lists_after_one_look,
    fault_name,
    one_connection_only,
    said_fixture,
    sent,
)
from tests.operators.triggers import (
    create,
    ids,
    seed,
    template_fixture,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "template_fixture"]


class TestBetweenDeleteAndCreate:
    def test_the_delete_stays_open(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly")
        emulator.fault("deleteTrigger", nth=1, effect="fin")
        assert [create(if_exists="replace")] == ids(emulator), "the list shows that it is gone"
        assert sent(emulator) == ["deleteTrigger", "createTrigger"]

    def test_the_delete_and_the_list_stay_open(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly")
        emulator.fault("deleteTrigger", nth=1, effect="fin")
        fail_lists_after_one_look(emulator, "trigger")
        with pytest.raises(AirflowException, match="Could not confirm that the old trigger") as caught:
            create(if_exists="replace")
        assert not isinstance(caught.value, AirflowFailException)
        assert sent(emulator) == ["deleteTrigger"]
        emulator.clear_faults()
        assert [create(if_exists="replace")] == ids(emulator), "the next try"

    def test_the_delete_of_an_inactive_one_and_the_list_stay_open(self, emulator: Emulator) -> None:
        """A retry would find none, create an active one, and so begin to send what somebody has stopped."""
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("deleteTrigger", nth=1, effect="fin")
        fail_lists_after_one_look(emulator, "trigger")
        with pytest.raises(AirflowFailException, match="The old one was inactive"):
            create(if_exists="replace")
        assert sent(emulator) == ["deleteTrigger"]

    def test_the_delete_is_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("deleteTrigger", effect="outcome", code="TOKEN-NOT-FOUND")
        with pytest.raises(AirflowFailException):
            create(if_exists="replace")
        assert ids(emulator) == [old]

    def test_the_create_is_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", nth=1, effect="outcome", code="BAD-REQUEST")
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        assert f"The old trigger {old} has been deleted" in str(caught.value)
        assert "The new trigger 'Weekly' was not created" in str(caught.value)

    def test_the_create_is_limited(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", nth=1, effect="429")
        with pytest.raises(AirflowException, match="It creates the trigger") as caught:
            create(if_exists="replace")
        assert not isinstance(caught.value, AirflowFailException)
        assert old in str(caught.value)
        assert [create(if_exists="replace")] == ids(emulator)

    def test_the_create_was_certainly_not_sent(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        seed(emulator, "Weekly")
        with (
            one_connection_only(emulator, monkeypatch),
            pytest.raises(AirflowException, match="It creates the trigger") as caught,
        ):
            create(if_exists="replace")
        assert not isinstance(caught.value, AirflowFailException)
        assert sent(emulator) == ["deleteTrigger"]
        assert [create(if_exists="replace")] == ids(emulator)

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_the_create_is_in_doubt(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", **fault)
        with pytest.raises(AirflowFailException, match=f"The old trigger {old} has been deleted.* a manual decision"):
            create(if_exists="replace")
        assert sent(emulator) == ["deleteTrigger", "createTrigger"]


class TestDoubt:
    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    @pytest.mark.parametrize("fault", DONE_BUT_UNANSWERED, ids=fault_name)
    def test_the_list_reports_the_id(self, emulator: Emulator, fault: dict[str, Any], if_exists: str) -> None:
        seed(emulator, "a", "b", *(["Weekly"] if if_exists == "replace" else []))
        emulator.fault("createTrigger", **fault)
        assert [create(if_exists=if_exists)] == ids(emulator)
        assert sent(emulator).count("createTrigger") == 1

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_nothing_in_the_list_needs_a_manual_decision(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        emulator.fault("createTrigger", **fault)
        with pytest.raises(AirflowFailException, match="needs a manual decision"):
            create(if_exists="reuse")
        assert sent(emulator) == ["createTrigger"]

    def test_the_name_was_taken_meanwhile(self, emulator: Emulator) -> None:
        before_the_next(emulator, "createTrigger", lambda: seed(emulator, "Weekly"))
        with pytest.raises(AirflowFailException, match="a trigger of this name already exists"):
            create()

    @pytest.mark.parametrize("if_exists", ["fail", "replace"])
    def test_a_success_without_an_id(self, emulator: Emulator, if_exists: str) -> None:
        seed(emulator, *(["Weekly"] if if_exists == "replace" else []))
        emulator.set_dialect("mute")
        assert [create(if_exists=if_exists)] == ids(emulator)

    def test_stopped_and_no_id(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.set_dialect("mute")
        fail_lists_after_one_look(emulator, "trigger")
        with pytest.raises(AirflowFailException, match="of unknown id"):
            create(if_exists="replace")
