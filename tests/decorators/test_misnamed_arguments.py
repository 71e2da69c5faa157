"""An argument that only ``**kwargs`` of a function takes: a misspelled argument of the task is never dropped."""

from __future__ import annotations

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator, Context

from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.meant_names import meant_by_function
from airflow_provider_truepush.operators.parameters import parameter_names
from tests.contract.driver import connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT, furnish
from tests.sensors.context import TaskInstance, context

__all__ = ["emulator", "plain_machine"]

SEGMENTS = "segment_id or segment"
AT = "2099-03-01T10:00:00+00:00"
#: A name that is no argument of the task, its value, and the argument that is meant.
MISNAMED: list[tuple[str, Any, str]] = [
    *((name, SEGMENT, SEGMENTS) for name in ("segmentId", "SEGMENT_ID", "segment_ids", "audience", "audience_id")),
    *((name, ["Berlin"], SEGMENTS) for name in ("Segment", "segments", "segmant")),
    *((name, AT, "send_at") for name in ("sendAt", "send_time", "sned_at", "send_date")),
    *((name, ("0:00", "23:59"), "quiet_hours") for name in ("quiet_hour", "quietHours", "quite_hours")),
    *((name, "other", "truepush_conn_id") for name in ("truepush_conn", "truepushConnection")),
    *((name, 3, "expires_in") for name in ("expire_in", "expiresIn")),
    ("send_tokens", "x", "send_token"),
    ("send_ledger", "x", "ledger_conn_id"),
    ("max_latenes", 5, "max_lateness"),
    ("failIf", {"unsubscribe_rate": 0.1}, "fail_if"),
    ("onDoubt", "fail", "on_doubt"),
]
#: Names that a function may take for itself, although some resemble an argument of the task.
ITS_OWN = (
    *("item", "row", "user_id", "city", "price", "date", "start", "end_date", "limit", "data", "token", "key", "hours"),
    *(
        "sender",
        "send",
        "send_data",
        "send_email",
        "threshold",
        "on_failure",
        "fail",
        "statement",
        "fragment",
        "max_items",
    ),
    *(
        "postgres_conn_id",
        "http_conn_id",
        "campaign_id",
        "template",
        "timeout",
        "mode",
        "body",
        "url",
        "to",
    ),
)


@pytest.fixture(autouse=True)
def connected(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project of the default connection."""
    furnish(emulator)
    connect(monkeypatch, emulator, DEFAULT_CONNECTION, timezone="UTC")
    emulator.clear_requests()


def campaign(item: int = 0, **given: Any) -> dict[str, Any]:
    """Return a campaign without an audience and without a time."""
    return dict(CAMPAIGN)


def task_of(form: str, name: str, value: Any, function: Any = campaign, **own: Any) -> Any:
    """Call or map a function in a Dag; return the task as Airflow runs it."""
    task: Any = truepush_campaign_task(function, task_id="t", **own)
    with DAG("a_dag", schedule=None) as dag:
        if form == "call":
            task(**{name: value})
        elif form == "partial":
            task.partial(**{name: value}).expand(item=BaseOperator(task_id="before").output)
        elif form == "expand":
            task.expand(**{name: [value]})
        elif form == "an XCom of items":
            task.expand_kwargs(BaseOperator(task_id="before").output)
    found: Any = dag.get_task("t")
    if form != "call":
        found = found.unmap({"op_kwargs": {"item": 1, name: value}})
    found.render_template_fields(context(TaskInstance(), dag=dag))
    return found


def execute(form: str, name: str, value: Any, function: Any = campaign, **own: Any) -> None:
    instance = TaskInstance(map_index=-1 if form == "call" else 0)
    # Nothing of this run was cleared: a mapped task has no reason to wait for its siblings.
    task_of(form, name, value, function, **own).execute(context(instance, dag_run=SimpleNamespace(clear_number=0)))


def test_a_misspelled_argument_is_refused(emulator: Emulator) -> None:
    for name, value, meant in MISNAMED:
        with pytest.raises(AirflowFailException, match=rf"^{name}: was passed to the function, .*") as caught:
            execute("call", name, value)
        message = str(caught.value)
        assert f"Nothing was sent. Pass {meant} to the decorator or to .override()" in message
        assert message.endswith(f"If the function reads {name} itself, declare it as a parameter.")
    assert emulator.count("createCampaign") == 0


@pytest.mark.parametrize("form", ["partial", "expand", "an XCom of items"])
@pytest.mark.parametrize(("name", "value"), [("segmentId", SEGMENT), ("sendAt", AT), ("dry_run", True)])
def test_so_is_one_of_a_mapped_task(emulator: Emulator, form: str, name: str, value: Any) -> None:
    with pytest.raises(AirflowFailException, match=rf"^{name}: was passed to the function"):
        execute(form, name, value)
    assert emulator.count("createCampaign") == 0


def test_the_error_says_what_happened_before_what_to_do(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException) as caught:
        execute("call", "segmentId", SEGMENT)
    assert str(caught.value) == (
        "segmentId: was passed to the function, which has no parameter of this name and returned neither segment_id "
        f"nor segment, got '{SEGMENT}'. Nothing was sent. Pass segment_id or segment to the decorator or to "
        ".override(), or return one of them. If the function reads segmentId itself, declare it as a parameter."
    )
    with pytest.raises(AirflowFailException) as caught:
        execute("call", "quiet_hour", "x")
    assert str(caught.value) == (
        "quiet_hour: was passed to the function, which has no parameter of this name, and is not an argument of the "
        "task, got 'x'. Nothing was sent. Pass quiet_hours to the decorator or to .override(). If the function reads "
        "quiet_hour itself, declare it as a parameter."
    )


def test_an_extra_of_the_connection_is_refused(emulator: Emulator) -> None:
    for name, value in (("dry_run", True), ("dry_run", "True"), ("dryRun", 1), ("require_segment", "yes")):
        with pytest.raises(AirflowFailException, match=rf"^{name}: .* Set the extra `.*_.*` of the connection"):
            execute("call", name, value)
    assert emulator.count("createCampaign") == 0


def test_one_that_is_off_asks_for_nothing(emulator: Emulator) -> None:
    values = (False, None, 0, "False", "{{ false }}", "{{ none }}")
    for value in values:
        execute("call", "dry_run", value)
    assert emulator.count("createCampaign") == len(values)


def test_a_function_may_take_what_it_likes(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    task = task_of("call", "item", 1)
    task.op_kwargs = dict.fromkeys(ITS_OWN, "x")
    with caplog.at_level(logging.WARNING):
        task.execute(context())
    assert emulator.count("createCampaign") == 1
    assert not [message for message in caplog.messages if "was passed to the function" in message]


def test_a_parameter_that_the_function_declares_is_its_own(emulator: Emulator) -> None:
    def named(segments: Any, audience: Any = None, sendAt: Any = None, dry_run: bool = False, **more: Any) -> Any:  # noqa: N803
        return dict(CAMPAIGN)

    task: Any = truepush_campaign_task(named, task_id="t")
    task(["a"], "b", sendAt="d", dry_run=True).operator.execute(context())

    def rest(*segments: Any, **more: Any) -> Any:
        return dict(CAMPAIGN)

    task = truepush_campaign_task(rest, task_id="t")
    task("a", "b").operator.execute(context())
    assert emulator.count("createCampaign") == 2


def test_what_the_function_returns_is_meant(emulator: Emulator) -> None:
    def returning(**returned: Any) -> Any:
        return lambda **given: {**CAMPAIGN, **returned}

    execute("call", "segments", ["a"], returning(segment_id=SEGMENT))
    execute("call", "segmentId", "ab" * 12, returning(segment_id=SEGMENT), segment="VIP")
    execute("call", "sendAt", AT, returning(send_at=AT))
    execute("call", "expire_in", 3, returning(expires_in=3))
    assert emulator.count("createCampaign") == 4


def test_an_argument_that_the_task_has_is_not_lost(emulator: Emulator) -> None:
    execute("call", "segmentId", SEGMENT.upper(), segment_id=SEGMENT)
    execute("call", "sendAt", "x", send_at=AT)
    execute("call", "expire_in", 3, expires_in=5)
    execute("call", "truepush_conn", DEFAULT_CONNECTION)
    assert emulator.count("createCampaign") == 4


def test_another_segment_than_that_of_the_task_is_refused(emulator: Emulator) -> None:
    match = "^segmentId: was passed to the function, .*, but the task's own segment_id is "
    with pytest.raises(AirflowFailException, match=match):
        execute("call", "segmentId", "ab" * 12, segment_id=SEGMENT)
    assert emulator.count("createCampaign") == 0


def test_a_none_in_the_dag_file_is_a_choice_and_one_of_an_xcom_is_not(emulator: Emulator) -> None:
    execute("call", "segmentId", None)
    assert emulator.count("createCampaign") == 1
    for name in ("segmentId", "sendAt"):
        with pytest.raises(AirflowFailException, match=rf"^{name}: was passed to the function, .*, got None"):
            execute("an XCom of items", name, None)
    assert emulator.count("createCampaign") == 1
    execute("an XCom of items", "expire_in", None)
    assert emulator.count("createCampaign") == 2


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *((name, SEGMENTS) for name in ("customer_segment", "subscribers")),
        *((name, "send_at") for name in ("when", "schedule", "scheduled", "scheduled_at", "timings")),
        *((name, "truepush_conn_id") for name in ("conn_id", "connection_id", "connId")),
        *((name, "expires_in") for name in ("ttl", "expires", "expires_at", "expiry")),
        *((name, "ledger_conn_id") for name in ("ledger", "ledger_name")),
        ("quiet_time", "quiet_hours"),
    ],
)
def test_a_name_that_may_be_of_the_function_is_a_warning(
    emulator: Emulator, name: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    execute("call", name, "x")
    (warned,) = [message for message in caplog.messages if message.startswith(f"{name} was passed to the function")]
    assert warned.endswith(f"If it is meant for the task, pass {meant} to the decorator or to .override().")
    assert emulator.count("createCampaign") == 1
    caplog.clear()
    if meant == "ledger_conn_id":  # the task would look for its database
        return
    own = {
        SEGMENTS: {"segment_id": SEGMENT},
        "send_at": {"send_at": AT},
        "truepush_conn_id": {"truepush_conn_id": DEFAULT_CONNECTION},
        "expires_in": {"expires_in": 3},
        "quiet_hours": {"quiet_hours": ("0:00", "0:01")},
    }
    execute("call", name, "x", **own[meant])
    assert not [message for message in caplog.messages if message.startswith(f"{name} was passed")]


def test_no_key_of_airflow_s_context_resembles_an_argument() -> None:
    """A function with ``**context`` may be called with such a name."""
    names = parameter_names(TruepushCreateCampaignOperator)
    # Before Airflow 3, Context is no TypedDict, and the module lists its keys.
    keys = getattr(Context, "__annotations__", None) or sys.modules[Context.__module__].KNOWN_CONTEXT_KEYS
    assert "params" in keys
    assert [key for key in keys if any(meant_by_function(key, names))] == []


def test_an_error_of_a_returned_field_lists_all_that_may_be_returned(emulator: Emulator) -> None:
    for name, right in {"Segment": "segment", "sendToken": "send_token", "segmentId": "segment_id"}.items():
        match = rf"Did you mean {right}\? Use one of .*segment, .*send_token"
        with pytest.raises(AirflowFailException, match=match):
            execute("call", "item", 1, lambda name=name, **given: {**CAMPAIGN, name: "x"})
    assert emulator.count("createCampaign") == 0
