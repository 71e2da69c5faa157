"""Refusals of a create whose bytes, headers or rest of the connection leave doubt, through both hooks."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.api.support import ID
from tests.client.peers import CREATED, Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER

CREATES = {"create_campaign": CAMPAIGN, "create_template": NEW_TEMPLATE, "create_trigger": NEW_TRIGGER}
REFUSAL = json.dumps(
    {"status_code": 429, "status": "ERROR", "message": "API Usage Limit Exceeded", "data": "API-LIMIT-EXCEEDED"}
).encode()
#: An id that was created just now.
NEW_ID = b"%08x%b" % (int(time.time()), b"ab" * 8)
LENGTH = b"Content-Length: %d\r\n" % len(REFUSAL)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(REFUSAL), REFUSAL)
SUCCESS = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(CREATED), CREATED)


def refusal(headers: bytes = LENGTH, rest: bytes = REFUSAL, version: bytes = b"1.1") -> bytes:
    return b"HTTP/%b 429 X\r\n%b\r\n%b" % (version, headers, rest)


IRREGULAR: dict[str, bytes] = {
    "a second answer": refusal() + SUCCESS,
    "surplus text": refusal() + b" created",
    "surplus JSON, connection closed": refusal(LENGTH + b"Connection: close\r\n") + b"{}",
    "a location": refusal(LENGTH + b"Location: /campaign/" + ID.encode() + b"\r\n"),
    "a content location": refusal(LENGTH + b"Content-Location: /campaign/7\r\n"),
    "a header with a path": refusal(LENGTH + b"X-Campaign-Url: /campaign/7\r\n"),
    "a header with an address": refusal(LENGTH + b"X-Notification-Location: https://x.example/7\r\n"),
    "a header with a new id": refusal(LENGTH + b"X-Campaign-Id: " + NEW_ID + b"\r\n"),
    "a header with a new id and another name": refusal(LENGTH + b"X-New: " + NEW_ID + b"\r\n"),
    "a negative length": refusal(b"Content-Length: -1\r\n"),
    "a length with a sign": refusal(LENGTH.replace(b": ", b": +")),
    "a length that is not a number": refusal(b"Content-Length: abc\r\n"),
    "two lengths": refusal(LENGTH + b"Content-Length: 999\r\n"),
    "a length and chunks": refusal(LENGTH + CHUNKED, CHUNK + b"0\r\n\r\n"),
    "a last chunk without its end": refusal(CHUNKED, CHUNK + b"0\r\n"),
    "no last chunk": refusal(CHUNKED, CHUNK),
    "another transfer encoding": refusal(b"Transfer-Encoding: identity\r\n"),
    "a folded header": refusal(b"X: a\r\n b\r\n" + LENGTH),
    "lines without carriage return": refusal().replace(b"\r\n", b"\n"),
    "another version of HTTP": refusal(version=b"2.0"),
}
REGULAR: dict[str, bytes] = {
    "a length": refusal(),
    "chunks": refusal(CHUNKED, CHUNK + b"0\r\n\r\n"),
    "HTTP/1.0": refusal(version=b"1.0"),
    "up to the end of the connection": refusal(b""),
    "a surplus end of line": refusal(rest=REFUSAL + b"\r\n"),
    "an announcement": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + refusal(),
    "usual headers": refusal(
        LENGTH + b"X-Request-Id: %b\r\nETag: W/%b\r\nSet-Cookie: a=%b\r\n" % ((NEW_ID,) * 3)
        + b"Cross-Origin-Resource-Policy: same-origin\r\nX-RateLimit-Remaining: 0\r\nRetry-After: 0\r\n"
    ),
    "headers that name no object": refusal(
        LENGTH + b"X-Campaign-Limit: 5\r\nHX-Trigger: x\r\nX-Push-Url: https://push.example/\r\nX-Trigger-Id: 5\r\n"
    ),
    **{
        f"{name} with a constant id": refusal(LENGTH + b"%b: %b\r\n" % (name.encode(), ID.encode()))
        for name in ("X-Project-Id", "X-User-Id", "x-rate-limit-key", "X-Served-By", "x-build")
    },
}  # fmt: skip


def created_by(
    answer: bytes, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> tuple[Any, list[bytes]]:
    def serve(peer: Peer, connection: Any) -> None:
        if peer.read(connection):
            connection.sendall(answer)
        time.sleep(0.01)

    with Peer(serve) as peer:
        connect(monkeypatch, peer.url, timezone="UTC", timeout=5)
        return attempt(flavour, CONN_ID, method, CREATES[method]), peer.requests


def cases(answers: dict[str, bytes], error: str) -> list[Any]:
    """Return every answer for one create, and the first one for the others: all creates are sent the same way."""
    return [
        pytest.param(answer, method, error, id=f"{name}, {method}")
        for number, (name, answer) in enumerate(answers.items())
        for method in (CREATES if number == 0 else list(CREATES)[:1])
    ]


@pytest.mark.parametrize(
    ("answer", "method", "error"),
    [*cases(IRREGULAR, "TruepushAmbiguousError"), *cases(REGULAR, "TruepushRateLimitError")],
)
def test_only_a_regular_refusal_is_believed(
    answer: bytes, method: str, error: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, requests = created_by(answer, method, flavour, monkeypatch)
    assert outcome.name == error
    assert len(requests) == 1


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("length", [b"", b"Content-Length: 0\r\n"])
@pytest.mark.parametrize("rest", [CREATED, SUCCESS])
def test_a_204_that_is_followed_by_more_is_doubt(
    rest: bytes, length: bytes, version: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = b"HTTP/%b 204 No Content\r\n%b\r\n%b" % (version, length, rest)
    outcome, requests = created_by(answer, "create_trigger", flavour, monkeypatch)
    assert outcome.name == "TruepushAmbiguousError"
    assert len(requests) == 1
