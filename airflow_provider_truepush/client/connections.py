"""Open, keep and close the connections of an asynchronous client."""

from __future__ import annotations

import asyncio
import re
import ssl
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.client.failures import describe
from airflow_provider_truepush.client.http1 import HttpConnection

#: Seconds that a connection rests after an answer. A second answer of a broken proxy follows at once. It must arrive
#: before the next request leaves, while it can still be recognized as surplus.
REST = 0.005
#: Seconds after which an unused connection is closed.
KEEP = 15.0
#: Seconds after which the next address of a name is tried beside the one before.
_NEXT_ADDRESS = 0.25


class NoConnectionError(Exception):
    """No connection was made, so no byte of a request was sent. The message is a clause for an error."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to the server.

    :param host: of the server.
    :param port: of the server.
    :param tls: the TLS options; None for http.
    :param proxy: the address of a proxy, with its user and password; None for none.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None
    proxy: str | None = field(default=None, repr=False)

    @property
    def proxy_authorization(self) -> str | None:
        """Return the value of the header ``Proxy-Authorization``."""
        parts = urlsplit(self.proxy or "")
        if not parts.username and not parts.password:
            return None
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        return f"Basic {b64encode(pair.encode()).decode()}"

    async def connect(self, within: float) -> HttpConnection:
        """Open a connection.

        :param within: seconds for the whole: names, handshakes and the proxy's tunnel.
        :raises NoConnectionError: it could not be made.
        """
        where = "the proxy" if self.proxy else f"{self.host}:{self.port}"
        try:
            async with asyncio.timeout(within):
                return await self._connect()
        except TimeoutError as error:
            if error.errno is not None:  # the operating system's own timeout
                raise NoConnectionError(f"no connection to {where}: {describe(error)}") from None
            raise NoConnectionError(f"no connection to {where} within {within:g} s") from None
        except (OSError, ValueError, EOFError) as error:
            raise NoConnectionError(f"no connection to {where}: {describe(error)}") from None

    async def _connect(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        if self.proxy is None:
            return await _open(HttpConnection(loop), self.host, self.port, self.tls)
        parts = urlsplit(self.proxy)
        secure = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        tls = (self.tls or await asyncio.to_thread(ssl.create_default_context)) if secure else None
        if self.tls is None:
            return await _open(HttpConnection(loop), host, port, tls)
        tunnel = await _open(_Tunnel(loop), host, port, tls)
        try:
            transport = await tunnel.ask(self.host, self.port, self.proxy_authorization)
            connection = HttpConnection(loop)
            inner = await loop.start_tls(transport, connection, self.tls, server_hostname=self.host)
        except BaseException:
            tunnel.abort()
            raise
        if inner is None:
            raise ConnectionResetError("the proxy closed the tunnel")
        connection.connection_made(inner)
        return connection


P = TypeVar("P", bound=asyncio.Protocol)


async def _open(protocol: P, host: str, port: int, tls: ssl.SSLContext | None) -> P:
    loop = asyncio.get_running_loop()
    name = host if tls is not None else None
    await loop.create_connection(
        lambda: protocol, host, port, ssl=tls, server_hostname=name, happy_eyeballs_delay=_NEXT_ADDRESS
    )
    return protocol


class _Tunnel(asyncio.Protocol):
    """Ask a proxy for a tunnel.

    :param loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._head = b""
        self._answer: asyncio.Future[bytes] = loop.create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self, host: str, port: int, authorization: str | None) -> asyncio.Transport:
        """Ask for a tunnel and return the transport that leads through it.

        :raises ConnectionError: the proxy refused.
        """
        assert self._transport is not None
        name = f"[{host}]" if ":" in host else host
        lines = [f"CONNECT {name}:{port} HTTP/1.1", f"Host: {name}:{port}"]
        if authorization is not None:
            lines.append(f"Proxy-Authorization: {authorization}")
        self._transport.write("\r\n".join([*lines, "", ""]).encode())
        head, _, rest = (await self._answer).partition(b"\r\n\r\n")
        status = re.match(rb"HTTP/1\.[01] ([0-9]{3})(?: |\r|$)", head)
        if status is None:
            raise ConnectionError("the proxy's answer to CONNECT is not valid HTTP")
        if not status.group(1).startswith(b"2"):
            raise ConnectionError(f"the proxy answered CONNECT with HTTP {status.group(1).decode()}")
        if rest:
            raise ConnectionError("the proxy sent data before the tunnel was used")
        return self._transport

    def abort(self) -> None:
        """Close at once. In a closed loop nothing can run; the socket is closed when it is collected."""
        if self._transport is not None and not self._loop.is_closed():
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect the proxy's answer, within bounds."""
        self._head += data
        if self._answer.done():
            self.abort()
        elif b"\r\n\r\n" in self._head:
            self._answer.set_result(self._head)
        elif len(self._head) > limits.MAX_HEAD_BYTES:
            self._answer.set_exception(ConnectionError("the proxy's answer to CONNECT is too large"))

    def connection_lost(self, error: Exception | None) -> None:
        """Fail if the proxy closed the connection before its answer."""
        if not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the proxy closed the connection"))
            self._answer.exception()  # marks the exception as seen, because no caller may be waiting for it


class Connections:
    """The kept connections over one route.

    :param route: the way to the server.
    :param at_most: the most connections at once, including those in use.
    """

    def __init__(self, route: Route, at_most: int) -> None:
        self._route = route
        self._free = asyncio.Semaphore(at_most)
        self._idle: deque[HttpConnection] = deque()
        self._used: set[HttpConnection] = set()
        self._loop = asyncio.get_running_loop()
        self._sweep: asyncio.TimerHandle | None = None

    async def take(self, within: float) -> HttpConnection:
        """Return a connection over which a request may be sent; it must be given back.

        :param within: seconds for opening one, if none is kept.
        :raises NoConnectionError: it could not be made.
        """
        await self._free.acquire()
        try:
            while self._idle:
                # Use the connection that has rested longest.
                connection = self._idle.popleft()
                self._used.add(connection)
                if await self._has_rested(connection) and connection.is_reusable:
                    return connection
                self._drop(connection)
            connection = await self._route.connect(within)
        except BaseException:
            self._free.release()
            raise
        self._used.add(connection)
        return connection

    async def _has_rested(self, connection: HttpConnection) -> bool:
        rest = connection.idle_since + REST - self._loop.time()
        if rest > 0:
            try:
                await asyncio.sleep(rest)
            except BaseException:
                self._drop(connection)
                raise
        return True

    def give_back(self, connection: HttpConnection) -> None:
        """Keep a connection for the next request, or close it if it cannot be used again."""
        self._free.release()
        if connection.kept_alive:
            self._used.discard(connection)
            self._idle.append(connection)
            if self._sweep is None:
                self._sweep = self._loop.call_later(KEEP, self._close_unused)
        else:
            self._drop(connection)

    async def once(self, within: float) -> HttpConnection:
        """Return a new connection for one request, which the caller aborts afterwards."""
        return await self._route.connect(within)

    async def close(self) -> None:
        """Close all connections, and wait until they are closed."""
        if self._sweep is not None:
            self._sweep.cancel()
        all_open = [*self._idle, *self._used]
        self._idle.clear()
        for connection in all_open:
            connection.abort()
        if all_open and not self._loop.is_closed():
            await asyncio.wait([connection.closed for connection in all_open], timeout=1)

    def _drop(self, connection: HttpConnection) -> None:
        self._used.discard(connection)
        connection.abort()

    def _close_unused(self) -> None:
        self._sweep = None
        long_ago = self._loop.time() - KEEP
        while self._idle and self._idle[0].idle_since <= long_ago:
            self._idle.popleft().abort()
        if self._idle:
            at = self._idle[0].idle_since + KEEP
            self._sweep = self._loop.call_at(at, self._close_unused)
