"""A segment that a function gets decides the audience, or it is an error. It is never dropped."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.decorators.passed import AUDIENCE, LOST
from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import CONN_ID
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT
from tests.decorators.tasks import connected
from tests.sensors.context import TaskInstance, context

__all__ = ["connected", "emulator", "plain_machine"]

OTHER = "ab" * 12
#: Marks an XCom in the arguments; Airflow resolves it when the task runs.
GUARDRAILS = ("send_at", "quiet_hours", "max_lateness", "ledger_conn_id", "send_token")
XCOM: Any = object()


def send(item: int = 0, **context: Any) -> Any:
    """Return a campaign without a segment. The context takes any name."""
    return dict(CAMPAIGN)


def declares(item: int = 0, segment_id: Any = None, segment: Any = None) -> Any:
    """Return a campaign without a segment, although it could."""
    return dict(CAMPAIGN)


def returns(item: int = 0, **given: Any) -> Any:
    """Return a campaign with its own segment."""
    return {**CAMPAIGN, "segment_id": SEGMENT}


def prepare(
    form: str, passed: dict[str, Any], xcoms: dict[str, Any], function: Any = send, is_native: bool = False, **own: Any
) -> Any:
    """Call or map a function in a Dag; return its task as it is when its templates and XComs are rendered.

    :param passed: the arguments of the function in the Dag file.
    :param xcoms: the values of those that are :data:`XCOM`.
    """
    options = {"override": {"task_id": "t", **own}}.get(form, {})
    task: Any = truepush_campaign_task(
        function, task_id="t", truepush_conn_id=CONN_ID, **({} if form == "override" else own)
    )
    with DAG("a_dag", schedule=None, render_template_as_native_obj=is_native) as dag:
        before = BaseOperator(task_id="before").output
        given = {name: before if value is XCOM else value for name, value in passed.items()}
        if form in ("call", "override"):
            (task.override(**options) if options else task)(**given)
        elif form == "positional":
            task(0, *given.values())
        elif form == "partial":
            task.partial(**given).expand(item=[1])
        elif form == "expand":
            lists = {name: before if value is XCOM else [value] for name, value in passed.items()}
            task.expand(**lists)
        elif form == "items":
            task.expand_kwargs([given])
        elif form == "items beside an XCom":
            task.expand_kwargs([given, before])
        elif form == "an XCom of items":
            task.expand_kwargs(before)
    made: Any = dag.get_task("t")
    if form in ("call", "override", "positional"):
        operator = made
    else:
        mapped = {**({"item": 1} if form == "partial" else passed)}
        operator = made.unmap({"op_kwargs": {name: xcoms.get(name, value) for name, value in mapped.items()}})
    resolved = {name: xcoms.get(name, value) for name, value in operator.op_kwargs.items()}
    operator.op_kwargs = resolved
    if form == "positional":
        operator.op_args = [0, *(xcoms.get(name, value) for name, value in passed.items())]
    operator.render_template_fields(context(TaskInstance(), dag=dag))
    return operator


def execute(operator: Any) -> None:
    """Run a task in a run of which nothing was cleared: a mapped one has no reason to wait for its siblings."""
    operator.execute(context(TaskInstance(map_index=0), dag_run=SimpleNamespace(clear_number=0)))


FORMS = ("call", "override", "partial", "expand", "items", "items beside an XCom", "an XCom of items")


@pytest.mark.parametrize(
    ("form", "name", "own"),
    [
        *((form, "segment_id", {}) for form in FORMS),
        *((form, "segment", {"segment_id": SEGMENT}) for form in FORMS),
        *((form, "segment_id", {"default_args": {"segment_id": SEGMENT}}) for form in ("call", "an XCom of items")),
    ],
)
def test_an_xcom_of_none_is_refused(emulator: Emulator, form: str, name: str, own: dict[str, Any]) -> None:
    operator = prepare(form, {name: XCOM}, {name: None}, **own)
    reason = "but the task's own segment_id is" if own else "was given and is empty, got None"
    with pytest.raises(AirflowFailException, match=rf"^{name}: .*{reason}") as caught:
        execute(operator)
    assert "Nothing was sent" in str(caught.value)
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("form", ["call", "partial", "positional"])
def test_so_is_one_of_a_parameter_that_the_function_declares(emulator: Emulator, form: str) -> None:
    with pytest.raises(AirflowFailException, match=r"^segment_id: was given and is empty, got None"):
        execute(prepare(form, {"segment_id": XCOM}, {"segment_id": None}, declares))
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("form", ["call", "partial", "expand", "items"])
def test_a_template_that_renders_to_none_natively_is_refused(emulator: Emulator, form: str) -> None:
    with pytest.raises(AirflowFailException, match=r"^segment_id: was given and is empty, got None"):
        execute(prepare(form, {"segment_id": "{{ none }}"}, {}, is_native=True))
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("own", [{}, {"segment_id": SEGMENT}], ids=str)
@pytest.mark.parametrize("empty", ["", " ", "None", "{{ none }}", float("nan")])
def test_other_empty_values_are_refused(emulator: Emulator, empty: Any, own: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match=r"^segment_id: "):
        execute(prepare("call", {"segment_id": empty}, {}, **own))
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize(
    ("form", "function", "own"),
    [
        *((form, send, {}) for form in FORMS[:5]),
        *((form, declares, {}) for form in ("call", "positional", "partial")),
        ("call", send, {"segment_id": SEGMENT}),
        ("partial", declares, {"default_args": {"segment_id": SEGMENT}}),
    ],
)
def test_a_none_in_the_dag_file_is_a_choice(emulator: Emulator, form: str, function: Any, own: dict[str, Any]) -> None:
    execute(prepare(form, {"segment_id": None, "segment": None}, {}, function, **own))
    (request,) = emulator.requests("createCampaign")
    assert request.body.get("segment") == (SEGMENT if own else None)


def test_a_none_in_the_dag_file_does_not_excuse_one_of_an_xcom(emulator: Emulator) -> None:
    """With ``strict=False`` an item of an XCom replaces the argument of ``partial``."""
    task: Any = truepush_campaign_task(send, task_id="t", truepush_conn_id=CONN_ID)
    with DAG("a_dag", schedule=None) as dag:
        items = BaseOperator(task_id="before").output
        task.partial(segment_id=None).expand_kwargs(items, strict=False)
    with pytest.raises(AirflowFailException, match=r"^segment_id: was given and is empty, got None"):
        execute(dag.get_task("t").unmap({"op_kwargs": {"segment_id": None}}))


@pytest.mark.parametrize(
    ("form", "name", "value", "own"),
    [
        *((form, "segment", "VIP", {"segment_id": SEGMENT}) for form in FORMS[:5]),
        *(("call", "segment_id", value, {"segment_id": SEGMENT}) for value in (OTHER, "{{ 1 }}", 5)),
        ("items", "segment_id", OTHER, {"segment": "Somebody"}),
        ("partial", "segment_id", OTHER, {"default_args": {"segment_id": SEGMENT}}),
        ("override", "segment_id", OTHER, {"segment_id": "{{ '" + SEGMENT + "' }}"}),
    ],
)
def test_another_segment_than_that_of_the_task_is_refused(
    emulator: Emulator, form: str, name: str, value: Any, own: dict[str, Any]
) -> None:
    with pytest.raises(AirflowFailException, match=rf"^{name}: .*, but the task's own segment(_id)? is ") as caught:
        execute(prepare(form, {name: value}, {}, **own))
    assert emulator.count("createCampaign") == 0
    assert str(caught.value).endswith("or return it from the function.")


@pytest.mark.parametrize("value", [SEGMENT, "{{ '" + SEGMENT + "' }}", XCOM])
@pytest.mark.parametrize("form", ["call", "items"])
def test_the_same_segment_as_that_of_the_task_is_right(emulator: Emulator, form: str, value: Any) -> None:
    execute(prepare(form, {"segment_id": value}, {"segment_id": SEGMENT}, segment_id=SEGMENT))
    (request,) = emulator.requests("createCampaign")
    assert request.body["segment"] == SEGMENT


def test_a_later_try_of_the_same_instance_compares_with_the_task_too(emulator: Emulator) -> None:
    operator = prepare("call", {"segment_id": OTHER}, {}, segment_id=SEGMENT)
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="but the task's own segment_id is"):
            execute(operator)


@pytest.mark.parametrize("value", [None, "", OTHER])
def test_what_the_function_returns_is_meant(emulator: Emulator, value: Any) -> None:
    execute(prepare("call", {"segment_id": XCOM}, {"segment_id": value}, returns, segment_id=OTHER))
    (request,) = emulator.requests("createCampaign")
    assert request.body["segment"] == SEGMENT


@pytest.mark.parametrize("form", ["call", "partial", "expand", "items"])
@pytest.mark.parametrize("name", GUARDRAILS)
def test_an_xcom_of_none_turns_no_guardrail_off(emulator: Emulator, form: str, name: str) -> None:
    with pytest.raises(AirflowFailException, match=rf"^{name}: was passed to the function, .*, got None\. Nothing"):
        execute(prepare(form, {name: XCOM}, {name: None}))
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("form", ["call", "partial", "expand", "items"])
@pytest.mark.parametrize("name", sorted(LOST - AUDIENCE - {*GUARDRAILS, "truepush_conn_id"}))
def test_an_xcom_of_none_leaves_other_arguments_as_they_are(emulator: Emulator, form: str, name: str) -> None:
    execute(prepare(form, {name: XCOM}, {name: None}))
    assert emulator.count("createCampaign") == 1


@pytest.mark.parametrize("own", [SEGMENT.lower(), SEGMENT.upper(), "{{ '" + SEGMENT.upper() + "' }}"])
@pytest.mark.parametrize("value", [SEGMENT.upper(), f" {SEGMENT}", f"{SEGMENT}\n"])
def test_the_same_id_may_be_written_in_another_way(emulator: Emulator, value: str, own: str) -> None:
    execute(prepare("call", {"segment_id": XCOM}, {"segment_id": value}, segment_id=own))
    (request,) = emulator.requests("createCampaign")
    assert request.body["segment"].lower() == SEGMENT


@pytest.mark.parametrize("value", ["vip", "VIP customers"])
def test_a_name_in_other_letters_is_another_segment(emulator: Emulator, value: str) -> None:
    with pytest.raises(AirflowFailException, match=r"^segment: .*, but the task's own segment is 'VIP'"):
        execute(prepare("call", {"segment": XCOM}, {"segment": value}, segment="VIP"))
    assert emulator.count("createCampaign") == 0
