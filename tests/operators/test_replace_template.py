"""Replacing a template, and lost answers, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import (
    TruepushConnectionError,
    TruepushRateLimitError,
)
from tests.operators.resources import (
    DONE_BUT_UNANSWERED,
    NOT_DONE_AND_UNANSWERED,
    Said,
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
from tests.operators.templates import create, ids, seed

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture"]


class TestBetweenCreateAndDelete:
    def test_the_old_one_cannot_be_deleted(self, emulator: Emulator) -> None:
        first, second = seed(emulator, "Weekly", "Weekly")
        emulator.fault("deleteTemplate", nth=1, effect="status", status=503)
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        (new,) = set(ids(emulator)) - {first}
        assert f"The new template {new} 'Weekly' was created. Deleted old ones: {second};" in str(caught.value)
        assert f"could not confirm that these were deleted: {first} (" in str(caught.value)
        emulator.clear_faults()
        assert [create(if_exists="replace")] == ids(emulator), "running it again cleans up"

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_no_old_one_goes_before_the_new_one_is_certain(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", **fault)
        with pytest.raises(AirflowFailException, match=f"The old template {old} still exists"):
            create(if_exists="replace")
        assert sent(emulator) == ["createTemplate"]
        assert ids(emulator) == [old]

    def test_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", effect="outcome", code="BAD-REQUEST")
        with pytest.raises(AirflowFailException, match="refused the request"):
            create(if_exists="replace")
        assert ids(emulator) == [old]

    def test_limited(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTemplate", effect="429")
        with pytest.raises(TruepushRateLimitError):
            create(if_exists="replace")
        assert (ids(emulator), sent(emulator)) == ([old], ["createTemplate"])

    def test_no_id_and_nothing_in_the_list(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.set_dialect("mute")
        fail_lists_after_one_look(emulator, "template")
        with pytest.raises(AirflowFailException, match=f"its id is unknown, so the old ones were kept: {old}"):
            create(if_exists="replace")
        assert len(ids(emulator)) == 2


class TestDoubt:
    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    @pytest.mark.parametrize("fault", DONE_BUT_UNANSWERED, ids=fault_name)
    def test_the_list_reports_the_id(self, emulator: Emulator, fault: dict[str, Any], if_exists: str) -> None:
        seed(emulator, "a", "b", *(["Weekly", "Weekly"] if if_exists == "replace" else []))
        emulator.fault("createTemplate", **fault)
        assert [create(if_exists=if_exists)] == ids(emulator)
        assert sent(emulator).count("createTemplate") == 1

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_nothing_in_the_list_needs_a_manual_decision(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        emulator.fault("createTemplate", **fault)
        with pytest.raises(AirflowFailException, match=r"no new one \(yet\) .* needs a manual decision"):
            create(if_exists="reuse")
        assert sent(emulator) == ["createTemplate"]

    def test_what_comes_late_is_found_by_the_next_run(self, emulator: Emulator) -> None:
        emulator.fault("createTemplate", effect="late_commit", clock="manual")
        with pytest.raises(AirflowFailException):
            create(if_exists="reuse")
        emulator.commit_late()
        assert [create(if_exists="reuse")] == ids(emulator)

    def test_two_new_ones_need_a_manual_decision(self, emulator: Emulator) -> None:
        before_the_next(emulator, "createTemplate", lambda: seed(emulator, "Weekly"))
        emulator.fault("createTemplate", effect="fin")
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        assert f"2 new ones: {', '.join(ids(emulator))}" in str(caught.value)

    def test_the_list_fails_as_well(self, emulator: Emulator) -> None:
        emulator.fault("createTemplate", effect="fin")
        fail_lists_after_one_look(emulator, "template")
        with pytest.raises(AirflowFailException, match="Looking for it failed too"):
            create()
        assert sent(emulator) == ["createTemplate"]

    def test_certainly_not_sent_is_worth_a_retry(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        with one_connection_only(emulator, monkeypatch), pytest.raises(TruepushConnectionError, match="refused"):
            create()
        assert emulator.count("listTemplate") > 0
        assert sent(emulator) == []


class TestWithoutAnId:
    def test_the_list_reports_it(self, emulator: Emulator) -> None:
        seed(emulator, "a", "b", "Weekly")
        emulator.set_dialect("mute")
        assert [create(if_exists="replace")] == ids(emulator)
        assert sent(emulator) == ["createTemplate", "deleteTemplate"]

    def test_its_id_is_unknown(self, emulator: Emulator, said: Said) -> None:
        emulator.set_dialect("mute")
        fail_lists_after_one_look(emulator, "template")
        assert create() is None
        assert "returned no id" in said()
        assert len(ids(emulator)) == 1
