"""A server or a proxy that returns the token in another form does not bring it into errors."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from tests.client import peers
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT

TOKEN = "ab/cd+ef9h" + "Kx7" * 8 + "=="
#: What a text would show of it.
PARTS = (
    "Kx7Kx7",
    "kx7kx7",
    "4b7837",
    b64encode(TOKEN.encode()).decode()[12:24],
    b64encode(b"u:" + TOKEN.encode()).decode()[12:24],
)
PAGES = {
    "slash": json.dumps({"status": "ERROR", "message": TOKEN}).replace("/", "\\/").encode(),
    "Basic": b"Authorization: Basic " + b64encode(b"u:" + TOKEN.encode()),
    "Base64": b64encode(TOKEN.encode()),
    "percent": TOKEN.replace("/", "%2f").replace("+", "%2b").encode(),
    "entities": f"<html>{TOKEN.replace('/', '&#x2F;')}</html>".encode(),
    "UTF-16": TOKEN.encode("utf-16"),
    "wrapped": f"{TOKEN[:9]}\r\n {TOKEN[9:]}".encode(),
}  # fmt: skip


@pytest.mark.parametrize("status", [b"502 Bad Gateway", b"400 Bad Request"])
@pytest.mark.parametrize("page", PAGES)
def test_no_error_shows_a_token_in_another_form(
    page: str, status: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers(PAGES[page], status=status)) as peer:
        connect(monkeypatch, peer.url, token=TOKEN, max_attempts=1)
        errors = [
            attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN).error,
            attempt(flavour, CONN_ID, "get_campaign_stats", SENT).error,
        ]
        texts = [f"{error!r} {vars(error)}" for error in errors] + [str(call(flavour, CONN_ID, "test_connection"))]
        assert len(peer.requests) == 3
    for text in texts:
        assert "***" in text
        assert [part for part in PARTS if part in text] == []


@pytest.mark.parametrize("code", [TOKEN, "x" * 5_000, "API-LIMIT-EXCEEDED"])
def test_the_code_of_an_error_is_short_and_without_the_token(
    code: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"status_code": 429, "status": "ERROR", "message": "", "data": code}
    with Peer(peers.answers(json.dumps(body).encode())) as peer:
        connect(monkeypatch, peer.url, token=TOKEN if code == TOKEN else "EXCEEDED", max_attempts=1)
        for method, argument in (("get_campaign_stats", SENT), ("create_campaign", CAMPAIGN)):
            error = attempt(flavour, CONN_ID, method, argument).error
            assert error is not None
            shown = getattr(error, "code", None)
            assert shown == {TOKEN: "***", "API-LIMIT-EXCEEDED": code}.get(code, "x" * 200 + "…")


@pytest.mark.parametrize("form", [TOKEN, b64encode(TOKEN.encode()).decode(), TOKEN.encode().hex()])
def test_neither_the_log_of_a_row_nor_the_error_for_a_counter_shows_it(
    form: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows, counters = [{"_id": "", "title": f"{form} {flavour}"}, {"_id": form, "name": flavour}], {"Reach": form}
    for method, data in (("list_segments", rows), ("get_campaign_stats", counters)):
        body = {"status_code": 200, "status": "SUCCESS", "message": "", "data": data}
        with Peer(peers.answers(json.dumps(body).encode())) as peer:
            connect(monkeypatch, peer.url, token=TOKEN, max_attempts=1)
            error = attempt(flavour, CONN_ID, method, *([] if data is rows else [SENT])).error
            assert error is not None
    assert error.__context__ is None
    assert "without a valid id" in caplog.text
    for text in (caplog.text, str(error)):
        assert "***" in text
        assert [part for part in (form[:8], form[-8:]) if part in text] == []
