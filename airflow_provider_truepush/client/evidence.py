"""Proof, at the level of bytes, that a request was not sent.

The exceptions of requests cannot prove it: a server that closes before it reads a request, and one that closes after
it carried the request out, lead to the same class. So the connection itself records when the first byte of a request,
as opposed to a TLS or proxy handshake, is about to go to the socket.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import requests
from requests_toolbelt.adapters.socket_options import TCPKeepAliveAdapter  # type: ignore[import-untyped]
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from airflow_provider_truepush.client.announcements import FinalResponse

_END_OF_HEAD = b"\r\n\r\n"


class Limit:
    """Close a connection after some time, even while the server or a proxy still sends data on it.

    :param seconds: the time.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._seconds = seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._over = False

    def __enter__(self) -> Limit:
        self._alarm = _alarms.set(self._seconds, self._cut)
        return self

    def __exit__(self, *_: object) -> None:
        _alarms.clear(self._alarm)
        with self._lock:
            self._over = True
            self._forget()

    def watch(self, connected: socket.socket) -> None:
        """Cut this connection once the time has passed.

        A second handle of the socket is kept, because TLS takes over the first one during its handshake, and
        http.client releases it while it still reads the body.
        """
        with self._lock:
            if self._over:
                return
            self._forget()
            try:
                self._socket = connected.dup() if type(connected) is socket.socket else _duplicate(connected)
            except OSError:  # it is closed already
                return
        if self.passed:
            self._cut()

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


def _duplicate(secure: socket.socket) -> socket.socket:
    # This copies the plain socket below TLS. With the method of the TLS socket, the rest would be read without TLS.
    return socket.socket(secure.family, secure.type, secure.proto, fileno=os.dup(secure.fileno()))


class _Alarms:
    """Call functions after a time, all from one thread, which ends after a while without work."""

    _IDLE = 30.0

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._waiting: set[int] = set()
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def set(self, seconds: float, ring: Callable[[], None]) -> int:
        """Call a function after some seconds; return the number of the alarm, for :meth:`clear`."""
        at = time.monotonic() + seconds
        with self._changed:
            number = next(self._numbers)
            self._waiting.add(number)
            heapq.heappush(self._due, (at, number, ring))
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="truepush-limits", daemon=True)
                self._thread.start()
            elif self._due[0][1] == number:
                self._changed.notify()
        return number

    def clear(self, number: int) -> None:
        """Cancel an alarm."""
        with self._changed:
            self._waiting.discard(number)
            while self._due and self._due[0][1] not in self._waiting:
                heapq.heappop(self._due)

    def _run(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                ready = []
                while self._due and self._due[0][0] <= now:
                    _, number, ring = heapq.heappop(self._due)
                    if number in self._waiting:
                        self._waiting.discard(number)
                        ready.append(ring)
                if not ready:
                    heard = self._changed.wait(self._due[0][0] - now if self._due else self._IDLE)
                    if not heard and not self._due:
                        self._thread = None
                        return
                    continue
            for ring in ready:
                ring()


_alarms = _Alarms()


def _after_fork() -> None:
    # The child process does not have the thread, and the lock may have been held.
    global _alarms
    _alarms = _Alarms()


os.register_at_fork(after_in_child=_after_fork)


class Evidence(threading.local):
    """The evidence about the request that the current thread sends.

    :ivar sent: whether a byte of it may have left.
    :ivar limit: cuts the connection when the request takes too long; None for no such limit.
    :ivar is_create: whether the request is a create, whose answer is watched.
    :ivar answer: the answer to the last create, before anything has changed it; None without one.
    :ivar leaving: called when the connection is open, before the first byte leaves. If it raises, nothing is sent.
    """

    sent: bool = False
    limit: Limit | None = None
    is_create: bool = False
    answer: FinalResponse | None = None
    leaving: Callable[[], None] | None = None


class EvidenceAdapter(TCPKeepAliveAdapter):  # type: ignore[misc]
    """A keep-alive adapter without retries, whose connections record evidence.

    :param evidence: the place of the evidence.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._pools = _pool_classes(evidence)
        super().__init__(idle=120, interval=30, count=20, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make new connections record evidence."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> PoolManager:
        """Make new connections through a proxy record evidence. Proxies of other kinds than HTTP are refused before."""
        manager: PoolManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Leave out where a redirect leads: requests would read its whole body, and decompress it, without a limit."""
        response: requests.Response = super().build_response(req, resp)
        response.headers.pop("Location", None)
        return response


class _RecordsEvidence:
    """Added to urllib3's classes of connections."""

    evidence: Evidence
    _shaking_hands = False
    _head = b""
    _sock: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        """Return the connection's socket, which a TLS handshake replaces."""
        return self._sock

    @sock.setter
    def sock(self, connected: socket.socket | None) -> None:
        self._sock = connected
        self._watch()

    def _watch(self) -> None:
        # TLS within TLS uses an object that is not a socket. The socket below it is watched already.
        if (limit := self.evidence.limit) is not None and isinstance(self._sock, socket.socket):
            limit.watch(self._sock)

    def connect(self) -> None:
        # TLS and CONNECT handshakes send bytes from here as well, which do not belong to the request.
        self._shaking_hands = True
        try:
            super().connect()  # type: ignore[misc]
        finally:
            self._shaking_hands = False

    def send(self, data: Any) -> None:
        if self._sock is None and not self._shaking_hands:
            self.connect()
        if not self._shaking_hands:
            if self.evidence.leaving is not None and not self._head and data.endswith(_END_OF_HEAD):
                # The head is sent together with the body, so that nothing can happen between the last check and either.
                self._head = data
                return
            data, self._head = self._head + data, b""
            if not self.evidence.sent:
                self._check_leaving()
            # This is recorded before the send, because a send that fails halfway has sent something.
            self.evidence.sent = True
            self._watch()
        super().send(data)  # type: ignore[misc]

    def _check_leaving(self) -> None:
        """Check that the request may leave. Nothing has left yet, and nothing will if this raises."""
        limit, leaving = self.evidence.limit, self.evidence.leaving
        if limit is not None and limit.passed:
            raise TimeoutError("the time for the whole request passed before it could be sent")
        if leaving is not None:
            leaving()


def _pool_classes(evidence: Evidence) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes by scheme, whose connections record evidence in one place."""
    response = type("EvidenceResponse", (FinalResponse,), {"evidence": evidence})
    attributes = {"evidence": evidence, "response_class": response}
    plain = type("EvidenceHTTPConnection", (_RecordsEvidence, HTTPConnection), attributes)
    secure = type("EvidenceHTTPSConnection", (_RecordsEvidence, HTTPSConnection), attributes)
    return {
        "http": type("EvidenceHTTPConnectionPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("EvidenceHTTPSConnectionPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
