"""The notifier: whom it reaches, what it says when it fails, and that it never fails a task."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseNotifier

from airflow_provider_truepush.emulator import CONNECTION_FAULTS, FAULTS, Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.notifications.truepush import TruepushNotifier, send_truepush_notification

LOG_PAGE = "https://airflow.example.com/dags/shop/runs/r1/tasks/load"
CONTENT: dict[str, Any] = {"title": "Failed", "message": "It failed", "link": "https://example.com/"}

Call = Callable[..., Any]

#: Airflow 2 has no deadline alerts, and its notifiers fail without a Dag in the context.
deadline_alerts = pytest.mark.skipif(
    not hasattr(BaseNotifier, "__await__"), reason="deadline alerts came with Airflow 3"
)


async def call(notifier: TruepushNotifier, context: dict[str, Any]) -> None:
    """As callbacks do."""
    notifier(context)


async def await_(notifier: TruepushNotifier, context: dict[str, Any]) -> None:
    """As deadline alerts do."""
    notifier.context = context  # type: ignore[assignment]
    await notifier


@pytest.fixture(params=[call, await_] if hasattr(BaseNotifier, "__await__") else [call])
def send(request: pytest.FixtureRequest) -> Call:
    """Both ways in which Airflow runs a notifier."""
    way: Call = request.param
    return way


@pytest.fixture
def segment(emulator: Emulator) -> str:
    """A segment's id."""
    return emulator.add_segment("Operations", 7)


@pytest.fixture
def context() -> dict[str, Any]:
    """The parts of a task's context that matter here."""
    return {
        "dag": DAG("shop", schedule=None),
        "ti": SimpleNamespace(task_id="load", log_url=LOG_PAGE),
        "dag_run": SimpleNamespace(dag_id="shop", run_id="r1"),
    }


def set_extras(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, **extras: Any) -> None:
    connection = json.loads(emulator.connection_json)
    connection["extra"] |= extras
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(connection))


Errors = Callable[[], list[str]]


@pytest.fixture
def errors(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Errors:
    """What the notifier logged as errors: Airflow 3's logger of its own writes to the terminal here, 2's to a file."""

    def said() -> list[str]:
        lines = [line for line in capsys.readouterr().out.splitlines() if "[error" in line]
        lines += [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        return [line for line in lines if "Truepush notification" in line]

    return said


async def test_it_sends_one_campaign_to_its_segment(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str
) -> None:
    notifier = TruepushNotifier(
        title="{{ dag.dag_id }} failed",
        message="{{ ti.task_id }} failed",
        link="https://example.com/{{ ti.task_id }}",
        segment_id=segment,
        expires_in=timedelta(hours=6),
        buttons=[{"text": "Look at {{ ti.task_id }}", "link": "https://example.com/"}, Button("Away", "https://a.de/")],
        tags=["{{ dag.dag_id }}"],
        user_interaction=True,
        image="https://example.com/{{ dag.dag_id }}.jpg",
        icon="https://example.com/{{ ti.task_id }}.png",
    )
    await send(notifier, context)
    (request,) = emulator.requests()
    assert request.endpoint == "createCampaign"
    assert request.body == {
        "title": "shop failed",
        "message": "load failed",
        "link": "https://example.com/load",
        "buttons": [
            {"text": "Look at load", "link": "https://example.com/"},
            {"text": "Away", "link": "https://a.de/"},
        ],
        "tags": ["shop"],
        "userInteraction": True,
        "image": "https://example.com/shop.jpg",
        "icon": "https://example.com/load.png",
        "campaignExpiryTime": 6,
        "segment": segment,
    }


async def test_everyone_has_to_be_said(emulator: Emulator, send: Call, context: dict[str, Any]) -> None:
    await send(TruepushNotifier(**CONTENT, everyone=True), context)
    (request,) = emulator.requests()
    assert "segment" not in request.body


@pytest.mark.parametrize("audience", [{}, {"segment_id": None}, {"segment_id": ""}, {"everyone": False}])
def test_without_an_audience_the_dag_file_does_not_import(audience: dict[str, Any]) -> None:
    with pytest.raises(TruepushValidationError, match=r"segment_id.*everyone=True"):
        TruepushNotifier(**CONTENT, **audience)


def test_two_audiences_are_refused() -> None:
    with pytest.raises(TruepushValidationError, match="exclude each other"):
        TruepushNotifier(**CONTENT, segment_id="5f8d407ad11b5a2c2c524f63", everyone=True)


@pytest.mark.parametrize("everyone", ["yes", "True", 1, None])
def test_everyone_is_a_bool_and_no_template(everyone: Any) -> None:
    with pytest.raises(TruepushValidationError, match="everyone"):
        TruepushNotifier(**CONTENT, everyone=everyone)
    assert "everyone" not in TruepushNotifier.template_fields


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("template", ["{{ none }}", "{{ '' }}", "{{ 'dry-run-1' }}"])
async def test_a_segment_that_renders_to_nothing_reaches_nobody(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    template: str,
    native: bool,
    errors: Errors,
) -> None:
    context["dag"] = DAG("shop", schedule=None, render_template_as_native_obj=native)
    await send(TruepushNotifier(**CONTENT, segment_id=template), context)
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert "segment_id" in error


async def test_require_segment_beats_everyone(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    errors: Errors,
) -> None:
    set_extras(emulator, monkeypatch, require_segment=True)
    await send(TruepushNotifier(**CONTENT, everyone=True), context)
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert "require_segment" in error


async def test_a_dry_run_sends_nothing(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    segment: str,
    monkeypatch: pytest.MonkeyPatch,
    errors: Errors,
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_extras(emulator, monkeypatch, dry_run=True)
    caplog.set_level(logging.INFO)
    await send(TruepushNotifier(**CONTENT, segment_id=segment), context)
    assert emulator.count() == 0
    assert errors() == []
    assert "Dry run, not sent" in caplog.text


async def test_the_link_is_the_tasks_log_unless_given(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str
) -> None:
    await send(TruepushNotifier(title="t", message="m", segment_id=segment), context)
    (request,) = emulator.requests()
    assert request.body["link"] == LOG_PAGE


@deadline_alerts
@pytest.mark.parametrize(
    "dag_run", [{"dag_id": "a b", "dag_run_id": "r/1"}, SimpleNamespace(dag_id="a b", run_id="r/1")]
)
async def test_the_link_of_an_alert_without_a_task_is_the_runs_page(
    emulator: Emulator, send: Call, dag_run: Any, segment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    await send(TruepushNotifier(title="t", message="m", segment_id=segment), {"dag_run": dag_run})
    (request,) = emulator.requests()
    assert request.body["link"] == "https://airflow.example.com/dags/a%20b/runs/r%2F1"


@deadline_alerts
async def test_without_any_page_to_link_to_it_says_so(
    emulator: Emulator,
    send: Call,
    segment: str,
    monkeypatch: pytest.MonkeyPatch,
    errors: Errors,
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "/")
    context = {"ti": SimpleNamespace(log_url="/dags/shop"), "dag_run": None}
    await send(TruepushNotifier(title="t", message="m", segment_id=segment), context)
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert "link" in error


@pytest.mark.parametrize(("phase", "effect"), [*FAULTS, *CONNECTION_FAULTS])
async def test_no_fault_fails_the_task_or_sends_twice(
    own_emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    phase: str,
    effect: str,
    monkeypatch: pytest.MonkeyPatch,
    errors: Errors,
) -> None:
    set_extras(own_emulator, monkeypatch, timeout=0.3)
    segment = own_emulator.add_segment("Operations", 7)
    options: dict[str, Any] = {"code": "DB-ERROR"} if effect == "outcome" else {}
    if effect in ("hang", "delay", "late_commit"):
        options["seconds"] = 0.6
    own_emulator.fault(phase=phase, effect=effect, **options)
    await send(TruepushNotifier(**CONTENT, segment_id=segment), context)
    own_emulator.commit_late()
    assert own_emulator.count() <= 1
    pushes = sum(own_emulator.pushes().values())
    assert pushes <= 1
    said = " ".join(errors())
    if not said:
        assert pushes == 1
    elif "was NOT sent" in said:
        assert pushes == 0
    else:
        assert "MAY have been sent and will not be repeated" in said


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("message", " "),
        ("link", "ftp://example.com"),
        ("buttons", [{"text": "a", "link": "https://a.de/"}] * 3),
        ("tags", "one"),
        ("user_interaction", "maybe"),
        ("image", "no address"),
        ("icon", "no address"),
        ("expires_in", -1),
        ("segment_id", "none of Truepush's"),
        ("truepush_conn_id", "no_such_connection"),
    ],
)
async def test_bad_values_are_named_and_nothing_is_sent(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    segment: str,
    field: str,
    value: Any,
    errors: Errors,
) -> None:
    given = {**CONTENT, "segment_id": segment}
    await send(TruepushNotifier(**{**given, field: "{{ value }}"}), {**context, "value": value})
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert value in error if field == "truepush_conn_id" else field in error


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("link", "ftp://example.com"),
        ("buttons", [{"text": "a", "link": "https://a.de/"}] * 3),
        ("tags", "one"),
        ("user_interaction", "maybe"),
        ("expires_in", 86400),
        ("segment_id", "none of Truepush's"),
        ("truepush_conn_id", ""),
    ],
)
def test_bad_literals_end_the_parsing_of_the_dag_file(segment: str, field: str, value: Any) -> None:
    with pytest.raises(TruepushValidationError, match=field):
        TruepushNotifier(**{**CONTENT, "segment_id": segment, field: value})


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(
    ("template", "sent"),
    [
        ("{{ exception }}", "no space left: 1_000"),
        ("{{ ti.try_number }}", "2"),
        ("{{ exception }} at {{ ti.try_number }}", "no space left: 1_000 at 2"),
        ("0x10", "0x10"),
        ("{{ '+48100200300' }}", "+48100200300"),
        ("5 # off", "5 # off"),
    ],
)
async def test_text_is_text(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    segment: str,
    native: bool,
    template: str,
    sent: str,
) -> None:
    context["dag"] = DAG("shop", schedule=None, render_template_as_native_obj=native)
    context["exception"] = ValueError("no space left: 1_000")
    context["ti"].try_number = 2
    button = Button(template, "https://a.de/")
    await send(
        TruepushNotifier(**{**CONTENT, "message": template}, segment_id=segment, tags=[template], buttons=[button]),
        context,
    )
    (request,) = emulator.requests()
    assert (request.body["message"], request.body["tags"]) == (sent, [sent])
    assert request.body["buttons"] == [{"text": sent, "link": "https://a.de/"}]


async def test_an_expiry_that_renders_to_nothing_is_not_left_out(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str, errors: Errors
) -> None:
    await send(TruepushNotifier(**CONTENT, segment_id=segment, expires_in="{{ none }}"), context)
    assert emulator.count() == 0
    assert "expires_in: was given and is empty" in errors()[-1]


async def test_a_template_that_cannot_be_rendered_is_logged_and_not_sent(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str, errors: Errors
) -> None:
    await send(TruepushNotifier(**{**CONTENT, "title": "{{ nobody.name }}"}, segment_id=segment), context)
    assert emulator.count() == 0
    assert "was NOT sent" in errors()[-1]


async def test_one_notifier_serves_many_tasks(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str
) -> None:
    """Rendering puts results in place of templates: the second task must not get the first one's."""
    notifier = TruepushNotifier(title="{{ ti.task_id }}", message="m", segment_id=segment)
    for task_id in ("first", "second"):
        context["ti"] = SimpleNamespace(task_id=task_id, log_url=f"https://example.com/{task_id}")
        await send(notifier, dict(context))
    bodies = [request.body for request in emulator.requests()]
    assert [body["title"] for body in bodies] == ["first", "second"]
    assert [body["link"] for body in bodies] == ["https://example.com/first", "https://example.com/second"]


@pytest.mark.parametrize("other", ["segment", "segment_id"])
async def test_every_template_field_is_rendered(
    send: Call, context: dict[str, Any], emulator: Emulator, other: str
) -> None:
    templated = "{{ dag.dag_id }}"
    fields = [name for name in TruepushNotifier.template_fields if name != other]
    values: dict[str, Any] = dict.fromkeys(fields, templated)
    values["tags"] = [templated]
    values["buttons"] = [{"text": templated, "link": templated}]
    notifier = TruepushNotifier(**values)
    await send(notifier, context)
    for name in fields:
        assert templated not in repr(getattr(notifier, name))
        assert "shop" in repr(getattr(notifier, name))
    assert emulator.count() == 0


def test_every_argument_but_everyone_is_a_template_field() -> None:
    arguments = set(inspect.signature(TruepushNotifier).parameters) - {"kwargs", "everyone"}
    assert arguments == set(TruepushNotifier.template_fields)


def test_a_deadline_alert_takes_it() -> None:
    callbacks = pytest.importorskip("airflow.sdk.definitions.callback")
    callback = callbacks.AsyncCallback(TruepushNotifier, kwargs={**CONTENT, "everyone": True})
    assert callback.path == "airflow_provider_truepush.notifications.truepush.TruepushNotifier"


async def test_the_triggerer_runs_it_for_a_missed_deadline(emulator: Emulator, segment: str) -> None:
    """With Airflow's own trigger, and the context that its scheduler makes."""
    trigger = pytest.importorskip("airflow.triggers.callback").CallbackTrigger(
        callback_path="airflow_provider_truepush.notifications.truepush.TruepushNotifier",
        callback_kwargs={
            "title": "{{ dag_run.dag_id }} is late",
            "message": "Due at {{ deadline.deadline_time }}",
            "link": "https://example.com/",
            "segment_id": segment,
            "context": {"dag_run": {"dag_id": "shop", "dag_run_id": "r1"}, "deadline": {"deadline_time": "noon"}},
        },
    )
    events = [event.payload["state"] async for event in trigger.run()]
    assert events == ["running", "success"]
    (request,) = emulator.requests()
    assert (request.body["title"], request.body["message"]) == ("shop is late", "Due at noon")


def test_the_function_is_the_class() -> None:
    assert send_truepush_notification is TruepushNotifier


async def test_what_is_no_text_may_come_from_a_template(
    send: Call, context: dict[str, Any], emulator: Emulator, segment: str
) -> None:
    notifier = TruepushNotifier(
        title="Down",
        message="{{ ti.task_id }}",
        segment_id=segment,
        expires_in="{{ 2 }}",  # type: ignore[arg-type]
        user_interaction="{{ True }}",  # type: ignore[arg-type]
        tags="{{ ['a', 'b'] }}",
        buttons="{{ [{'text': 'Look', 'link': 'https://example.com/'}] }}",  # type: ignore[arg-type]
    )
    await send(notifier, context)
    (request,) = emulator.requests("createCampaign")
    assert request.body["buttons"] == [{"text": "Look", "link": "https://example.com/"}]
    assert request.body["userInteraction"] is True
    assert request.body["campaignExpiryTime"] == 2
    assert request.body["tags"] == ["a", "b"]
