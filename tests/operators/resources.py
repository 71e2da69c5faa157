"""What the tests of the operators for templates, triggers and segments share."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.support.tokens import SESSION_TOKEN

UNKNOWN = "0123456789abcdef01234567"
#: Faults that strike a create after the server has carried it out, with what they need.
DONE_BUT_UNANSWERED: list[dict[str, Any]] = [
    {"effect": "fin"},
    {"effect": "rst"},
    {"effect": "truncate"},
    {"effect": "cut_json"},
    {"effect": "status", "phase": "after_commit", "status": 502},
    {"effect": "html", "phase": "after_commit"},
    {"effect": "garbage", "phase": "after_commit"},
    {"effect": "outcome", "phase": "after_commit", "code": "DB-ERROR"},
]
#: Faults after which it was not carried out, though nothing says so.
NOT_DONE_AND_UNANSWERED: list[dict[str, Any]] = [
    {"effect": "fin", "phase": "before_commit"},
    {"effect": "rst", "phase": "before_read"},
    {"effect": "status", "status": 503},
    {"effect": "outcome", "code": "DB-ERROR"},
    {"effect": "late_commit", "clock": "manual"},
    {"effect": "redirect"},
]


def fault_name(fault: dict[str, Any]) -> str:
    return "-".join(str(value) for value in fault.values())


Connect = Callable[..., None]
Said = Callable[[], str]


@pytest.fixture(name="emulator")
def emulator_fixture() -> Iterator[Emulator]:
    with Emulator(token=SESSION_TOKEN, timezone="Europe/Berlin", page_size=2) as emulator:
        yield emulator


@pytest.fixture(name="connect")
def connect_fixture(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Sets extras of the connection to the emulator."""

    def connect(**extra: Any) -> None:
        parts = json.loads(emulator.connection_json)
        parts["extra"] |= {"max_attempts": 1, "timeout": 5, **extra}
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(parts))

    connect()
    return connect


@pytest.fixture(autouse=True)
def _connected(connect: Connect) -> None: ...


@pytest.fixture(name="said")
def said_fixture(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Said:
    """Everything logged since it was last asked: Airflow 3 writes what a task logs to standard output."""
    caplog.set_level(logging.INFO)

    def said() -> str:
        text = caplog.text + capsys.readouterr().out
        caplog.clear()
        return text

    return said


def sent(emulator: Emulator, *endpoints: str) -> list[str]:
    """The names of the requests so far, in order; only those that change something, or the given ones."""
    changes = ("createTemplate", "createTrigger", "deleteTemplate", "deleteTrigger", "deleteSegment", "triggerStatus")
    return [row.endpoint for row in emulator.requests() if row.endpoint in (endpoints or changes)]


def rendered_in(kind: type[Any], context: dict[str, Any], *, native: bool = False, **arguments: Any) -> Any:
    """An operator in a DAG, with its template fields rendered as Airflow does it before it executes."""
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        operator = kind(task_id="a_task", **arguments)
    operator.render_template_fields(context)
    return operator


def templated(arguments: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Every argument as a template, and the context that renders it."""
    return {name: f"{{{{ values.{name} }}}}" for name in arguments}, {"values": arguments}


def fail_lists_after_one_look(emulator: Emulator, kind: str, name: str = "Weekly") -> None:
    """One look for a name works, and every request for a list after it fails."""
    endpoint = f"list{kind.capitalize()}"
    with TruepushHook("truepush_default") as hook:
        getattr(hook, f"find_{kind}s")(name=name)
    pages = emulator.count(endpoint)
    emulator.clear_requests()
    emulator.fault(endpoint, nth=range(pages + 1, pages + 50), effect="status", status=503)
