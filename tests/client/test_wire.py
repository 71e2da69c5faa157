"""What goes over the wire, and what the machine around us may not change about it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.client import peers
from tests.client.heads import head_of
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT, USES, furnish
from tests.support.tokens import SESSION_TOKEN

ODD_EXTRAS: dict[str, Any] = {"X-Header": "do-not-send", "headers": {"X-Other": "nor-this"}, "team": 9, "auth": "b"}


@pytest.mark.parametrize(
    ("method", "args", "line"),
    [
        ("get_campaign_stats", (SENT,), f"GET /api/v1/campaignStats/{SENT} HTTP/1.1"),
        ("cancel_campaign", (SENT,), f"PUT /api/v1/cancelCampaign/{SENT} HTTP/1.1"),
        ("set_trigger_status", (SENT, "active"), f"PUT /api/v1/triggerStatus/{SENT} HTTP/1.1"),
        ("delete_template", (SENT,), f"DELETE /api/v1/deleteTemplate/{SENT} HTTP/1.1"),
        ("create_campaign", (CAMPAIGN,), "POST /api/v1/createCampaign HTTP/1.1"),
    ],
)
def test_only_the_documented_headers_are_sent(
    method: str, args: tuple[Any, ...], line: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url, max_attempts=1, **ODD_EXTRAS)
        attempt(flavour, CONN_ID, method, *args)
        (request,) = peer.requests

    headers = head_of(request)
    assert request.decode().splitlines()[0] == line
    # The bare token: no Bearer, no Basic.
    assert headers["authorization"] == SESSION_TOKEN
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("airflow-provider-truepush/")
    usual = {"host", "authorization", "content-type", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers.keys() - usual <= {"content-length"}
    assert b"do-not-send" not in request
    assert b"nor-this" not in request


def test_unknown_extras_are_warned_about_once(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    conn_id = f"truepush_with_odd_extras_{flavour}"  # of which nothing was said yet
    connect(monkeypatch, emulator, conn_id, **ODD_EXTRAS)

    assert call(flavour, conn_id, "list_segments")
    assert call(flavour, conn_id, "list_segments")

    warnings = [row.getMessage() for row in caplog.records if "has extras" in row.getMessage()]
    assert emulator.count() == 4
    assert len(warnings) == 1
    assert all(name in warnings[0] for name in ODD_EXTRAS)
    assert "do-not-send" not in caplog.text


def test_no_log_of_any_level_has_the_token(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    furnish(emulator)
    emulator.fault("campaignStats", effect="status", body=f"your token {SESSION_TOKEN} is tired", nth=1)
    connect(monkeypatch, emulator, timezone="UTC", max_attempts=2)
    with caplog.at_level(logging.DEBUG):
        for use in USES.values():
            attempt(flavour, CONN_ID, use.method, *use.args)

    assert "is tired" in caplog.text
    assert SESSION_TOKEN not in caplog.text
    assert not any(SESSION_TOKEN in f"{row.__dict__}" for row in caplog.records)


@pytest.mark.parametrize("token", ["shop", "t", "a", "5", pytest.param(SESSION_TOKEN, id="long")])
def test_data_with_the_token_is_returned_unchanged(
    token: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"_id": f"{number:024x}", "name": f"{token} news {number} {token}"} for number in range(3)]
    body = json.dumps({"status_code": 200, "status": "SUCCESS", "message": token, "data": rows}).encode()
    pages = iter([body, b'{"status_code": 204, "data": "SEGMENTS-NOT-FOUND"}'])

    def serve(peer: Peer, connection: Any) -> None:
        while peer.read(connection):
            page = next(pages)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(page) + page)

    with Peer(serve) as peer:
        connect(monkeypatch, peer.url, token=token)
        assert [row.name for row in call(flavour, CONN_ID, "list_segments")] == [row["name"] for row in rows]


@pytest.mark.parametrize("token", ["shop", "t", "e", pytest.param(SESSION_TOKEN, id="long")])
def test_an_error_hides_a_quoted_token_and_stays_readable(
    token: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"status_code": 400, "status": "ERROR", "message": f"No: {token}.", "data": "BAD-REQUEST"})
    with Peer(peers.answers(body.encode())) as peer:
        connect(monkeypatch, peer.url, token=token, max_attempts=1)
        outcome = attempt(flavour, CONN_ID, "list_segments")
    assert outcome.name == "TruepushBadRequestError"
    assert str(outcome.error).startswith(
        'GET /api/v1/listSegment/1: Truepush refused the request (it answered: "No: ***."). Only this list request'
    )


def test_a_netrc_file_does_not_replace_the_token(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login any password body\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    connect(monkeypatch, emulator)

    assert call(flavour, CONN_ID, "list_segments")
    outcome = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)

    assert outcome.error is None
    assert all(request.authorised for request in emulator.requests())


def test_the_hook_can_be_used_again_after_it_was_closed(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    hook = TruepushHook(CONN_ID)
    for _ in range(2):
        assert hook.get_campaign_stats(SENT) is None
        hook.close()
        hook.close()
    assert emulator.count() == 2


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_a_token_in_an_answer_that_is_not_http_is_hidden(
    method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    def echo(peer: Peer, connection: Any) -> None:
        peer.read(connection)
        connection.sendall(f"HTTP/{SESSION_TOKEN} is what you sent\r\n\r\n".encode())

    with Peer(echo) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        # `attempt` searches the error, and what caused it, for the token.
        outcome = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
    assert outcome.name == "TruepushAmbiguousError"
    assert "valid HTTP" in str(outcome.error) or "***" in str(outcome.error)


def test_the_body_of_a_redirect_proves_nothing(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    handler = peers.answers(peers.CREATED, status=b"302 Found", headers=b"Location: /elsewhere\r\n")
    with Peer(handler) as peer:
        connect(monkeypatch, peer.url)
        assert attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN).name == "TruepushAmbiguousError"
        assert len(peer.requests) == 1


@pytest.mark.parametrize("headers", [b"Content-Length: 0\r\n", b""])
def test_an_empty_204_says_that_the_name_of_a_trigger_is_taken(
    headers: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.says(b"HTTP/1.1 204 No Content\r\n" + headers + b"\r\n")) as peer:
        connect(monkeypatch, peer.url)
        outcome = attempt(flavour, CONN_ID, "create_trigger", USES["createTrigger"].args[0])
        assert outcome.name == "TruepushBadRequestError"


@pytest.mark.parametrize("headers", [b"Content-Length: 147\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_204_with_a_body_does_not_say_that_a_trigger_was_refused(
    headers: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = peers.CREATED.replace(b"Campaign", b"Trigger").replace(b"CAMPAIGN-CREATED", b"TRIGGER-ADDED")
    with Peer(peers.says(b"HTTP/1.1 204 No Content\r\n" + headers + b"\r\n" + body)) as peer:
        connect(monkeypatch, peer.url)
        outcome = attempt(flavour, CONN_ID, "create_trigger", USES["createTrigger"].args[0])
        assert outcome.name == "TruepushAmbiguousError"
        assert len(peer.requests) == 1
