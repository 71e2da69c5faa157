"""What the tests of the operators for templates, triggers and segments share."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

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


def before_the_next(emulator: Emulator, endpoint: str, action: Callable[[], object]) -> None:
    """Have something happen when the next request to an endpoint arrives, before it is handled."""

    def once() -> None:
        emulator.before_request(endpoint, None)
        action()

    emulator.before_request(endpoint, once)


@contextmanager
def one_connection_only(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the hook connect once: the address leads to the emulator, and then refuses every further connection."""
    before = os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"]
    host, port = urlsplit(emulator.url).hostname, urlsplit(emulator.url).port
    with socket.create_server(("127.0.0.1", 0)) as listener, monkeypatch.context() as patch, ExitStack() as opened:
        address = {"host": "127.0.0.1", "port": listener.getsockname()[1]}
        patch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps({**json.loads(before), **address}))

        def lead() -> None:
            ours = opened.enter_context(listener.accept()[0])
            listener.close()
            theirs = opened.enter_context(socket.create_connection((host, port)))
            threading.Thread(target=_pump, args=(theirs, ours), daemon=True).start()
            _pump(ours, theirs)

        threading.Thread(target=lead, daemon=True).start()
        yield


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


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
