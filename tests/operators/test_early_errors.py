"""Literals of the operators for templates, triggers and segments that end the parsing of a Dag file."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from tests.operators import templates, triggers
from tests.operators.resources import UNKNOWN, _connected, connect_fixture, emulator_fixture, rendered_in

__all__ = ["_connected", "connect_fixture", "emulator_fixture"]


class _Title(str, Enum):  # noqa: UP042 (its str() is not its text)
    SALE = "Only {{ n }} left"


LEAST: dict[type[Any], dict[str, Any]] = {
    TruepushCreateTemplateOperator: templates.LEAST,
    TruepushDeleteTemplateOperator: {"template_id": UNKNOWN},
    TruepushCreateTriggerOperator: triggers.LEAST,
    TruepushDeleteTriggerOperator: {"trigger_id": UNKNOWN},
    TruepushSetTriggerStatusOperator: {"trigger_id": UNKNOWN, "status": "active"},
    TruepushDeleteSegmentOperator: {"segment_id": UNKNOWN},
}
LINK = "https://example.com/b"
BAD: list[tuple[type[Any], str, Any]] = [
    *[(TruepushCreateTemplateOperator, "if_exists", bad) for bad in ("update", "", None, ["fail"])],
    *[(TruepushCreateTemplateOperator, "name", bad) for bad in ("", " ", None, 5)],
    (TruepushCreateTemplateOperator, "link", "example.com"),
    (TruepushCreateTemplateOperator, "buttons", [{"text": "R", "link": LINK}] * 3),
    (TruepushCreateTemplateOperator, "tags", [5]),
    (TruepushCreateTemplateOperator, "tags", ["None"]),
    (TruepushCreateTemplateOperator, "tags", iter(["a"])),
    (TruepushCreateTemplateOperator, "buttons", iter([{"text": "R", "link": LINK}])),
    (TruepushCreateTemplateOperator, "user_interaction", "yes"),
    (TruepushCreateTemplateOperator, "icon", "i.png"),
    *[(TruepushCreateTriggerOperator, "if_exists", bad) for bad in ("update", "skip", None)],
    *[
        (TruepushCreateTriggerOperator, "schedule", bad)
        for bad in ("0 9 * *", "0 25 * * *", "weekly", None, 5, {"daily": {"hours": 24}}, {"hourly": {}})
    ],
    *[(TruepushCreateTriggerOperator, "note", bad) for bad in (5, ["a"], "\ud83d")],
    *[(TruepushCreateTriggerOperator, "segment_id", bad) for bad in (None, "", "None", float("nan"), "everyone", 5)],
    *[(TruepushCreateTriggerOperator, "segment", bad) for bad in (None, "", "None", float("nan"), 5)],
    *[(TruepushCreateTriggerOperator, "template_id", bad) for bad in (None, "", "Weekly", 5)],
    *[(kind, "if_missing", bad) for kind in LEAST if "Delete" in kind.__name__ for bad in ("replace", "", None)],
    *[(TruepushSetTriggerStatusOperator, "status", bad) for bad in ("paused", "Active", None, True)],
    (TruepushSetTriggerStatusOperator, "if_missing", "reuse"),
    *[(kind, "truepush_conn_id", bad) for kind in LEAST for bad in ("", None)],
]


@pytest.mark.parametrize(("kind", "argument", "bad"), BAD)
def test_in_every_form(kind: type[Any], argument: str, bad: Any) -> None:
    arguments = {**LEAST[kind], argument: bad}
    match = rf"\b{argument}(\[0\])?: "
    with pytest.raises(ValueError, match=match):
        kind(task_id="t", **arguments)
    with pytest.raises(ValueError, match=match), DAG("a_dag", schedule=None, default_args={argument: bad}):
        kind(task_id="t", **{name: value for name, value in LEAST[kind].items() if name != argument})
    with pytest.raises(ValueError, match=match):
        kind.partial(task_id="t", **arguments)
    others = {name: value for name, value in LEAST[kind].items() if name != argument}
    with pytest.raises(ValueError, match=match):
        kind.partial(task_id="t", **others).expand(**{argument: [bad]})
    with pytest.raises(ValueError, match=match):
        kind.partial(task_id="t", **others).expand_kwargs([{argument: bad}])


@pytest.mark.parametrize(
    ("kind", "by_id", "by_name"),
    [
        (TruepushDeleteTemplateOperator, "template_id", "template"),
        (TruepushCreateTriggerOperator, "template_id", "template"),
        (TruepushCreateTriggerOperator, "segment_id", "segment"),
        (TruepushDeleteTriggerOperator, "trigger_id", "trigger_name"),
        (TruepushSetTriggerStatusOperator, "trigger_id", "trigger_name"),
        (TruepushDeleteSegmentOperator, "segment_id", "segment"),
    ],
)
def test_partial_and_expand_are_checked_together(kind: type[Any], by_id: str, by_name: str) -> None:
    partial = kind.partial(task_id="t", **{**LEAST[kind], by_id: UNKNOWN})
    with pytest.raises(ValueError, match=r"both .* (given|set)"):
        partial.expand(**{by_name: ["Weekly"]})
    with pytest.raises(ValueError, match=r"both .* (given|set)"):
        partial.expand_kwargs([{by_name: "Weekly"}])


@pytest.mark.parametrize("kind", LEAST)
def test_templates_are_left_for_the_run(kind: type[Any]) -> None:
    kind(task_id="t", **dict.fromkeys(LEAST[kind], "{{ later }}"))


@pytest.mark.parametrize("native", [False, True])
def test_a_button_of_a_template_is_rendered(emulator: Emulator, native: bool) -> None:
    buttons = [Button("Only {{ n }} left", "https://example.com/?n={{ n }}")]
    rendered_in(TruepushCreateTemplateOperator, {"n": 5}, native=native, **templates.LEAST, buttons=buttons).execute({})
    (row,) = emulator.requests("createTemplate")
    assert row.body["buttons"] == [{"text": "Only 5 left", "link": "https://example.com/?n=5"}]


@pytest.mark.parametrize("kind", LEAST)
def test_own_defaults_of_a_mapped_task_are_not_lost(kind: type[Any]) -> None:
    """Airflow drops them: the task would work on the project of another connection."""
    (name, value), *others = LEAST[kind].items()
    with DAG("a_dag", schedule=None, default_args={"truepush_conn_id": "of_the_dag"}):
        partial = kind.partial(task_id="t", **dict(others), default_args={"truepush_conn_id": "own"})
        assert partial.expand(**{name: [value]}).partial_kwargs["truepush_conn_id"] == "own"


@pytest.mark.parametrize("kind", LEAST)
def test_an_argument_that_no_mapped_task_would_have(kind: type[Any]) -> None:
    with pytest.raises(ValueError, match=r"is missing|neither .* was given"):
        kind.partial(task_id="t").expand(truepush_conn_id=["a"])
    with pytest.raises(ValueError, match=r"is missing|neither .* was given"):
        kind.partial(task_id="t").expand_kwargs([{**LEAST[kind], "truepush_conn_id": "a"}, {"truepush_conn_id": "b"}])
    with DAG("a_dag", schedule=None, default_args=LEAST[kind]):
        kind.partial(task_id="t").expand(truepush_conn_id=["a"])


def test_a_derived_class_has_arguments_of_its_own() -> None:
    class OfProduct(TruepushCreateTemplateOperator):
        def __init__(self, *, product: str, **kwargs: Any) -> None:
            super().__init__(**templates.LEAST, tags=[product], **kwargs)

    with DAG("a_dag", schedule=None):
        OfProduct.partial(task_id="t", if_exists="reuse").expand(product=["shoe"])


@pytest.mark.parametrize("native", [False, True])
def test_a_member_of_an_enumeration_is_its_text(emulator: Emulator, native: bool) -> None:
    given = {**templates.LEAST, "title": _Title.SALE, "tags": [_Title.SALE]}
    rendered_in(TruepushCreateTemplateOperator, {"n": 5}, native=native, **given).execute({})
    (row,) = emulator.requests("createTemplate")
    assert (row.body["title"], row.body["tags"]) == ("Only 5 left", ["Only 5 left"])
