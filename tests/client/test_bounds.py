"""Time and memory of every request are bounded, whatever a server or a proxy sends."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import tracemalloc
import zlib
from functools import cache
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.body import TOO_LARGE, UnreadableBodyError, decompress
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.client import peers
from tests.client.peers import Handler, Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN, SENT

OK = b"HTTP/1.1 200 OK\r\n"
BOMB_SIZE = 48 * 1024 * 1024


@cache
def bomb(name: str) -> bytes:
    """A body of megabytes in some kilobytes."""
    if name == "gzip twice":
        return gzip.compress(bomb("gzip"))
    window = {"gzip": 31, "zlib": 15, "raw": -15}[name]
    packer = zlib.compressobj(6, zlib.DEFLATED, window)
    block = b" " * (1024 * 1024)
    return b"".join(packer.compress(block) for _ in range(BOMB_SIZE // len(block))) + packer.flush()


def dripping(head: bytes, drop: bytes = b"x", every: float = 0.1) -> Handler:
    """Send a byte now and then."""

    def serve(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(head)
        for _ in range(200):
            peer.pause(every)
            connection.sendall(drop)

    return serve


def dripping_from_the_start(peer: Peer, connection: socket.socket) -> None:
    for letter in (OK + b"X: " + b"x" * 200).decode():
        peer.pause(0.1)
        connection.sendall(letter.encode())


DRIPS: dict[str, Handler] = {
    "status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "headers": dripping(OK + b"X-Slow: "),
    "many headers": dripping(OK, b"X: y\r\n"),
    "body": dripping(OK + b"Content-Length: 9999\r\n\r\n"),
    "body to the end": dripping(OK + b"\r\n"),
    "chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "trailers": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "announcements": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "closing body": dripping(OK + b"Connection: close\r\nContent-Length: 9999\r\n\r\n"),
}


@pytest.mark.parametrize("method", ["get_campaign_stats", "list_campaigns", "create_campaign", "cancel_campaign"])
@pytest.mark.parametrize("drip", DRIPS)
def test_a_dripping_server_is_given_up_in_time(
    drip: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    if method != "get_campaign_stats" and drip not in ("headers", "closing body"):
        pytest.skip("one method suffices for each kind of drip")
    args = {"create_campaign": (CAMPAIGN,), "list_campaigns": ()}.get(method, (SENT,))
    with Peer(DRIPS[drip]) as peer:
        connect(monkeypatch, peer.url, timeout=0.4, max_attempts=1)
        began = time.monotonic()
        told = attempt(flavour, CONN_ID, method, *args)
        assert told.name == "TruepushAmbiguousError"
        assert "did not complete within 1.2 s" in str(told.error)
        assert time.monotonic() - began < 10  # the drip lasts for twenty
        assert len(peer.requests) == 1


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign", "cancel_campaign"])
@pytest.mark.parametrize("where", ["CONNECT", "TLS"])
def test_a_dripping_handshake_is_given_up_in_time(
    where: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "CONNECT":
        handler = dripping(b"HTTP/1.1 200 Connection est")
    else:
        handler = dripping(b"\x16\x03\x03\x20\x00\x02\x00\x1f\xfc", b"\0")
    args = (CAMPAIGN,) if method == "create_campaign" else (SENT,)
    with Peer(handler) as peer:
        if where == "CONNECT":
            connect(monkeypatch, "https://truepush.invalid", timeout=0.4, max_attempts=1, proxies=peer.url)
        else:
            connect(monkeypatch, peer.https, timeout=0.4, max_attempts=1)
            monkeypatch.setattr(Peer, "read", lambda self, connection: connection.recv(65536))
        began = time.monotonic()
        told = attempt(flavour, CONN_ID, method, *args)
        assert told.name == "TruepushConnectionError", told.error  # no byte of the request has left
        assert time.monotonic() - began < 10


def large(head: bytes, part: bytes, times: int) -> Handler:
    def serve(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        with contextlib.suppress(OSError):
            connection.sendall(head)
            for _ in range(times):
                connection.sendall(part)

    return serve


def packed(name: str, encoding: bytes) -> Handler:
    body = bomb(name)
    return large(OK + b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (encoding, len(body)), body, 1)


def redirecting(name: str, encoding: bytes) -> Handler:
    body = bomb(name)
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return large(head % (encoding, len(body)), body, 1)


def chunked(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


MB = b" " * 1024 * 1024
LARGE: dict[str, Any] = {
    "gzip": lambda: packed("gzip", b"gzip"),
    "x-gzip": lambda: packed("gzip", b"X-GZIP"),
    "deflate": lambda: packed("zlib", b"deflate"),
    "raw deflate": lambda: packed("raw", b"deflate"),
    "gzip twice": lambda: packed("gzip twice", b"gzip, gzip"),
    "gzip ten times": lambda: packed("gzip", b",".join([b"gzip"] * 10)),
    "br": lambda: packed("gzip", b"br"),
    "zstd": lambda: packed("gzip", b"zstd"),
    "gzip in chunks": lambda: large(
        OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", chunked(bomb("gzip")) + b"0\r\n\r\n", 1
    ),
    "gzip in a redirect": lambda: redirecting("gzip", b"gzip"),
    "a length": lambda: large(OK + b"Content-Length: %d\r\n\r\n" % (24 * len(MB)), MB, 24),
    "a length that is a lie": lambda: large(OK + b"Content-Length: 99999999999999\r\n\r\n", MB, 24),
    "chunks": lambda: large(OK + b"Transfer-Encoding: chunked\r\n\r\n", chunked(MB), 64),
    "one chunk": lambda: large(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", MB, 24),
    "to the end": lambda: large(OK + b"\r\n", MB, 24),
    "a header": lambda: large(OK + b"X: ", b"x" * len(MB), 24),
    "headers": lambda: large(OK, b"X: y\r\n" * 10_000, 24),
    "a chunk's extension": lambda: large(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * len(MB), 24),
}  # fmt: skip


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
@pytest.mark.parametrize("kind", LARGE)
def test_an_endless_answer_is_cut_at_the_limit(
    kind: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = LARGE[kind]()  # before the memory is measured
    with Peer(handler) as peer:
        connect(monkeypatch, peer.url, timeout=10, max_attempts=1)
        tracemalloc.start()
        try:
            told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert told.name == "TruepushAmbiguousError", told.error
    assert len(str(told.error)) < 700
    # What is kept here: the body as it came and as it was, what it is copied from, and the server's own 1 MB.
    assert peak < 6 * limits.MAX_BODY_BYTES


@pytest.mark.parametrize("size", [0, 1, 100_000, limits.MAX_BODY_BYTES])
def test_a_body_within_the_limit_is_read(size: int) -> None:
    body = b"x" * size
    raw = zlib.compressobj(wbits=-15)
    for encoding, packed_body in {
        None: body,
        "identity": body,
        "": body,
        "gzip": gzip.compress(body),
        "x-gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        " Deflate ": raw.compress(body) + raw.flush(),
        "deflate, gzip": gzip.compress(zlib.compress(body)),
        "gzip, identity": gzip.compress(body[: size // 2]) + gzip.compress(body[size // 2 :]),
    }.items():
        assert decompress(packed_body, encoding) == body


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"x" * (limits.MAX_BODY_BYTES + 1), None, TOO_LARGE),
        (gzip.compress(b"x" * (limits.MAX_BODY_BYTES + 1)), "gzip", TOO_LARGE),
        (gzip.compress(b"x" * limits.MAX_BODY_BYTES) + gzip.compress(b"x"), "gzip", TOO_LARGE),
        (zlib.compress(b"x" * (limits.MAX_BODY_BYTES + 1)), "deflate", TOO_LARGE),
        # Each member would cost a copy of the rest: minutes for these 4 MB.
        (gzip.compress(b"") * 200_000, "gzip", "more than 64 parts"),
        (gzip.compress(b"x")[:-1], "gzip", "incomplete"),
        (gzip.compress(b"x") + b"garbage", "gzip", "broken"),
        (b"plain", "gzip", "broken"),
        (b"plain", "deflate", "broken"),
        (b"plain", "br", "'br', which was not asked for"),
        (b"plain", "gzip,gzip,gzip", "compressed 3 times"),
    ],
    ids=range(11),
)
def test_a_body_above_the_limit_is_refused(body: bytes, encoding: str | None, words: str) -> None:
    with pytest.raises(UnreadableBodyError, match=words):
        decompress(body, encoding)


def test_no_compression_is_asked_for(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url)
        attempt(flavour, CONN_ID, "get_campaign_stats", SENT)
        assert b"\r\naccept-encoding: identity\r\n" in peer.requests[0].lower()


def test_no_cookie_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The asynchronous client knows none."""

    def serve(peer: Peer, connection: socket.socket) -> None:
        while peer.read(connection):
            name = b"c%d" % len(peer.requests)
            head = OK + b"Set-Cookie: %s=%s; Path=/\r\nContent-Length: %d\r\n\r\n"
            connection.sendall(head % (name, b"x" * 500, len(peers.ANSWER)) + peers.ANSWER)

    with Peer(serve) as peer:
        connect(monkeypatch, peer.url)
        with TruepushHook(CONN_ID) as hook:
            for _ in range(3):
                assert hook.get_campaign_stats(SENT) is None
        assert len(peer.requests) == 3
        assert len(set(peer.requests)) == 1
