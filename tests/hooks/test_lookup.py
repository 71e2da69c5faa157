"""What Airflow raises when a connection is looked up is a typed error that says what was not sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushConnectionLookupError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN, SENT, USES

METHODS: list[tuple[str, tuple[Any, ...]]] = [
    ("get_campaign_stats", (SENT,)),
    ("create_campaign", (CAMPAIGN,)),
    ("cancel_campaign", (SENT,)),
    ("list_segments", ()),
]


@pytest.mark.parametrize(("method", "args"), METHODS)
def test_a_connection_that_does_not_exist(
    method: str, args: tuple[Any, ...], flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = attempt(flavour, "truepush_nowhere", method, *args)
    assert type(told.error) is TruepushConnectionLookupError
    assert "Connection 'truepush_nowhere' could not be looked up" in str(told.error)
    assert "Nothing was sent to Truepush with it." in str(told.error)


class AwayError(Exception):
    """As ``AirflowRuntimeError``, which an API server that is away makes of itself."""


@pytest.mark.parametrize(
    "error", [AwayError("API_SERVER_ERROR: 503"), AirflowNotFoundException("x"), OSError(), ValueError("y")]
)
async def test_whatever_airflow_raises(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr("airflow.providers.common.compat.sdk.BaseHook.get_connection", raises)
    monkeypatch.setattr("airflow.providers.common.compat.connection.get_async_connection", raises)
    with pytest.raises(TruepushConnectionLookupError, match=type(error).__name__) as caught:
        _ = TruepushHook(CONN_ID).settings
    assert caught.value.__suppress_context__
    with pytest.raises(TruepushConnectionLookupError, match=type(error).__name__):
        await TruepushAsyncHook(CONN_ID).get_settings()


@pytest.mark.parametrize("extra", ['{"dry_run": true', "dry_run=true", "[1]", '"dry_run"', "true"])
def test_extras_that_are_not_an_object_are_refused(
    extra: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"conn_type": "truepush", "host": "localhost", "schema": "http", "password": "a-token", "extra": extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(given))
    told = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)
    assert told.name in ("TruepushValidationError", "TruepushConnectionLookupError"), told.error
    assert CONN_ID in str(told.error)


@pytest.mark.parametrize("how", ["extra", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(("method", "args"), METHODS)
def test_a_bundle_that_is_none_is_named(
    method: str, args: tuple[Any, ...], how: str, flavour: Flavour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificate")
    if how == "extra":
        connect(monkeypatch, "https://localhost:1", verify=str(bundle))
    else:
        monkeypatch.setenv(how, str(bundle))
        connect(monkeypatch, "https://localhost:1")
    told = attempt(flavour, CONN_ID, method, *args)
    assert told.name == "TruepushValidationError", told.error
    assert str(bundle) in str(told.error)
    assert (f"environment variable {how}" if how != "extra" else "extra.verify") in str(told.error)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, "No time zone is set"),
        ({"timezone": "UTC", "dry_run": True}, "Dry run is ON"),
        ({"timezone": "UTC", "dry_run": "yes"}, "Dry run is ON"),
        ({"timezone": "UTC", "colour": "red", "stream": True}, "Unknown extras are ignored: colour, stream."),
        ({"timezone": "UTC", "require_segment": True}, "without a segment are refused"),
        ({"timezone": "UTC", "verify": False}, "NOT verified"),
    ],
)
def test_the_test_button_says_what_else_is_so(
    extra: dict[str, Any], said: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, **extra)
    told = attempt(flavour, CONN_ID, "test_connection")
    assert told.value[0] is True
    assert said in told.value[1]


def test_the_test_button_says_nothing_more_of_a_plain_connection(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, timezone="UTC")
    good, text = attempt(flavour, CONN_ID, "test_connection").value
    assert good
    assert text.endswith("and accepted the token.")


@pytest.mark.parametrize(
    "extra",
    [
        *({name: True} for name in ("dryrun", "dry-run", "require_segments", "extra__truepush__dry_run")),
        *({name: True} for name in ("send_nothing", "don't_send", "not_live", "not_to_all")),
        *({"production": False}, {"dry_run: true": None}, {"flags": ["dry_run"]}, {"headers": {"X-Dry-Run": "1"}}),
        *({"extra": {name: True}} for name in ("require_segments", "drryrun", "test_mode", "extra__truepush__dry_run")),
    ],
    ids=str,
)
def test_the_test_button_fails_for_a_misspelled_extra(
    extra: dict[str, Any], flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, **extra)
    good, text = attempt(flavour, CONN_ID, "test_connection").value
    assert good is False
    assert "Write `dry_run" in text or "Write `require_segment`" in text
    assert attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN).name == "TruepushValidationError"
    assert emulator.count() == 0


#: What an error means that keeps a request from being sent.
MEANINGS = {
    "createCampaign": "Nothing was sent.",
    "createTemplate": "The template was not created.",
    "createTrigger": "The trigger was not created.",
    "cancelCampaign": "Nothing was canceled.",
    "triggerStatus": "Nothing was changed.",
    **dict.fromkeys(("deleteSegment", "deleteTemplate", "deleteTrigger"), "Nothing was deleted."),
}


@pytest.mark.parametrize("name", USES)
def test_what_a_connection_without_a_token_means_for_the_request(
    name: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "https://localhost:1", "without", token="")
    outcome = attempt(flavour, "without", USES[name].method, *USES[name].args)
    meaning = MEANINGS.get(name, "Nothing was fetched.")
    assert str(outcome.error).startswith(f"Connection 'without': The connection has no token. {meaning} Put ")


def test_what_a_certificate_that_is_missing_means_for_a_list(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "https://localhost:1", "broken", verify="/nowhere.pem")
    outcome = attempt(flavour, "broken", "list_segments")
    assert " got '/nowhere.pem'. Nothing was fetched." in str(outcome.error)
