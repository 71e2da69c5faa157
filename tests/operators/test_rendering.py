"""Text is text: what a template renders to is what is sent, in Dags that render native objects too."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.operators.resources import rendered_in
from tests.sensors.context import context

SEGMENT = "123456789012345678901234"
#: Texts that Python reads as something else.
LOOK_LIKE_PYTHON = (
    "+48100200300",
    "1_000",
    "0x10",
    '"Best app ever"',
    "5 # off",
    "2026_11",
    "1e5",
    "1e400",
    "(1, 2)",
    "[1, 2]",
    "{'a': 1}",
    "2026-11-28",
    "# x",
    "0b11",
    "0o17",
    "00",
    "True",
    "...",
    "b'x'",
    "'a' 'b'",
    "1j",
    "-5",
    "  padded  ",
)
#: Jinja changes the line breaks of what it renders.
LINE_BREAKS = ("ends\n", "a\r\nb")
CONTENT: dict[str, Any] = {"title": "T", "message": "M", "link": "https://example.com/"}
OPERATORS: dict[type[Any], dict[str, Any]] = {
    TruepushCreateCampaignOperator: CONTENT,
    TruepushCancelCampaignOperator: {"campaign_id": "{{ x }}"},
    TruepushGetCampaignStatsOperator: {"campaign_id": "{{ x }}"},
    TruepushCreateTemplateOperator: {**CONTENT, "name": "N"},
    TruepushDeleteTemplateOperator: {"template_id": SEGMENT},
    TruepushCreateTriggerOperator: {"name": "N", "template_id": SEGMENT, "schedule": "0 9 * * *"},
    TruepushDeleteTriggerOperator: {"trigger_id": SEGMENT},
    TruepushSetTriggerStatusOperator: {"trigger_id": SEGMENT, "status": "active"},
    TruepushDeleteSegmentOperator: {"segment_id": SEGMENT},
    TruepushCampaignStatsSensor: {"campaign_id": "{{ x }}", "thresholds": {"sent": 1}},
    TruepushStatsToSqlOperator: {"sql_conn_id": "x"},
    TruepushStatsToObjectStorageOperator: {"path": "{{ x }}"},
}


@pytest.fixture(name="emulator")
def emulator_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(timezone="Europe/Berlin") as emulator:
        emulator.add_segment("Somebody", 10, segment_id=SEGMENT)
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", emulator.connection_json)
        yield emulator


def text_fields(kind: type[Any]) -> list[str]:
    return [name for name in kind.template_fields if name not in kind.native_fields]


@pytest.mark.parametrize("template", ["{{ value }}", "literal"])
@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__name__)
def test_every_text_field_of_every_operator(kind: type[Any], template: str) -> None:
    for value in LOOK_LIKE_PYTHON:
        with DAG("a_dag", schedule=None, render_template_as_native_obj=True):
            operator = kind(task_id="t", **OPERATORS[kind])
        names = text_fields(kind)
        for name in names:
            setattr(operator, name, template if template != "literal" else value)
        operator.render_template_fields({"value": value})
        assert {name: getattr(operator, name) for name in names} == dict.fromkeys(names, value)


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("value", [*LOOK_LIKE_PYTHON, *LINE_BREAKS])
def test_what_subscribers_read(emulator: Emulator, value: str, native: bool) -> None:
    link = "https://example.com/?q={{ value | urlencode }}"
    operator = rendered_in(
        TruepushCreateCampaignOperator,
        {**context(), "value": value},
        native=native,
        title="{{ value }}",
        message=value,
        link=link,
        tags=["{{ value }}", value],
        buttons=[{"text": "{{ value }}", "link": link}, Button("{{ value }}", link)],
        segment_id="{{ '" + SEGMENT + "' }}",
    )
    operator.execute(context())
    (request,) = emulator.requests("createCampaign")
    body = request.body
    assert (body["title"], body["message"], body["tags"]) == (value, value, [value, value])
    assert [button["text"] for button in body["buttons"]] == [value, value]
    assert body["segment"] == SEGMENT
    assert body["buttons"][0]["link"] == body["link"]


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("kind", [TruepushCreateCampaignOperator, TruepushCreateTemplateOperator])
def test_a_button_is_rendered_as_a_mapping_is(emulator: Emulator, kind: type[Any], native: bool) -> None:
    """One Button of the Dag file may stand in two tasks: it stays as it is."""
    button = Button("Only {{ params.p }} left", "https://example.com/?d={{ params.p }}")
    name = {"name": "N"} if kind is TruepushCreateTemplateOperator else {}
    values = {**context(), "params": {"p": 5}}
    rendered_in(kind, values, native=native, buttons=[button], **CONTENT, **name).execute(context())
    (request,) = [request for request in emulator.requests() if request.endpoint.startswith("create")]
    assert request.body["buttons"] == [{"text": "Only 5 left", "link": "https://example.com/?d=5"}]
    assert button == Button("Only {{ params.p }} left", "https://example.com/?d={{ params.p }}")


def test_a_template_gives_the_object_where_text_is_not_meant(emulator: Emulator) -> None:
    values = {
        "tags": ["2026_11", "0x10"],
        "buttons": [Button("1_000", "https://example.com/")],
        "hours": timedelta(hours=2),
        "stay": True,
    }
    operator = rendered_in(
        TruepushCreateCampaignOperator,
        {**context(), **values},
        native=True,
        tags="{{ tags }}",
        buttons="{{ buttons }}",
        expires_in="{{ hours }}",
        user_interaction="{{ stay }}",
        **CONTENT,
    )
    operator.execute(context())
    (request,) = emulator.requests("createCampaign")
    assert request.body["tags"] == ["2026_11", "0x10"]
    assert request.body["buttons"] == [{"text": "1_000", "link": "https://example.com/"}]
    assert (request.body["campaignExpiryTime"], request.body["userInteraction"]) == (2, True)


def test_macros_filters_and_the_search_path_of_the_dag_hold(tmp_path: Any) -> None:
    (tmp_path / "part.txt").write_text("0x10")
    with DAG(
        "a_dag",
        schedule=None,
        render_template_as_native_obj=True,
        template_searchpath=str(tmp_path),
        user_defined_macros={"sale": lambda: "1_000"},
        user_defined_filters={"twice": lambda value: f"{value}_{value}"},
    ):
        operator = TruepushCreateCampaignOperator(
            task_id="t", title="{{ sale() }}", message="{{ 20 | twice }}", link="{% include 'part.txt' %}"
        )
    operator.render_template_fields({})
    assert (operator.title, operator.message, operator.link) == ("1_000", "20_20", "0x10")


def test_airflow_renders_field_by_field_as_this_provider_expects() -> None:
    """Canary: the one method that is not part of Airflow's public interface, and is overridden."""
    method = inspect.signature(BaseOperator._do_render_template_fields)
    assert list(method.parameters) == ["self", "parent", "template_fields", "context", "jinja_env", "seen_oids"]


@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__name__)
def test_mapped_operators_have_airflows_own_defaults(kind: type[Any]) -> None:
    """Airflow reads them off the signatures of all classes, which a class before BaseOperator can disturb."""
    with DAG("a_dag", schedule=None):
        ours, airflows = kind.partial(task_id="a"), BaseOperator.partial(task_id="a")
    names = set(airflows.kwargs) - {"task_id", "dag", "task_group"}
    differing = {name for name in names if ours.kwargs[name] != airflows.kwargs[name]}
    assert differing <= {"email_on_failure", "email_on_retry"}
