"""Operators that delete and list templates, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.template import (
    TruepushDeleteTemplateOperator,
    TruepushListTemplatesOperator,
)
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    _connected,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    said_fixture,
    sent,
    templated,
)
from tests.operators.templates import seed

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture"]


class TestDelete:
    def delete(self, **arguments: Any) -> Any:
        return TruepushDeleteTemplateOperator(task_id="delete", **arguments).execute({})

    def test_delete(self, emulator: Emulator) -> None:
        first, second = seed(emulator, "a", "b")
        assert self.delete(template_id=first) is True
        assert [row["id"] for row in emulator.templates()] == [second]

    @pytest.mark.parametrize("which", [{"template_id": UNKNOWN}, {"template": "Weekly"}])
    def test_missing(self, emulator: Emulator, which: dict[str, str]) -> None:
        (named,) = which.values()
        assert self.delete(**which) is False
        assert self.delete(**which, if_missing="ignore") is False
        with pytest.raises(AirflowSkipException, match=named):
            self.delete(**which, if_missing="skip")
        with pytest.raises(AirflowFailException, match=named):
            self.delete(**which, if_missing="fail")

    def test_repeated_after_doubt(self, emulator: Emulator, connect: Connect) -> None:
        connect(max_attempts=2)
        (old,) = seed(emulator, "a")
        emulator.fault("deleteTemplate", nth=1, effect="fin")
        assert self.delete(template_id=old, if_missing="fail") is True
        assert sent(emulator) == ["deleteTemplate"] * 2

    @pytest.mark.parametrize(
        ("argument", "bad"),
        [
            *[("template_id", bad) for bad in (None, "", "Weekly", 5, "None", UNKNOWN + "0")],
            *[("if_missing", bad) for bad in (None, "", "reuse")],
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(self, emulator: Emulator, argument: str, bad: Any) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{argument}: "):
            self.delete(**{"template_id": UNKNOWN, argument: bad})
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    def test_every_field_is_a_template(self, emulator: Emulator, native: bool) -> None:
        digits = "123456789012345678901234"
        emulator.seed({"templates": [{"_id": digits}]})
        arguments = {"template_id": digits, "if_missing": "fail", "truepush_conn_id": "truepush_default"}
        templates, context = templated(arguments)
        operator = rendered_in(TruepushDeleteTemplateOperator, context, native=native, **templates)
        assert set(operator.template_fields) == {*templates, "template"}
        assert operator.execute({}) is True

    def test_dry_run(self, emulator: Emulator, connect: Connect) -> None:
        (old,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.delete(template_id=old) is True
        assert (sent(emulator), len(emulator.templates())) == ([], 1)


class TestList:
    def test_every_page(self, emulator: Emulator) -> None:
        made = seed(emulator, "a", "b", "c")
        rows = TruepushListTemplatesOperator(task_id="list").execute({})
        assert rows == [{"id": one, "name": name} for one, name in zip(made, "abc", strict=True)]
        assert emulator.count("listTemplate") == 3

    def test_none(self) -> None:
        operator = rendered_in(TruepushListTemplatesOperator, {"c": "truepush_default"}, truepush_conn_id="{{ c }}")
        assert operator.truepush_conn_id == "truepush_default"
        assert operator.execute({}) == []
