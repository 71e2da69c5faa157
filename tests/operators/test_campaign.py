"""The campaign operators: what they render, what they send, and how their tasks end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException
from airflow.serialization import serialized_objects

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushConnectionError, TruepushError
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
    TruepushListCampaignsOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.client import peers
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SCHEDULED, SEGMENT, SENT, commits, furnish
from tests.sensors.context import Store, TaskInstance, context
from tests.support.tokens import SESSION_TOKEN

__all__ = ["emulator", "plain_machine"]

#: Its name before Airflow 3.2 is the second one.
SERIALIZED: Any = getattr(serialized_objects, "DagSerialization", None) or serialized_objects.SerializedDAG

OPERATORS: dict[type[Any], dict[str, Any]] = {
    TruepushCreateCampaignOperator: dict(CAMPAIGN),
    TruepushCancelCampaignOperator: {"campaign_id": SENT},
    TruepushGetCampaignStatsOperator: {"campaign_id": SENT},
    TruepushListCampaignsOperator: {},
    TruepushCampaignStatsSensor: {"campaign_id": SENT, "thresholds": {"sent": 1}},
}
#: Everything a campaign can have, each field with a template in it.
TEMPLATED: dict[str, Any] = {
    "title": "Sale for {{ who }}",
    "message": "{{ who }}, come!",
    "link": "https://example.com/{{ who }}",
    "send_at": "{{ when }}",
    "expires_in": "{{ hours }}",
    "buttons": [{"text": "Go {{ who }}", "link": "https://example.com/go"}],
    "tags": ["{{ who }}", "sale"],
    "segment_id": "{{ segment }}",
    "user_interaction": "{{ stay }}",
    "image": "https://example.com/{{ who }}.png",
    "icon": "https://example.com/icon.png",
}


def create(**arguments: Any) -> TruepushCreateCampaignOperator:
    given: dict[str, Any] = {
        **CAMPAIGN,
        "truepush_conn_id": CONN_ID,
        "settle_window": timedelta(seconds=0.2),
        **arguments,
    }
    return TruepushCreateCampaignOperator(task_id="send", **given)


def execute(operator: Any, **more: Any) -> Any:
    """Run an operator; what it returns must be JSON, and show no token."""
    ti = more.setdefault("ti", TaskInstance())
    value = operator.execute(context(**more))
    assert SESSION_TOKEN not in json.dumps([value, ti.xcoms])
    return value


@pytest.fixture
def truepush(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A furnished emulator and the connection to it."""
    furnish(emulator)
    connect(monkeypatch, emulator, timezone="Europe/Berlin", timeout=20, max_attempts=1)
    return emulator


@pytest.mark.parametrize("kind", OPERATORS)
def test_every_template_field_is_an_argument_and_is_rendered(kind: type[Any]) -> None:
    with DAG("a_dag", schedule=None):
        task = kind(task_id="t", **OPERATORS[kind])
    for name in kind.template_fields:
        assert hasattr(task, name)
        setattr(task, name, "{{ word }}")
    assert set(kind.template_fields_renderers) <= set(kind.template_fields)

    task.render_template_fields({"word": "rendered", "dag": task.dag})

    assert {name: getattr(task, name) for name in kind.template_fields} == dict.fromkeys(
        kind.template_fields, "rendered"
    )


@pytest.mark.parametrize("native", [False, True], ids=["strings", "native"])
def test_a_campaign_out_of_templates(native: bool, truepush: Emulator) -> None:
    when = (datetime.now(UTC) + timedelta(days=3)).replace(second=0, microsecond=0)
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        task = create(**TEMPLATED)
    values = {"who": "Ada", "when": when.isoformat(), "hours": 5, "segment": SEGMENT, "stay": True}

    task.render_template_fields({**values, "dag": task.dag})
    campaign_id = execute(task)

    (request,) = truepush.requests("createCampaign")
    timings = request.body.pop("timings")
    assert request.body == {
        "title": "Sale for Ada",
        "message": "Ada, come!",
        "link": "https://example.com/Ada",
        "buttons": [{"text": "Go Ada", "link": "https://example.com/go"}],
        "tags": ["Ada", "sale"],
        "segment": SEGMENT,
        "userInteraction": True,
        "image": "https://example.com/Ada.png",
        "icon": "https://example.com/icon.png",
        "scheduled": True,
        "campaignExpiryTime": 5,
    }
    assert set(timings) == {"date", "time"}
    assert [campaign_id] == commits(truepush, "createCampaign")


@pytest.mark.parametrize("native", [False, True], ids=["strings", "native"])
def test_whole_lists_out_of_a_template(native: bool, truepush: Emulator) -> None:
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        task = create(buttons="{{ buttons }}", tags="{{ tags }}")
    buttons = [{"text": "Go", "link": "https://example.com/go"}]
    task.render_template_fields({"buttons": buttons, "tags": ["a", "b"], "dag": task.dag})
    execute(task)
    (request,) = truepush.requests("createCampaign")
    assert (request.body["buttons"], request.body["tags"]) == (buttons, ["a", "b"])


@pytest.mark.parametrize("nothing", ["", "None"])
@pytest.mark.parametrize("field", ["segment_id", "send_at"])
def test_a_template_that_renders_to_nothing_does_not_reach_everyone_at_once(
    field: str, nothing: str, truepush: Emulator
) -> None:
    task = create(**{field: "{{ forgotten }}"})
    task.render_template_fields({"forgotten": nothing})
    with pytest.raises(AirflowFailException, match=field):
        execute(task)
    assert truepush.count("createCampaign") == 0


def test_buttons_may_be_objects(truepush: Emulator) -> None:
    execute(create(buttons=[Button("Go", "https://example.com/go")], expires_in=timedelta(hours=36)))
    (request,) = truepush.requests("createCampaign")
    assert request.body["buttons"] == [{"text": "Go", "link": "https://example.com/go"}]
    assert request.body["campaignExpiryTime"] == 36


def test_a_dag_of_these_operators_survives_serialization() -> None:
    with DAG("a_dag", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        tasks = [kind(task_id=kind.__name__, **arguments) for kind, arguments in OPERATORS.items()]
        tasks[0] >> tasks[1:]

    text = json.dumps(SERIALIZED.to_dict(dag))
    loaded = SERIALIZED.from_dict(json.loads(text))

    for kind, arguments in OPERATORS.items():
        task = loaded.get_task(kind.__name__)
        assert task.task_type == kind.__name__
        assert tuple(task.template_fields) == tuple(kind.template_fields)
        for name, value in arguments.items():
            assert getattr(task, name) == value
    assert loaded.get_task("TruepushCreateCampaignOperator").downstream_task_ids == {task.task_id for task in tasks[1:]}


def test_nothing_is_read_or_sent_while_a_dag_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection, no template: a Dag file is read again and again."""
    monkeypatch.delenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", raising=False)
    create(title="{{ later }}", buttons="{{ 7 }}", send_at="{{ never }}", segment_id="{{ x }}")
    TruepushCancelCampaignOperator(task_id="c", campaign_id="{{ later }}", if_not_cancellable="{{ later }}")
    TruepushGetCampaignStatsOperator(task_id="s", campaign_id="{{ later }}")


@pytest.mark.parametrize("dialect", ["express", "reference", "always200", "odd", "mute"])
def test_a_campaign_is_created_once(dialect: str, truepush: Emulator) -> None:
    truepush.set_dialect(dialect)
    campaign_id = execute(create())
    assert truepush.count("createCampaign") == 1
    # The dialect that tells no id leaves it to the list to find it, or not.
    assert [campaign_id] == commits(truepush, "createCampaign") or (dialect == "mute" and campaign_id is None)


def test_a_create_whose_id_cannot_be_found_out_is_a_success(truepush: Emulator) -> None:
    truepush.set_dialect("mute")
    # The list works until the campaign is out.
    truepush.fault("listCampaign", effect="status", nth=range(4, 1000))
    assert execute(create()) in (None, *commits(truepush, "createCampaign"))
    assert (truepush.count("createCampaign"), len(commits(truepush, "createCampaign"))) == (1, 1)


@pytest.mark.parametrize("on_doubt", ["fail", "reconcile"])
@pytest.mark.parametrize("effect", ["fin", "rst", "status", "outcome", "html", "garbage", "redirect"])
def test_doubt_ends_the_task_for_good_after_one_request(effect: str, on_doubt: str, truepush: Emulator) -> None:
    code = {"code": "DB-ERROR"} if effect == "outcome" else {}
    truepush.fault("createCampaign", effect=effect, phase="before_commit", **code)
    with pytest.raises(AirflowFailException) as caught:
        execute(create(on_doubt=on_doubt))
    assert truepush.count("createCampaign") == 1
    assert SESSION_TOKEN not in str(caught.value)


@pytest.mark.parametrize("effect", ["fin", "rst", "status", "truncate"])
def test_a_campaign_that_went_out_unanswered_is_not_sent_again(effect: str, truepush: Emulator) -> None:
    phase = "mid_answer" if effect == "truncate" else "after_commit"
    truepush.fault("createCampaign", effect=effect, phase=phase)
    store, values = Store(), []
    for try_number in (1, 2, 3):
        try:
            values.append(execute(create(), ti=TaskInstance(try_number), task_state_store=store))
        except AirflowFailException:
            values.append("failed")
    # Found in the list, or left to a person; never sent a second time.
    assert set(values) <= {*commits(truepush, "createCampaign"), "failed"}
    assert truepush.count("createCampaign") == len(commits(truepush, "createCampaign")) == 1


@pytest.mark.parametrize("fault", [{"code": "BAD-REQUEST"}, {"code": "TOKEN-NOT-FOUND"}])
def test_a_refusal_ends_the_task_for_good(fault: dict[str, str], truepush: Emulator) -> None:
    truepush.fault("createCampaign", effect="outcome", **fault)
    with pytest.raises(AirflowFailException):
        execute(create())
    assert truepush.count("createCampaign") == 1


def test_a_limit_is_left_to_airflows_retries(truepush: Emulator) -> None:
    truepush.fault("createCampaign", effect="429", nth=1)
    store = Store()
    with pytest.raises(TruepushError):
        execute(create(), task_state_store=store)
    assert execute(create(), ti=TaskInstance(2), task_state_store=store) == commits(truepush, "createCampaign")[0]
    assert truepush.count("createCampaign") == 2


@pytest.mark.parametrize(
    "operator",
    [
        create(),
        TruepushCancelCampaignOperator(task_id="t", campaign_id=SCHEDULED, truepush_conn_id=CONN_ID),
        TruepushGetCampaignStatsOperator(task_id="t", campaign_id=SENT, truepush_conn_id=CONN_ID),
        TruepushListCampaignsOperator(task_id="t", truepush_conn_id=CONN_ID),
    ],
    ids=lambda operator: type(operator).__name__,
)
def test_a_refused_connection_is_left_to_airflows_retries(operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, f"http://127.0.0.1:{peers.closed_port()}", max_attempts=1)
    with pytest.raises(TruepushConnectionError):
        execute(operator)


def test_a_dry_run_returns_an_id_that_is_none(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, dry_run=True)
    campaign_id = execute(create())
    assert campaign_id.startswith("dry-run-")
    assert (
        execute(TruepushGetCampaignStatsOperator(task_id="t", campaign_id=campaign_id, truepush_conn_id=CONN_ID))
        is None
    )
    assert emulator.count() == 0
