"""The fields of a notification: links, templates, and values that are refused."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseNotifier

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from tests.notifications.sends import CONTENT, LOG_PAGE, Call, Errors, context, errors, segment, send

__all__ = ["context", "errors", "segment", "send"]

#: Airflow 2 has no deadline alerts, and its notifiers fail without a Dag in the context.
deadline_alerts = pytest.mark.skipif(
    not hasattr(BaseNotifier, "__await__"), reason="deadline alerts came with Airflow 3"
)


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


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", None),
        ("message", " "),
        ("message", ""),
        ("message", None),
        ("link", "ftp://example.com"),
        ("link", None),
        ("buttons", [{"text": "a", "link": "https://a.de/"}] * 3),
        ("buttons", [{"text": "None", "link": "https://a.de/"}]),
        ("tags", ["None"]),
        ("tags", "one"),
        ("user_interaction", "maybe"),
        ("image", "no address"),
        ("icon", "no address"),
        ("expires_in", -1),
        ("segment_id", "none of Truepush's"),
        ("segment_id", ""),
        ("truepush_conn_id", "no_such_connection"),
    ],
)
async def test_bad_values_are_reported_and_nothing_is_sent(
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


@pytest.mark.parametrize("native", [False, True])
async def test_a_template_may_render_to_an_empty_list_or_false(
    emulator: Emulator, send: Call, context: dict[str, Any], segment: str, native: bool
) -> None:
    """Before 3.3, Airflow's notifiers keep the template itself when what it renders to is empty."""
    context["dag"] = DAG("shop", schedule=None, render_template_as_native_obj=native)
    given: dict[str, Any] = {"tags": "{{ [] }}", "buttons": "{{ [] }}", "user_interaction": "{{ False }}"}
    await send(TruepushNotifier(**CONTENT, segment_id=segment, **given), context)
    (request,) = emulator.requests()
    assert request.body == {**CONTENT, "segment": segment, "userInteraction": False}


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


async def test_lists_and_numbers_may_come_from_a_template(
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
