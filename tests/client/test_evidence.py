"""What is known of a create that got no answer: `TruepushConnectionError` if, and only if, certainly nothing left.

The other side is a socket that counts what really arrives: a create that it has read a byte of and that is called
"not sent" would be sent a second time.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_truepush.client.evidence import Limit
from tests.client import peers
from tests.client.peers import Handler, Peer
from tests.contract.driver import CONN_ID, FLAVOURS, Flavour, Told, attempt, connect
from tests.contract.world import CAMPAIGN

NOT_SENT, DOUBT = "TruepushConnectionError", "TruepushAmbiguousError"
TIMEOUT = 1.0
OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@dataclass
class Scene:
    """Where a create is sent.

    :param target: the address.
    :param peer: the socket at the end of the way; None if there is none.
    :param extra: extras of the connection.
    """

    target: str
    peer: Peer | None = None
    extra: dict[str, Any] = field(default_factory=dict)


Stage = Callable[[ExitStack, Path], Scene]


def plain(handler: Handler) -> Stage:
    def build(stack: ExitStack, certificate: Path) -> Scene:
        peer = stack.enter_context(Peer(handler))
        return Scene(peer.url, peer)

    return build


def https(handler: Handler, *, wrapped: bool = True, trusted: bool = True) -> Stage:
    def build(stack: ExitStack, certificate: Path) -> Scene:
        peer = stack.enter_context(Peer(peers.over_tls(handler, certificate) if wrapped else handler))
        return Scene(peer.https, peer, {"verify": str(certificate)} if trusted else {})

    return build


def proxied(handler: Handler, scheme: str) -> Stage:
    """A proxy that fails; the address behind it is not looked up by us."""

    def build(stack: ExitStack, certificate: Path) -> Scene:
        proxy = stack.enter_context(Peer(handler))
        return Scene(f"{scheme}://truepush.invalid", proxy, {"proxies": proxy.url})

    return build


def tunnelled(handler: Handler, *, trusted: bool = True, secure: bool = False) -> Stage:
    """A proxy that works, before a server with TLS; the proxy has TLS as well when it is secure."""

    def build(stack: ExitStack, certificate: Path) -> Scene:
        peer = stack.enter_context(Peer(peers.over_tls(handler, certificate)))
        opens = peers.tunnel(peer.port)
        proxy = stack.enter_context(Peer(peers.over_tls(opens, certificate) if secure else opens))
        extra = {"proxies": proxy.https if secure else proxy.url} | ({"verify": str(certificate)} if trusted else {})
        return Scene("https://localhost", peer, extra)

    return build


def refused(scheme: str = "http") -> Stage:
    return lambda stack, certificate: Scene(f"{scheme}://127.0.0.1:{peers.closed_port()}")


def refused_proxy(scheme: str) -> Stage:
    return lambda stack, certificate: Scene(
        f"{scheme}://truepush.invalid", extra={"proxies": f"http://127.0.0.1:{peers.closed_port()}"}
    )


def full_backlog(stack: ExitStack, certificate: Path) -> Scene:
    """A server that accepts nobody any more: the connection is never made."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
    time.sleep(0.1)
    return Scene(f"http://127.0.0.1:{listener.getsockname()[1]}")


SCENES: dict[str, tuple[Stage, str | None]] = {
    "refused": (refused(), NOT_SENT),
    "refused-https": (refused("https"), NOT_SENT),
    "no-such-name": (lambda stack, certificate: Scene("http://truepush.invalid"), NOT_SENT),
    "no-such-name-https": (lambda stack, certificate: Scene("https://truepush.invalid"), NOT_SENT),
    "never-accepted": (full_backlog, NOT_SENT),
    "accept-fin": (plain(peers.fin_at_once), DOUBT),
    "accept-rst": (plain(peers.rst_at_once), DOUBT),
    "accept-silence": (plain(peers.silent), DOUBT),
    "read-fin": (plain(peers.read_fin), DOUBT),
    "read-rst": (plain(peers.read_rst), DOUBT),
    "read-silence": (plain(peers.read_hang), DOUBT),
    "half-a-head": (plain(peers.half_head), DOUBT),
    "half-a-body": (plain(peers.half_body), DOUBT),
    "half-a-chunk": (plain(peers.half_chunk), DOUBT),
    "no-http": (plain(peers.no_http), DOUBT),
    "answered": (plain(peers.answers(peers.CREATED)), None),
    "tls-handshake-silence": (https(peers.silent, wrapped=False), NOT_SENT),
    "tls-handshake-fin": (https(peers.fin_at_once, wrapped=False), NOT_SENT),
    "tls-handshake-rst": (https(peers.rst_at_once, wrapped=False), NOT_SENT),
    "tls-handshake-no-tls": (https(peers.no_http, wrapped=False), NOT_SENT),
    "tls-untrusted": (https(peers.answers(peers.CREATED), trusted=False), NOT_SENT),
    "tls-read-fin": (https(peers.read_fin), DOUBT),
    "tls-read-rst": (https(peers.read_rst), DOUBT),
    "tls-read-silence": (https(peers.read_hang), DOUBT),
    "tls-answered": (https(peers.answers(peers.CREATED)), None),
    "connect-proxy-503": (proxied(peers.answers(b"no", status=b"503 No"), "https"), NOT_SENT),
    "connect-proxy-407": (proxied(peers.answers(b"no", status=b"407 No"), "https"), NOT_SENT),
    "connect-proxy-fin": (proxied(peers.read_fin, "https"), NOT_SENT),
    "connect-proxy-rst": (proxied(peers.read_rst, "https"), NOT_SENT),
    "connect-proxy-silence": (proxied(peers.read_hang, "https"), NOT_SENT),
    "connect-proxy-no-http": (proxied(peers.says(b"SSH-2.0-x\r\n\r\n"), "https"), NOT_SENT),
    "connect-proxy-large-head": (proxied(peers.says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), "https"), NOT_SENT),
    "connect-proxy-more": (proxied(peers.says(OPENED + b"220 hello"), "https"), NOT_SENT),
    "connect-proxy-more-later": (proxied(peers.says(OPENED, then=b"220 hello"), "https"), NOT_SENT),
    "connect-proxy-opened-fin": (proxied(peers.tunnel(None), "https"), NOT_SENT),
    "connect-proxy-over-tls": (tunnelled(peers.answers(peers.CREATED), secure=True), None),
    "connect-proxy-refused": (refused_proxy("https"), NOT_SENT),
    "http-proxy-refused": (refused_proxy("http"), NOT_SENT),
    "http-proxy-fin": (proxied(peers.read_fin, "http"), DOUBT),
    "http-proxy-rst": (proxied(peers.read_rst, "http"), DOUBT),
    "http-proxy-silence": (proxied(peers.read_hang, "http"), DOUBT),
    "http-proxy-502": (proxied(peers.answers(b"<html>", status=b"502 Bad Gateway"), "http"), DOUBT),
    "http-proxy-answered": (proxied(peers.answers(peers.CREATED), "http"), None),
    "tunnel-untrusted": (tunnelled(peers.answers(peers.CREATED), trusted=False), NOT_SENT),
    "tunnel-read-fin": (tunnelled(peers.read_fin), DOUBT),
    "tunnel-read-silence": (tunnelled(peers.read_hang), DOUBT),
    "tunnel-answered": (tunnelled(peers.answers(peers.CREATED)), None),
}


@contextmanager
def create(
    name: str, flavour: Flavour, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Scene, Told]]:
    """Send a campaign to a scene."""
    with ExitStack() as stack:
        scene = SCENES[name][0](stack, certificate)
        connect(monkeypatch, scene.target, timeout=TIMEOUT, max_attempts=5, **scene.extra)
        yield scene, attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", SCENES)
def test_a_failed_create_is_either_not_sent_or_in_doubt(
    name: str, flavour: Flavour, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create(name, flavour, certificate, monkeypatch) as (scene, told):
        assert told.name == SCENES[name][1], told.error

    if scene.peer is None:
        return
    # Once means one connection and, of whole requests, one at the most.
    campaigns = [request for request in scene.peer.requests if b"Today only" in request]
    assert scene.peer.connections == 1
    assert len(campaigns) <= 1
    if told.name == NOT_SENT:
        assert campaigns == []
    if told.error is None:
        assert (told.value, len(campaigns)) == ("ab" * 12, 1)


def test_a_connection_that_is_made_after_the_request_ended_is_not_watched() -> None:
    one, other = socket.socketpair()
    with one, other:
        with Limit(0.05) as limit:
            pass
        limit.watch(one)
        time.sleep(0.15)
        one.sendall(b"still open")
        assert other.recv(10) == b"still open"
        assert not limit.passed


def test_a_connection_is_cut_in_time_and_so_is_one_that_is_made_too_late() -> None:
    with Limit(0.05) as limit:
        for _ in range(2):
            one, other = socket.socketpair()
            with one, other:
                limit.watch(one)
                other.settimeout(20)
                assert other.recv(10) == b""
        closed = socket.socket()
        closed.close()
        limit.watch(closed)
    assert limit.passed
