"""The connection's fields: declared once, and the same wherever Airflow reads them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Connection

from airflow_provider_truepush.api.connection.form import EXTRAS
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from airflow_provider_truepush.provider_info import get_provider_info
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import SENT
from tests.support.tokens import SESSION_TOKEN

NAMES = [
    "timezone",
    "timeout",
    "requests_per_second",
    "rate_limit_conn_id",
    "rate_limit_share",
    "max_attempts",
    "retry_budget",
    "dry_run",
    "require_segment",
    "verify",
    "cert",
    "proxies",
]


def connection_type() -> dict[str, Any]:
    (entry,) = get_provider_info()["connection-types"]
    return dict(entry)


def test_the_provider_info_has_a_field_for_every_declared_extra() -> None:
    entry = connection_type()
    assert list(entry["conn-fields"]) == [extra.name for extra in EXTRAS] == NAMES
    for extra in EXTRAS:
        field = entry["conn-fields"][extra.name]
        assert (field["label"], field["description"]) == (extra.label, extra.description)
        assert field["schema"]["type"] == [extra.kind, "null"]
        assert field["schema"].get("default") == extra.default
        json.dumps(field)


def test_the_hook_says_the_same_of_the_standard_fields() -> None:
    behaviour = TruepushHook.get_ui_field_behaviour()
    declared = connection_type()["ui-field-behaviour"]
    assert behaviour["hidden_fields"] == declared["hidden-fields"]
    assert behaviour["relabeling"] == declared["relabeling"]
    assert behaviour["placeholders"] == declared["placeholders"]
    # An empty port fails the UI's test button where the field is hidden.
    assert "port" not in behaviour["hidden_fields"]
    assert behaviour["relabeling"]["password"] == "Token"


@pytest.mark.parametrize("hook", [TruepushHook, TruepushAsyncHook])
def test_the_hooks_say_what_they_are(hook: type[Any]) -> None:
    entry = connection_type()
    assert (
        (hook.conn_type, hook.hook_name) == (entry["connection-type"], entry["hook-name"]) == ("truepush", "Truepush")
    )
    assert (hook.conn_name_attr, hook.default_conn_name) == ("truepush_conn_id", "truepush_default")
    assert entry["hook-class-name"] == f"{TruepushHook.__module__}.{TruepushHook.__qualname__}"
    assert hook().truepush_conn_id == "truepush_default"


@pytest.mark.skipif(
    find_spec("flask_appbuilder") is None, reason="flask_appbuilder, with which Airflow before 3.2 draws the form"
)
def test_the_hooks_widgets_are_the_declared_extras() -> None:
    widgets = TruepushHook.get_connection_form_widgets()
    assert list(widgets) == NAMES


def test_the_forms_defaults_are_those_that_hold(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    bare = TruepushHook(CONN_ID).settings
    defaults = {extra.name: extra.default for extra in EXTRAS if extra.default is not None}
    connect(monkeypatch, emulator, **defaults)
    assert TruepushHook(CONN_ID).settings == bare


def test_a_form_left_empty_is_a_form_not_filled_in(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    bare = TruepushHook(CONN_ID).settings
    for nothing in ("", None):
        connect(monkeypatch, emulator, **dict.fromkeys(NAMES, nothing))
        assert TruepushHook(CONN_ID).settings == bare


@pytest.mark.parametrize(
    ("host", "schema", "port", "url"),
    [
        (None, None, None, "https://api.truepush.com"),
        ("app.truepush.com", None, None, "https://app.truepush.com"),
        ("app.truepush.com", "http", 8080, "http://app.truepush.com:8080"),
        ("https://app.truepush.com/", None, None, "https://app.truepush.com"),
        ("http://localhost:8080/base", "https", None, "http://localhost:8080/base"),
        ("::1", None, 8443, "https://[::1]:8443"),
    ],
)
def test_https_is_the_default_and_every_part_can_be_set(
    host: str | None, schema: str | None, port: int | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"conn_type": "truepush", "host": host, "schema": schema, "port": port, "password": SESSION_TOKEN}
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_SUITE", json.dumps(given))
    assert TruepushHook(CONN_ID).settings.base_url == url


@pytest.mark.parametrize("form", ["uri", "json", "connection-uri"])
def test_a_connection_in_every_form_that_airflow_knows(
    form: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"timezone": "Europe/Berlin", "max_attempts": 2, "dry_run": False, "proxies": {"https": "http://p:3128"}}
    whole = Connection(
        conn_id=CONN_ID,
        conn_type="truepush",
        host="127.0.0.1",
        schema="http",
        port=emulator.port,
        password=SESSION_TOKEN,
        extra=json.dumps(extra),
    )
    query = "timezone=Europe%2FBerlin&max_attempts=2&dry_run=False"
    flat = f"truepush://:{SESSION_TOKEN}@127.0.0.1:{emulator.port}/http?{query}"
    given = {
        "uri": flat,
        "json": json.dumps({**json.loads(emulator.connection_json), "extra": extra}),
        "connection-uri": whole.get_uri(),
    }
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_SUITE", given[form])

    assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
    settings = TruepushHook(CONN_ID).settings
    assert emulator.requests()[0].authorised
    assert (settings.base_url, settings.max_attempts, settings.dry_run) == (emulator.url, 2, False)
    assert str(settings.timezone) == "Europe/Berlin"


def test_the_emulators_own_connections_work(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in (emulator.connection_uri, emulator.connection_json):
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_SUITE", text)
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
    assert [request.authorised for request in emulator.requests()] == [True, True]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"timezone": "Berlin/Europe"}, "extra.timezone"),
        ({"timeout": "soon"}, "extra.timeout"),
        ({"timeout": 0}, "extra.timeout"),
        ({"max_attempts": 1.5}, "extra.max_attempts"),
        ({"max_attempts": 0}, "extra.max_attempts"),
        ({"requests_per_second": -1}, "extra.requests_per_second"),
        ({"retry_budget": -1}, "extra.retry_budget"),
        ({"dry_run": "perhaps"}, "extra.dry_run"),
        ({"cert": ["a", "b", "c"]}, "extra.cert"),
        ({"proxies": "socks5://proxy:1080"}, "extra.proxies"),
    ],
)
def test_a_bad_extra_is_named_with_its_connection(
    extra: dict[str, Any], said: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, **extra)
    told = attempt(flavour, CONN_ID, "get_campaign_stats", SENT)
    assert told.name == "TruepushValidationError"
    assert said in str(told.error)
    assert CONN_ID in str(told.error)
    assert emulator.count() == 0


@pytest.mark.parametrize("token", ["", "  ", "to ken", "tok\nen", "tökén"])
def test_a_token_that_cannot_be_one_is_refused(
    token: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, token=token)
    told = attempt(flavour, CONN_ID, "get_campaign_stats", SENT)
    assert told.name == "TruepushAuthError"
    assert CONN_ID in str(told.error)
    assert not token.strip() or token not in str(told.error)
    assert emulator.count() == 0
