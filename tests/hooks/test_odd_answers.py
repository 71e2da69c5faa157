"""Contradictory answers and odd rows, over a socket, through both hooks."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

import pytest

from tests.api.support import COUNTERS, ID, OTHER_ID
from tests.client.fuzzing import scripted
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SENT

CREATES = {"create_campaign": CAMPAIGN, "create_template": NEW_TEMPLATE, "create_trigger": NEW_TRIGGER}
CREATED = f"Campaign Created Successfully with id:{ID}"


def http(status: int, body: Any, headers: str = "") -> bytes:
    """An answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(raw)}\r\n\r\n".encode() + raw


def envelope(code: Any, number: Any = 200, status: Any = "ERROR", message: Any = "x") -> dict[str, Any]:
    """A body."""
    return {"status_code": number, "status": status, "message": message, "data": code}


DOUBTFUL: dict[str, bytes] = {
    "success that names a limit": http(200, envelope("API-LIMIT-EXCEEDED", 200, "SUCCESS", CREATED)),
    "success that names bad data": http(200, envelope("BAD-REQUEST", 200, "SUCCESS", CREATED)),
    "limit with an id": http(429, envelope("API-LIMIT-EXCEEDED", 429, "ERROR", CREATED)),
    "408": http(408, {"status_code": 400}),
    "302": http(302, {"status_code": 400}, "Location: http://elsewhere.invalid/\r\n"),
    "307": http(307, {"status_code": 400}, "Location: http://elsewhere.invalid/\r\n"),
    "gateway 400": http(400, {"status": "ERROR", "message": "Bad gateway input"}),
    "gateway 401": http(401, {"status": "ERROR", "message": "Unauthorized"}),
    "gateway 403": http(403, {"status": "ERROR", "message": "Forbidden"}),
    "bare 429": http(429, b"", "Retry-After: 1\r\n"),
    "gateway 429": http(429, {"status": "ERROR", "message": "Slow down"}),
    "bare 401": http(401, b""),
    "another endpoint's code": http(400, envelope("NO-STATS-FOUND", 400)),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "bad data": (http(400, envelope("BAD-REQUEST", 400)), "TruepushBadRequestError"),
    "bad data as documented": (http(401, envelope("BAD-REQUEST", 400)), "TruepushBadRequestError"),
    "bad data under 200": (http(200, envelope("BAD-REQUEST", 400)), "TruepushBadRequestError"),
    "no token": (http(401, envelope("TOKEN-NOT-FOUND", 401)), "TruepushAuthError"),
    "limit": (http(429, envelope("API-LIMIT-EXCEEDED", 429), "Retry-After: 7\r\n"), "TruepushRateLimitError"),
}


def created_by(
    answer: bytes, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, list[bytes]]:
    script = deque([answer, answer, answer])
    with Peer(scripted(script)) as peer:
        connect(monkeypatch, peer.url, timezone="UTC")
        return attempt(flavour, CONN_ID, method, CREATES[method]), peer.requests


@pytest.mark.parametrize("method", CREATES)
@pytest.mark.parametrize("kind", DOUBTFUL)
def test_a_contradictory_answer_to_a_create_is_doubt(
    kind: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, requests = created_by(DOUBTFUL[kind], method, flavour, monkeypatch)
    assert told.name == "TruepushAmbiguousError"
    assert "may or may not have been created" in str(told.error)
    assert len(requests) == 1


@pytest.mark.parametrize("method", CREATES)
@pytest.mark.parametrize("kind", REFUSED)
def test_a_unanimous_refusal_is_believed(
    kind: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, name = REFUSED[kind]
    told, requests = created_by(answer, method, flavour, monkeypatch)
    assert told.name == name
    assert "was not created" in str(told.error)
    assert len(requests) == 1


ODD: list[Any] = [
    {"_id": OTHER_ID},
    {"_id": OTHER_ID, "title": None, "name": None, "status": None},
    {"_id": OTHER_ID, "title": 5, "name": 5, "status": 5},
    {"_id": OTHER_ID, "title": "cut \ud83d", "name": "cut \ud83d", "status": "active"},
    {"_id": OTHER_ID, "title": [["x"] * 3], "name": {"a": 1}, "status": True},
    {"_id": "no-object-id", "title": "T", "name": "T", "status": "active"},
    {"_id": 5, "title": "T", "name": "T", "status": "active"},
    {"title": "T", "name": "T", "status": "active"},
    None,
    [],
    "text",
]


@pytest.mark.parametrize("odd", ODD, ids=str)
@pytest.mark.parametrize("method", ["list_campaigns", "list_templates", "list_triggers", "list_segments"])
def test_one_odd_row_stops_no_other(method: str, odd: Any, flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [{"_id": f"{number:024x}", "title": "T", "name": "N", "status": "active"} for number in range(1, 5)]
    pages = [[good[0], odd, good[1]], [odd], [good[2], good[3]], []]
    script = deque(http(200, envelope(page, 200, "SUCCESS")) for page in pages)
    with Peer(scripted(script)) as peer:
        connect(monkeypatch, peer.url, max_attempts=3)  # the peer closes each connection, which may race with a request
        rows = call(flavour, CONN_ID, method)
    assert {row["_id"] for row in good} <= {row.id for row in rows}
    assert json.dumps([row.as_dict() for row in rows], ensure_ascii=False).encode()


@pytest.mark.parametrize("depth", [33, 900, 50_000])
def test_an_unknown_counter_of_any_depth_stops_nothing(
    depth: int, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = json.dumps(COUNTERS)[:-1] + ', "New": ' + "[" * depth + "]" * depth + ', "Huge": 1' + "0" * 400 + "}"
    raw = f'{{"status_code": 200, "status": "SUCCESS", "message": "x", "data": {counters}}}'.encode()
    with Peer(scripted(deque([http(200, raw)]))) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        stats = call(flavour, CONN_ID, "get_campaign_stats", SENT)
    assert stats.reach == COUNTERS["Reach"]
    assert isinstance(json.dumps(stats.extra, allow_nan=False), str)


def test_a_redirect_never_carries_the_token(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(scripted(deque())) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            answer = http(status, b"", f"Location: {elsewhere.url}/api/v1/x\r\n")
            for method, argument in (
                ("create_campaign", CAMPAIGN),
                ("get_campaign_stats", SENT),
                ("cancel_campaign", SENT),
            ):
                with Peer(scripted(deque([answer]))) as peer:
                    connect(monkeypatch, peer.url, max_attempts=1)
                    assert attempt(flavour, CONN_ID, method, argument).error is not None
        assert elsewhere.connections == 0
