"""Operators for segments, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator, TruepushListSegmentsOperator
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    _connected,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    sent,
    templated,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture"]


def delete(**arguments: Any) -> Any:
    return TruepushDeleteSegmentOperator(task_id="delete", **arguments).execute({})


def test_list_every_page(emulator: Emulator) -> None:
    emulator.add_segment("The fifth", 10)
    operator = rendered_in(TruepushListSegmentsOperator, {"c": "truepush_default"}, truepush_conn_id="{{ c }}")
    assert operator.truepush_conn_id == "truepush_default"
    assert operator.execute({}) == [{"id": row["id"], "name": row["name"]} for row in emulator.segments()]
    assert emulator.count("listSegment") == 4


def test_delete(emulator: Emulator) -> None:
    segment_id = emulator.add_segment("Mine", 10)
    assert delete(segment_id=segment_id) is True
    assert "Mine" not in [row["name"] for row in emulator.segments()]
    assert delete(segment_id=segment_id) is False, "a second run finds nothing left to do"


@pytest.mark.parametrize("which", [{"segment_id": UNKNOWN}, {"segment": "Weekly"}])
def test_delete_what_is_missing(which: dict[str, str]) -> None:
    (named,) = which.values()
    assert delete(**which, if_missing="ignore") is False
    with pytest.raises(AirflowSkipException, match=named):
        delete(**which, if_missing="skip")
    with pytest.raises(AirflowFailException, match=named):
        delete(**which, if_missing="fail")


@pytest.mark.parametrize(
    ("argument", "bad"),
    [
        *[("segment_id", bad) for bad in (None, "", "Mine", 5, "None", "dry-run-0123", [UNKNOWN])],
        *[("if_missing", bad) for bad in (None, "", "replace")],
    ],
)
def test_bad_input_is_named_and_nothing_is_sent(emulator: Emulator, argument: str, bad: Any) -> None:
    with pytest.raises(AirflowFailException, match=rf"^{argument}: "):
        delete(**{"segment_id": UNKNOWN, argument: bad})
    assert emulator.count() == 0


@pytest.mark.parametrize("native", [False, True])
def test_every_field_is_a_template(emulator: Emulator, native: bool) -> None:
    digits = emulator.add_segment("Mine", 10, segment_id="123456789012345678901234")
    arguments = {"segment_id": digits, "if_missing": "fail", "truepush_conn_id": "truepush_default"}
    templates, context = templated(arguments)
    operator = rendered_in(TruepushDeleteSegmentOperator, context, native=native, **templates)
    assert set(operator.template_fields) == {*templates, "segment"}
    assert operator.execute({}) is True


def test_a_dry_run_deletes_nothing(emulator: Emulator, connect: Connect) -> None:
    segment_id = emulator.add_segment("Mine", 10)
    connect(dry_run=True)
    assert delete(segment_id=segment_id) is True
    assert sent(emulator) == []
