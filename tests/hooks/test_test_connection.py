"""The test button: one request, never an exception, never the token."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.client import peers
from tests.contract.driver import CONN_ID, Flavour, connect
from tests.support.tokens import SESSION_TOKEN


def button(flavour: Flavour) -> tuple[bool, str]:
    if flavour == "async":
        result = asyncio.run(TruepushAsyncHook(CONN_ID).test_connection())
    else:
        result = TruepushHook(CONN_ID).test_connection()
    assert SESSION_TOKEN not in result[1]
    return result


def test_a_good_connection(flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    good, text = button(flavour)
    assert good is True
    assert emulator.url in text
    assert [(request.endpoint, request.argument) for request in emulator.requests()] == [("listSegment", "1")]


def test_a_project_without_segments_is_a_good_connection(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("listSegment", effect="outcome", code="SEGMENTS-NOT-FOUND")
    connect(monkeypatch, emulator)
    assert button(flavour)[0] is True
    assert emulator.count() == 1


def test_a_dry_connection_is_tested_all_the_same(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, dry_run=True)
    assert button(flavour)[0] is True
    assert emulator.count() == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"effect": "status", "status": 503}, "503"),
        ({"effect": "429"}, "too many requests"),
        ({"effect": "429", "retry_after": 1}, "too many requests"),
        ({"effect": "fin"}, "listSegment"),
        ({"effect": "html"}, "nginx"),
        ({"effect": "redirect", "location": "https://elsewhere.invalid/"}, "host"),
        ({"effect": "status", "status": 500, "body": "the token is {token}"}, "the token is ***"),
    ],
)
def test_a_bad_answer_is_reported_after_one_request(
    fault: dict[str, Any], said: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "body" in fault:
        fault = {**fault, "body": fault["body"].replace("{token}", SESSION_TOKEN)}
    emulator.fault("listSegment", **fault)
    connect(monkeypatch, emulator)
    good, text = button(flavour)
    assert good is False
    assert said in text
    assert emulator.count() == 1


def test_a_bad_token(flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, token="token-of-no-project")
    good, text = button(flavour)
    assert good is False
    assert "token" in text
    assert "token-of-no-project" not in text
    assert emulator.count() == 1


def test_no_server_listens(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, f"http://127.0.0.1:{peers.closed_port()}")
    good, text = button(flavour)
    assert good is False
    assert "The request was not sent" in text


@pytest.mark.parametrize(
    "given",
    [
        {"password": None},
        {"extra": {"timezone": "Nowhere"}},
        {"host": "localhost", "schema": "ftp"},
        {"host": "user:{token}@localhost"},
        {"host": "no host"},
    ],
)
def test_a_bad_connection_raises_nothing(
    given: dict[str, Any], flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps({"conn_type": "truepush", "password": SESSION_TOKEN, **given})
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_SUITE", text.replace("{token}", SESSION_TOKEN))
    good, text = button(flavour)
    assert good is False
    assert CONN_ID in text


def test_a_connection_that_does_not_exist_raises_nothing(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_TRUEPUSH_SUITE", raising=False)
    good, text = button(flavour)
    assert good is False
    assert text


def test_the_test_leaves_the_hook_as_it_was(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, max_attempts=4)
    with TruepushHook(CONN_ID) as hook:
        assert hook.test_connection()[0]
        assert hook.settings.max_attempts == 4
