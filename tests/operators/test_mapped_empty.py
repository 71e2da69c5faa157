"""An argument that a task is mapped over, or that an XCom or a template fills, must not come out empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT, SENT, TEMPLATE, furnish
from tests.sensors.context import context

__all__ = ["emulator", "plain_machine"]

#: Each operator with the arguments that it needs, and those that must not be lost.
CREATE: tuple[Any, dict[str, Any]] = (
    TruepushCreateCampaignOperator,
    {**CAMPAIGN, "wait_for_delivery": True, "settled_after": 60},
)
SENSOR: tuple[Any, dict[str, Any]] = (TruepushCampaignStatsSensor, {"campaign_id": SENT, "thresholds": {"views": 1}})
TRIGGER: tuple[Any, dict[str, Any]] = (
    TruepushCreateTriggerOperator,
    {"name": "Mornings", "template_id": TEMPLATE, "schedule": "0 9 * * *"},
)
NEW_TEMPLATE: tuple[Any, dict[str, Any]] = (TruepushCreateTemplateOperator, {**CAMPAIGN, "name": "Sale"})
OF_A_CREATE = (
    "segment_id",
    "segment",
    "send_at",
    "send_token",
    "ledger_conn_id",
    "expires_in",
    "thresholds",
    "fail_if",
    "settled_after",
    "schedule_ahead",
    "max_lateness",
    "quiet_hours",
)
PLACES = [
    *((CREATE, name) for name in OF_A_CREATE),
    *((SENSOR, name) for name in ("campaign_id", "thresholds", "fail_if", "settled_after")),
    *((TRIGGER, name) for name in ("name", "template_id", "schedule", "segment_id", "segment")),
    *((NEW_TEMPLATE, name) for name in ("name", "title", "message", "link")),
]
EMPTY = [None, "", " ", "None", {}, float("nan")]
refused = pytest.mark.parametrize(
    ("place", "name"), PLACES, ids=[f"{kind.__name__}-{name}" for (kind, _), name in PLACES]
)


@pytest.fixture(autouse=True)
def connected(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project to send to."""
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()


def without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


@pytest.mark.parametrize("form", ["expand", "expand_kwargs"])
@refused
def test_an_xcom_that_a_task_is_mapped_over(
    emulator: Emulator, place: tuple[Any, dict[str, Any]], name: str, form: str
) -> None:
    kind, given = place
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        partial = kind.partial(task_id="t", truepush_conn_id=CONN_ID, **without(given, name))
        xcom = before.output
        mapped = partial.expand(**{name: xcom}) if form == "expand" else partial.expand_kwargs(xcom)
    for empty in EMPTY:
        with pytest.raises(AirflowFailException, match=rf"^(\w+\.)?{name}"):
            mapped.unmap({name: empty}).execute(context())
    assert emulator.count() == 0


@refused
def test_a_literal_none_that_a_task_is_mapped_over(place: tuple[Any, dict[str, Any]], name: str) -> None:
    kind, given = place
    with DAG("a_dag", schedule=None):
        partial = kind.partial(task_id="t", **without(given, name))
        with pytest.raises(AirflowFailException, match=rf"^(\w+\.)?{name}"):
            partial.expand(**{name: [None]})
        with pytest.raises(AirflowFailException, match=rf"^(\w+\.)?{name}"):
            partial.expand_kwargs([{name: None}])


@pytest.mark.parametrize(
    ("place", "name", "form"),
    [
        *((CREATE, name, form) for name in OF_A_CREATE[:8] for form in ("argument", "partial", "decorator")),
        *((SENSOR, name, form) for name in ("thresholds", "fail_if") for form in ("argument", "partial")),
    ],
    ids=str,
)
def test_an_xcom_that_is_rendered(emulator: Emulator, place: tuple[Any, dict[str, Any]], name: str, form: str) -> None:
    kind, given = place
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        options: dict[str, Any] = {"task_id": "t", "truepush_conn_id": CONN_ID, name: before.output}
        if form == "argument":
            operator: Any = kind(**{**given, **options})
        elif form == "partial":
            field = "campaign_id" if kind is TruepushCampaignStatsSensor else "title"
            partial = kind.partial(**{**without(given, field), **options})
            operator = partial.expand(**{field: before.output}).unmap({field: given[field]})
        else:
            more = {key: value for key, value in given.items() if key not in CAMPAIGN}
            operator = truepush_campaign_task(lambda: CAMPAIGN, **{**more, **options})().operator
    for empty in (None, "None", "", "{}", {}):
        setattr(operator, name, empty)  # as Airflow resolves it
        with pytest.raises(AirflowFailException, match=rf"^(campaign\.)?{name}: was given and is empty"):
            operator.execute(context())
    assert emulator.count() == 0


class OfShop(TruepushCreateCampaignOperator):
    """An operator of a user, with defaults of its own."""

    def __init__(self, *, fail_if: Any = None, expires_in: Any = None, **kwargs: Any) -> None:
        super().__init__(fail_if=fail_if, expires_in=expires_in, **kwargs)


@pytest.mark.parametrize("kind", [TruepushCreateCampaignOperator, OfShop])
@pytest.mark.parametrize("form", ["partial", "default_args", "own default_args", "left out"])
def test_a_literal_none_stays_a_choice(emulator: Emulator, kind: Any, form: str) -> None:
    chosen = dict.fromkeys(("expires_in", "fail_if", "settled_after", "schedule_ahead", "max_lateness", "quiet_hours"))
    with DAG("a_dag", schedule=None, default_args=chosen if form == "default_args" else {}):
        before = BaseOperator(task_id="before")
        options: dict[str, Any] = {
            "partial": chosen,
            "own default_args": {"default_args": chosen},
        }.get(form, {})
        partial = kind.partial(task_id="t", truepush_conn_id=CONN_ID, **without(CAMPAIGN, "title"), **options)
        mapped = partial.expand_kwargs(before.output)
    mapped.unmap({"title": "A", "segment_id": SEGMENT, "image": None, "tags": None}).execute(context())
    (sent,) = emulator.requests("createCampaign")
    assert sent.body["segment"] == SEGMENT


@pytest.mark.parametrize("name", ["quiet_hours", "fail_if", "max_lateness", "expires_in"])
def test_a_default_none_of_the_task_excuses_no_mapped_none(name: str) -> None:
    """It is a choice of the items that leave the argument out, whatever the Dag's default is."""
    given = {"title": "a", "wait_for_delivery": True, "settled_after": 60, **without(CAMPAIGN, "title")}
    literal = {"quiet_hours": ["01:00", "01:01"], "fail_if": {"sent": 1}, "expires_in": 3}.get(name, timedelta(hours=1))
    with DAG("a_dag", schedule=None, default_args={name: literal}):
        xcom = BaseOperator(task_id="before").output

        def partial(task_id: str) -> Any:
            return TruepushCreateCampaignOperator.partial(task_id=task_id, default_args={name: None}, **given)

        over_one = partial("expand").expand(**{name: xcom})
        over_items = partial("expand_kwargs").expand_kwargs([{name: literal}, {"tags": ["x"]}])
    with pytest.raises(AirflowFailException, match=rf"{name}: was given and is empty"):
        over_one.unmap({name: None})
    first, second = over_items.expand_input.value
    with pytest.raises(AirflowFailException, match=rf"{name}: was given and is empty"):
        over_items.unmap({**first, name: None})
    assert [getattr(over_items.unmap(item), name) for item in (first, second)] == [literal, None]


def test_none_that_replaces_an_argument_of_partial() -> None:
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        partial = TruepushCreateCampaignOperator.partial(task_id="t", expires_in=4, **CAMPAIGN)
        mapped = partial.expand_kwargs(before.output, strict=False)
    with pytest.raises(AirflowFailException, match="expires_in: was given and is empty"):
        mapped.unmap({"expires_in": None})


def test_a_decorated_function_that_returns_an_empty_expiry(emulator: Emulator) -> None:
    """It would take the place of the task's own."""
    task = truepush_campaign_task(
        lambda: {**CAMPAIGN, "expires_in": None}, task_id="t", truepush_conn_id=CONN_ID, expires_in=4
    )
    with pytest.raises(AirflowFailException, match=r"campaign\.expires_in: was given and is empty.*weeks late"):
        task().operator.execute(context())
    assert emulator.count() == 0


def test_the_signature_is_that_of_the_constructor() -> None:
    """Editors and the documentation show it."""
    import inspect

    for kind in (TruepushCreateCampaignOperator, TruepushCampaignStatsSensor):
        assert "thresholds" in inspect.signature(kind).parameters


def test_values_that_are_not_empty(emulator: Emulator) -> None:
    values = {"expires_in": timedelta(hours=4), "fail_if": {"unsubscribe_rate": 0.1}, "quiet_hours": ["01:00", "01:01"]}
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        partial = TruepushCreateCampaignOperator.partial(task_id="t", truepush_conn_id=CONN_ID, wait_for_delivery=True)
        mapped = partial.expand_kwargs(before.output)
    operator = mapped.unmap({**CAMPAIGN, "settled_after": 60, **values})
    assert {name: getattr(operator, name) for name in values} == values
