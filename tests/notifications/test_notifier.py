"""The notifier: whom it reaches, what it says when it fails, and that it never fails a task."""

from __future__ import annotations

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat import connection as connections
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.emulator import CONNECTION_FAULTS, FAULTS, Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.notifications.truepush import TruepushNotifier, send_truepush_notification
from tests.notifications.sends import CONTENT, Call, Errors, call, context, errors, segment, send, set_extras
from tests.support.tokens import SESSION_TOKEN

__all__ = ["context", "errors", "segment", "send"]


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


@pytest.mark.parametrize(
    ("fields", "fault", "outcome"),
    [
        ({}, None, ""),
        ({}, {"effect": "garbage"}, "MAY have been sent"),
        ({}, {"status": 401}, "MAY have been sent"),
        ({"message": "{{ ti.nothing_of_the_kind }}"}, None, "was NOT sent"),
        ({"message": "{{ 1 // 0 }}"}, None, "was NOT sent"),
        ({"message": f"{{{{ '{SESSION_TOKEN}'.nothing }}}}"}, None, "was NOT sent"),
        ({"link": f"{{{{ '{SESSION_TOKEN}' + 1 }}}}"}, None, "was NOT sent"),
        ({"link": f"{{{{ '{SESSION_TOKEN}' }}}}"}, None, "was NOT sent"),
        ({"expires_in": f"{{{{ '{SESSION_TOKEN}' }}}}"}, None, "was NOT sent"),
        ({"title": "Failed", "truepush_conn_id": "{{ none }}"}, None, "was NOT sent"),
        ({"title": "Failed", "truepush_conn_id": "truepush_nowhere"}, None, "was NOT sent"),
    ],
)
async def test_it_reads_the_connection_once_at_most_and_shows_no_token(
    fields: dict[str, Any],
    fault: dict[str, Any] | None,
    outcome: str,
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    segment: str,
    errors: Errors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads: list[str] = []
    from_airflow, from_airflow_async = BaseHook.get_connection, connections.get_async_connection

    def read(conn_id: str) -> Any:
        reads.append(conn_id)
        return from_airflow(conn_id)

    async def read_async(conn_id: str, hook: Any) -> Any:
        if isinstance(hook, TruepushAsyncHook):  # a missing connection is looked up in a thread too, with another one
            reads.append(conn_id)
        return await from_airflow_async(conn_id, hook=hook)

    if send is call:
        monkeypatch.setattr(BaseHook, "get_connection", staticmethod(read))
    else:
        monkeypatch.setattr(connections, "get_async_connection", read_async)
    if fault is not None:
        emulator.fault("createCampaign", **fault)
    token = {"title": SESSION_TOKEN, "message": SESSION_TOKEN}
    await send(TruepushNotifier(**{**CONTENT, **token, "segment_id": segment, **fields}), context)
    said = errors()
    assert (outcome in said[0]) if outcome else not said, said
    assert len(reads) <= 1
    assert SESSION_TOKEN not in " ".join(said)


async def test_it_hides_the_token_of_a_connection_that_cannot_be_used(
    emulator: Emulator, send: Call, context: dict[str, Any], errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_extras(emulator, monkeypatch, timezone="Mars/Olympus")
    await send(TruepushNotifier(**{**CONTENT, "title": SESSION_TOKEN, "everyone": True}), context)
    (line,) = errors()
    assert "Truepush notification '***' was NOT sent: " in line
    assert "Mars/Olympus" in line


class TextlessError(Exception):
    """An error whose text cannot be read."""

    def __str__(self) -> str:
        raise ValueError("no text")


async def test_it_logs_an_error_that_has_no_text(send: Call, context: dict[str, Any], errors: Errors) -> None:
    def fails(*_: object) -> None:
        raise TextlessError

    context["fails"] = fails
    await send(TruepushNotifier(**{**CONTENT, "message": "{{ fails() }}", "everyone": True}), context)
    (line,) = errors()
    assert "Truepush notification 'Failed' was NOT sent: TextlessError" in line


def test_the_function_is_the_class() -> None:
    assert send_truepush_notification is TruepushNotifier
