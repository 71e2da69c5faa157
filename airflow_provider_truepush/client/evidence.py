"""Proof, at the level of bytes, that a request was not sent.

The exceptions of requests cannot give it: a server that closes before reading and one that closes after
carrying out raise the same class. So the connection itself notes when the first byte of a request, as opposed
to one of a TLS or proxy handshake, is about to go to the socket.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter  # type: ignore[import-untyped]
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

_END_OF_HEAD = b"\r\n\r\n"


class Limit:
    """Cuts a connection after a time, whatever the server still sends on it.

    :param seconds: the time.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Limit:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, connected: socket.socket) -> None:
        """Cut this one, at once if the time is over."""
        with self._lock:
            self._socket = connected
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    # Not the method of a TLS socket: that one would have the rest read without TLS.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Evidence(threading.local):
    """What is known of the request that the current thread sends.

    :ivar sent: whether a byte of it may have left.
    :ivar blind: whether connections are used that keep no notes, as those over SOCKS.
    :ivar limit: what cuts the connection when the request takes too long; None for no such limit.
    :ivar leaving: called before the first byte leaves, with the connection made, or, where that cannot be told,
        before it is made; what it raises keeps it here.
    """

    sent: bool = False
    blind: bool = False
    limit: Limit | None = None
    leaving: Callable[[], None] | None = None


class EvidenceAdapter(TCPKeepAliveAdapter):  # type: ignore[misc]
    """A keep-alive adapter without retries whose connections keep notes.

    :param evidence: where they keep them.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._pools = _noting_pools(evidence)
        self._evidence = evidence
        super().__init__(idle=120, interval=30, count=20, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Have new connections keep notes."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        """Have new connections through a proxy keep notes, if it is of a kind whose connections can."""
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        if proxy.lower().startswith("socks"):
            self._evidence.blind = True
            if self._evidence.leaving is not None:
                self._evidence.leaving()
        else:
            manager.pool_classes_by_scheme = self._pools
        return manager


class _Noting:
    """Mixed into urllib3's connections."""

    evidence: Evidence
    _shaking_hands = False
    _head = b""

    def connect(self) -> None:
        # TLS and CONNECT handshakes send bytes too, from within here; they are not the request.
        self._shaking_hands = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._shaking_hands = False

    def send(self, data: Any) -> None:
        if getattr(self, "sock", None) is None and not self._shaking_hands:
            self.connect()
        if not self._shaking_hands:
            if self.evidence.leaving is not None and not self._head and data.endswith(_END_OF_HEAD):
                # The head waits for the body, so that nothing can come between the last check and either.
                self._head = data
                return
            data, self._head = self._head + data, b""
            if not self.evidence.sent:
                self._check_leaving()
            # Before the send, not after: a send that fails halfway has sent something.
            self.evidence.sent = True
            if (limit := self.evidence.limit) is not None and isinstance(self.sock, socket.socket):  # type: ignore[attr-defined]
                limit.watch(self.sock)  # type: ignore[attr-defined]
        super().send(data)  # type: ignore[misc]

    def _check_leaving(self) -> None:
        """Nothing has left yet, and nothing will if this raises."""
        limit, leaving = self.evidence.limit, self.evidence.leaving
        if limit is not None and limit.passed:
            raise TimeoutError("the time for the whole request was over before it could leave")
        if leaving is not None:
            leaving()


def _noting_pools(evidence: Evidence) -> dict[str, type[HTTPConnectionPool]]:
    """Pool classes by scheme, their connections bound to one place for notes."""
    notes = {"evidence": evidence}
    plain = type("NotingHTTPConnection", (_Noting, HTTPConnection), notes)
    secure = type("NotingHTTPSConnection", (_Noting, HTTPSConnection), notes)
    return {
        "http": type("NotingHTTPConnectionPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("NotingHTTPSConnectionPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
