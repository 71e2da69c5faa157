"""Arguments of the decorator and ``default_args`` are the defaults for what the function returns."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    DAG,
    AirflowFailException,
    MappedOperator,
    TaskGroup,
)

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Campaign
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT
from tests.decorators.tasks import connected, run
from tests.sensors.context import TaskInstance, context

__all__ = ["connected", "emulator", "plain_machine"]

#: What reaches the operator, what the function returns, and the field it comes to in the request.
DEFAULTS: list[tuple[str, Any, str, Any]] = [
    ("segment_id", SEGMENT, "segment", SEGMENT),
    ("segment_id", "{{ '" + SEGMENT + "' }}", "segment", SEGMENT),
    ("expires_in", 5, "campaignExpiryTime", 5),
    ("tags", ["a"], "tags", ["a"]),
    (
        "buttons",
        [{"text": "Go", "link": "https://example.com/"}],
        "buttons",
        [{"text": "Go", "link": "https://example.com/"}],
    ),
    ("image", "https://example.com/i.png", "image", "https://example.com/i.png"),
    ("user_interaction", True, "userInteraction", True),
    ("title", "From the Dag", "title", "From the Dag"),
]


def dag_of(defaults: dict[str, Any], form: str, returned: Any, **arguments: Any) -> DAG:
    """A Dag whose defaults are for one decorated task, somewhere in it."""
    announce = truepush_campaign_task(truepush_conn_id=CONN_ID, **arguments)

    def send(item: int = 0) -> Any:
        return returned

    groups = {"group": 1, "nested": 2, "mapped in a group": 2}.get(form, 0)
    with DAG("a_dag", schedule=None, default_args={} if groups else defaults) as dag, ExitStack() as stack:
        for depth in range(groups):
            inner = defaults if depth == 0 else {}
            stack.enter_context(TaskGroup(f"group{depth}", default_args=inner))
        if form.startswith("mapped"):
            announce(send).expand(item=[1])
        else:
            announce(send)()
    return dag


def execute(dag: DAG) -> Any:
    """Run the only task as Airflow does: map, render, execute."""
    (task,) = dag.tasks
    # In a run of which nothing was cleared, a mapped task has no reason to wait for its siblings.
    first = SimpleNamespace(clear_number=0)
    airflow = context(TaskInstance(map_index=0 if isinstance(task, MappedOperator) else -1), dag_run=first)
    airflow["ti"].task = task
    operator: Any = task
    if isinstance(task, MappedOperator):
        operator = task.unmap({"op_kwargs": {"item": 1}})
    operator.render_template_fields(airflow)
    return operator.execute(airflow)


@pytest.mark.parametrize("form", ["plain", "mapped", "group", "nested", "mapped in a group"])
@pytest.mark.parametrize(("name", "value", "field", "sent"), DEFAULTS)
def test_what_reaches_the_operator_is_the_default(
    emulator: Emulator, form: str, name: str, value: Any, field: str, sent: Any
) -> None:
    returned = {key: given for key, given in CAMPAIGN.items() if key != name}
    execute(dag_of({name: value}, form, returned))
    (request,) = emulator.requests("createCampaign")
    assert request.body[field] == sent


@pytest.mark.parametrize("form", ["plain", "mapped", "nested"])
def test_a_default_send_at_is_not_at_once(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    connect(monkeypatch, emulator, timezone="Europe/Berlin")
    execute(dag_of({"send_at": "2099-03-01T09:30:00"}, form, dict(CAMPAIGN)))
    (request,) = emulator.requests("createCampaign")
    assert request.body["scheduled"] is True
    assert request.body["timings"] == {"date": "01-03-2099", "time": "09:30"}


@pytest.mark.parametrize("form", [lambda given: given, lambda given: Campaign(**given)])
def test_a_returned_field_overrides_the_default(emulator: Emulator, form: Any) -> None:
    returned = form({**CAMPAIGN, "segment_id": SEGMENT, "tags": ["mine"]})
    execute(dag_of({"segment_id": "ab" * 12, "tags": ["default"], "expires_in": 3}, "plain", returned))
    (request,) = emulator.requests("createCampaign")
    assert (request.body["segment"], request.body["tags"]) == (SEGMENT, ["mine"])
    assert request.body["campaignExpiryTime"] == 3


def test_an_argument_of_the_decorator_is_the_default_too(emulator: Emulator) -> None:
    run(lambda: dict(CAMPAIGN), context(), task_id="t", segment_id=SEGMENT)
    (request,) = emulator.requests("createCampaign")
    assert request.body["segment"] == SEGMENT


@pytest.mark.parametrize("where", ["default_args", "decorator"])
@pytest.mark.parametrize(
    ("name", "value"), [("segment_id", None), ("send_at", ""), ("buttons", [1, 2, 3]), ("tags", 5)]
)
def test_a_wrong_default_ends_the_parsing_of_the_dag_file(where: str, name: str, value: Any) -> None:
    with pytest.raises(TruepushValidationError, match=rf"campaign\.{name}"):
        dag_of(
            {name: value} if where == "default_args" else {},
            "plain",
            {},
            **({name: value} if where != "default_args" else {}),
        )


def test_defaults_of_an_override_are_those_of_the_mapped_task() -> None:
    """Airflow drops them: the campaign would go to every subscriber."""
    with DAG("a_dag", schedule=None):
        announce = truepush_campaign_task(lambda item: {**CAMPAIGN, "title": item}, task_id="t")
        mapped = announce.override(default_args={"segment_id": SEGMENT, "retries": 3}).expand(item=["A"])
    assert (mapped.operator.partial_kwargs["segment_id"], mapped.operator.partial_kwargs["retries"]) == (SEGMENT, 3)


@pytest.mark.parametrize(
    "bad", [{"segmentId": SEGMENT}, {"send_at": None}, {"require": "some"}, {"segment_id": SEGMENT, "segment": "VIP"}]
)
@pytest.mark.parametrize("level", ["dag", "group", "override", "decorator"])
def test_a_mapped_task_with_wrong_arguments_ends_the_parsing(level: str, bad: dict[str, Any]) -> None:
    own = {"default_args": bad}
    groups = bad if level == "group" else {}
    decorate: Any = truepush_campaign_task
    with (
        pytest.raises(TruepushValidationError),
        DAG("a_dag", schedule=None, default_args=bad if level == "dag" else {}),
        TaskGroup("outer", default_args=groups),
        TaskGroup("inner"),
    ):
        decorate(lambda item: dict(CAMPAIGN), task_id="t", **(own if level == "decorator" else {})).override(
            **(own if level == "override" else {})
        ).expand(item=["A"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("segment_id", SEGMENT),
        ("segment", "Somebody"),
        ("send_at", "2099-03-01T09:30:00"),
        ("quiet_hours", "a"),
        ("fail_if", {"unsubscribe_rate": 0.02}),
    ],
)
@pytest.mark.parametrize("form", ["call", "partial", "expand"])
def test_an_argument_that_only_the_function_gets_is_not_lost(
    emulator: Emulator, form: str, name: str, value: Any
) -> None:
    """A function that takes the context as ``**context`` accepts any name, and would send to every subscriber."""

    def send(item: int, **context: Any) -> Any:
        return dict(CAMPAIGN)

    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID)
    with DAG("a_dag", schedule=None) as dag:
        if form == "call":
            task(1, **{name: value})
        elif form == "partial":
            task.partial(**{name: value}).expand(item=[1])
        else:
            task.expand(item=[1], **{name: [value]})
    (made,) = dag.tasks
    operator: Any = made if form == "call" else made.unmap({"op_kwargs": {"item": 1, name: value}})
    with pytest.raises(AirflowFailException, match=rf"^{name}: was passed to the function, .* \.override\({name}="):
        operator.execute(context())
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("form", ["by name", "by position", "mapped"])
def test_a_segment_that_a_function_does_not_return_is_not_lost(emulator: Emulator, form: str) -> None:
    """It may use the segment in a text; the campaign would go to every subscriber."""

    def send(segment: str) -> Any:
        return {**CAMPAIGN, "title": f"News for {segment}"}

    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID)
    with DAG("a_dag", schedule=None) as dag:
        if form == "mapped":
            task.expand(segment=["VIP"])
        else:
            task(segment="VIP") if form == "by name" else task("VIP")
    (made,) = dag.tasks
    operator: Any = made.unmap({"op_kwargs": {"segment": "VIP"}}) if form == "mapped" else made
    with pytest.raises(AirflowFailException, match=r"^segment: was passed to the function, which returned no such fi"):
        operator.execute(context())
    assert emulator.count("createCampaign") == 0


def test_a_function_may_return_what_it_was_passed(emulator: Emulator) -> None:
    def send(**given: Any) -> Any:
        return {**CAMPAIGN, "segment_id": given["segment_id"]}

    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID)
    task(segment_id=SEGMENT).operator.execute(context())
    (request,) = emulator.requests("createCampaign")
    assert request.body["segment"] == SEGMENT


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        ({"segment_id": SEGMENT}, {"segment_id": SEGMENT}),
        ({"max_lateness": timedelta(hours=1)}, {"max_lateness": "an hour"}),
        ({}, {"send_at": None, "expires_in": None, "segment": None}),
        ({}, {"truepush_conn_id": CONN_ID, "in_quiet_hours": "move", "cancel_on_kill": False}),
        ({}, {"require": "stock", "deferrable": "later", "poke_interval": 5, "wait_for_delivery": "no"}),
        ({"on_doubt": "reconcile"}, {"on_doubt": "fail"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("form", ["plain", "mapped"])
def test_an_argument_of_the_function_that_the_task_has_itself_is_not_lost(
    emulator: Emulator, form: str, options: dict[str, Any], passed: dict[str, Any]
) -> None:
    def send(item: int, **given: Any) -> Any:
        return {**CAMPAIGN, "title": str(given)[:40]}

    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID, **options)
    with DAG("a_dag", schedule=None) as dag:
        task.partial(**passed).expand(item=[1]) if form == "mapped" else task(1, **passed)
    (made,) = dag.tasks
    operator: Any = made.unmap({"op_kwargs": {"item": 1, **passed}}) if form == "mapped" else made
    # In a run of which nothing was cleared, a mapped task has no reason to wait for its siblings.
    airflow = context(TaskInstance(map_index=0), dag_run=SimpleNamespace(clear_number=0))
    operator.execute(airflow)
    (request,) = emulator.requests("createCampaign")
    expected = SEGMENT if "segment_id" in str(options) else None
    assert request.body.get("segment") == expected


def test_a_function_that_declares_the_name_uses_it(emulator: Emulator) -> None:
    def send(segment: str) -> Any:
        return {**CAMPAIGN, "title": f"For {segment}"}

    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID, segment_id=SEGMENT)
    task(segment="VIP").operator.execute(context())
    (request,) = emulator.requests("createCampaign")
    assert (request.body["title"], request.body["segment"]) == ("For VIP", SEGMENT)
