"""Operators that delete, set and list triggers, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushServerError
from airflow_provider_truepush.operators.trigger import (
    TruepushDeleteTriggerOperator,
    TruepushListTriggersOperator,
    TruepushSetTriggerStatusOperator,
)
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    said_fixture,
    sent,
    templated,
)
from tests.operators.triggers import (
    seed,
    template_fixture,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "template_fixture"]


class TestDelete:
    def delete(self, **arguments: Any) -> Any:
        return TruepushDeleteTriggerOperator(task_id="delete", **arguments).execute({})

    def test_by_id_and_by_name(self, emulator: Emulator) -> None:
        first, _, _ = seed(emulator, "a", "b", "c")
        assert self.delete(trigger_id=first) is True
        assert self.delete(trigger_name="c") is True
        assert [row["name"] for row in emulator.triggers()] == ["b"]

    @pytest.mark.parametrize("which", [{"trigger_id": UNKNOWN}, {"trigger_name": "Weekly"}])
    def test_missing(self, emulator: Emulator, which: dict[str, str]) -> None:
        (named,) = which.values()
        assert self.delete(**which) is False
        with pytest.raises(AirflowSkipException, match=named):
            self.delete(**which, if_missing="skip")
        with pytest.raises(AirflowFailException, match=named):
            self.delete(**which, if_missing="fail")

    def test_a_trigger_that_is_listed_twice(self, emulator: Emulator) -> None:
        emulator.set_dialect(page_size=2)
        first, second, *_ = seed(emulator, "a", "b", "c", "d")
        row = {"_id": first, "name": "a", "status": "active"}
        emulator.fault("listTrigger", effect="odd_rows", rows=[row], nth=range(1, 13))
        assert self.delete(trigger_name="Weekly") is False
        assert emulator.count("listTrigger") == 12
        assert self.delete(trigger_name="a") is True
        assert second in [row["id"] for row in emulator.triggers()]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({}, "trigger_id"),
            ({"trigger_id": None}, "trigger_id"),
            ({"trigger_id": "None"}, "trigger_id"),
            ({"trigger_name": "None"}, "trigger_name"),
            ({"trigger_id": UNKNOWN, "trigger_name": "a"}, "trigger_id"),
            ({"trigger_id": "a"}, "trigger_id"),
            ({"trigger_id": 5}, "trigger_id"),
            ({"trigger_name": ""}, "trigger_name"),
            ({"trigger_name": 5}, "trigger_name"),
            ({"trigger_id": UNKNOWN, "if_missing": "reuse"}, "if_missing"),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(
        self, emulator: Emulator, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{named}: "):
            self.delete(**arguments)
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    @pytest.mark.parametrize(
        "which", [{"trigger_id": "123456789012345678901234"}, {"trigger_name": "5"}], ids=["id", "name"]
    )
    def test_every_field_is_a_template(self, emulator: Emulator, which: dict[str, str], native: bool) -> None:
        emulator.seed({"triggers": [{"_id": "123456789012345678901234", "name": "5"}]})
        arguments = {**which, "if_missing": "fail"}
        templates, context = templated({**arguments, "truepush_conn_id": "truepush_default"})
        operator = rendered_in(TruepushDeleteTriggerOperator, context, native=native, **templates)
        assert set(operator.template_fields) == {*templates, "trigger_id", "trigger_name"}
        assert operator.execute({}) is True

    def test_dry_run(self, emulator: Emulator, connect: Connect) -> None:
        (old,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.delete(trigger_id=old) is True
        assert self.delete(trigger_name="a") is True
        assert sent(emulator) == []


class TestSetStatus:
    def set(self, **arguments: Any) -> Any:
        arguments = {"status": "inactive", **arguments}
        return TruepushSetTriggerStatusOperator(task_id="set", **arguments).execute({})

    def status(self, emulator: Emulator) -> list[str]:
        return [row["status"] for row in emulator.triggers()]

    @pytest.mark.parametrize("by", ["id", "name"])
    def test_there_and_back(self, emulator: Emulator, by: str) -> None:
        _, _, made = seed(emulator, "a", "b", "Weekly")
        which = {"trigger_id": made} if by == "id" else {"trigger_name": "Weekly"}
        assert self.set(**which) is True
        assert self.status(emulator) == ["active", "active", "inactive"]
        assert self.set(**which, status="active") is True
        assert self.status(emulator) == ["active"] * 3

    @pytest.mark.parametrize("dialect", ["express", "reference", "always200"])
    def test_so_already(self, emulator: Emulator, said: Said, dialect: str) -> None:
        emulator.set_dialect(dialect)
        (made,) = seed(emulator, "Weekly", status="inactive")
        assert self.set(trigger_id=made.upper()) is False
        assert "is inactive already" in said()
        assert sent(emulator) == ["triggerStatus"]
        assert emulator.count("listTrigger") > 0

    def test_so_already_by_name_sends_nothing(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        assert self.set(trigger_name="Weekly") is False
        assert sent(emulator) == []

    @pytest.mark.parametrize("which", [{"trigger_id": UNKNOWN}, {"trigger_name": "Weekly"}])
    def test_missing(self, emulator: Emulator, which: dict[str, str]) -> None:
        seed(emulator, "a", "b", "c")
        (named,) = which.values()
        with pytest.raises(AirflowFailException, match=named):
            self.set(**which)
        with pytest.raises(AirflowSkipException, match=named):
            self.set(**which, if_missing="skip")
        assert self.set(**which, if_missing="ignore") is False

    def test_neither_set_nor_so_already_is_worth_a_retry(self, emulator: Emulator) -> None:
        (made,) = seed(emulator, "Weekly")
        emulator.fault("triggerStatus", effect="outcome", code="NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS")
        with pytest.raises(TruepushServerError, match="lists the trigger as 'active'"):
            self.set(trigger_id=made)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({}, "trigger_id"),
            ({"trigger_id": UNKNOWN, "trigger_name": "a"}, "trigger_id"),
            ({"trigger_id": "a"}, "trigger_id"),
            ({"trigger_name": " "}, "trigger_name"),
            ({"trigger_id": UNKNOWN, "status": "paused"}, "status"),
            ({"trigger_id": UNKNOWN, "status": None}, "status"),
            ({"trigger_id": UNKNOWN, "status": True}, "status"),
            ({"trigger_id": UNKNOWN, "if_missing": ""}, "if_missing"),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(
        self, emulator: Emulator, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{named}: "):
            self.set(**arguments)
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    def test_every_field_is_a_template(self, emulator: Emulator, native: bool) -> None:
        seed(emulator, "Weekly")
        arguments = {"trigger_name": "Weekly", "status": "inactive", "if_missing": "fail"}
        templates, context = templated({**arguments, "truepush_conn_id": "truepush_default"})
        operator = rendered_in(TruepushSetTriggerStatusOperator, context, native=native, **templates)
        assert set(operator.template_fields) == {*templates, "trigger_id", "trigger_name"}
        assert operator.execute({}) is True
        assert [row.body for row in emulator.requests("triggerStatus")] == [{"status": "inactive"}]

    def test_a_dry_run_copes_with_what_it_has_not_created(self, emulator: Emulator, connect: Connect) -> None:
        (made,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.set(trigger_id=made) is True
        assert self.set(trigger_id="dry-run-0123456789") is True
        assert self.set(trigger_name="Weekly") is False
        assert sent(emulator) == []


class TestList:
    def test_every_page(self, emulator: Emulator) -> None:
        made = seed(emulator, "a", "b", "c", status="inactive")
        operator = rendered_in(TruepushListTriggersOperator, {"c": "truepush_default"}, truepush_conn_id="{{ c }}")
        assert operator.truepush_conn_id == "truepush_default"
        assert operator.execute({}) == [
            {"id": one, "name": name, "status": "inactive"} for one, name in zip(made, "abc", strict=True)
        ]
        assert emulator.count("listTrigger") == 3
