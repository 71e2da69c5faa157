"""One HTTP/1.1 connection of an event loop: a request, its answer, and nothing else.

httptools parses, and asyncio moves the bytes. This module adds what general clients do not offer: the size of every
answer is limited, and a connection on which surplus bytes arrived is never used again, because they would be taken for
the answer to the next request.
"""

from __future__ import annotations

import asyncio
import select
from typing import NamedTuple

import httptools

from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.body import TOO_LARGE
from airflow_provider_truepush.api.protocol.head import Head

#: The most bytes of one answer on the wire, including those that chunks add.
_MAX_RECEIVED = limits.MAX_HEAD_BYTES + 2 * limits.MAX_BODY_BYTES


class BrokenExchangeError(Exception):
    """A request got no complete answer. The message is a clause for an error."""


class Answer(NamedTuple):
    """A complete answer.

    :param head: its head.
    :param body: the body as it arrived.
    :param encoding: the header ``Content-Encoding``.
    :param retry_after: the header ``Retry-After``.
    """

    head: Head
    body: bytes
    encoding: str | None
    retry_after: str | None


class HttpConnection(asyncio.Protocol):
    """A connection, from its first byte to its last.

    :param loop: the event loop.
    """

    #: Whether bytes have followed the last answer.
    _surplus: bool

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._arrived = select.poll()
        self._waiter: asyncio.Future[Answer] | None = None
        self._silence: float | None = None
        self._heard_at = 0.0
        self._begin()
        #: Whether a byte of a request may have left.
        self.sent = False
        #: When its last answer was complete, by the loop's clock.
        self.idle_since = 0.0
        #: Whether the last answer left the connection open for another request.
        self.kept_alive = False
        #: Done when the connection is closed.
        self.closed: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; of a tunnel with TLS, the second one."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._arrived.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    @property
    def is_reusable(self) -> bool:
        """Return whether another request may be sent: it is open, and no byte has arrived since the last answer."""
        transport = self._transport
        return (
            self.kept_alive
            and transport is not None
            and not transport.is_closing()
            # Bytes that have arrived and were not read yet, because the loop was busy, count as well.
            and not self._arrived.poll(0)
        )

    async def exchange(self, request: bytes, silence: float | None = None) -> Answer:
        """Send a request and return its answer.

        :param request: the whole request.
        :param silence: seconds without a byte after which the answer counts as lost; None for no such limit.
        :raises BrokenExchangeError: no complete answer came.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise BrokenExchangeError("the connection was closed before the request could be sent")
        self._begin()
        self.kept_alive = False
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        timer = None
        if silence is not None:
            self._silence, self._heard_at = silence, self._loop.time()
            timer = self._loop.call_later(silence, self._check_silence)
        self.sent = True
        transport.write(request)
        try:
            return await waiter
        except BaseException:
            # The answer may still arrive, and would be taken for that of the next request.
            self.abort()
            raise
        finally:
            self._waiter = None
            self._silence = None
            if timer is not None:
                timer.cancel()

    async def has_surplus(self, within: float) -> bool:
        """Return whether bytes have followed the last answer, or follow it now.

        :param within: seconds to wait for them.
        """
        if not self._surplus:
            await asyncio.wait([self.closed], timeout=within)
        return self._surplus

    def abort(self) -> None:
        """Close at once. In a closed loop nothing can run; the socket is closed when it is collected."""
        self.kept_alive = False
        if self._transport is not None and not self._loop.is_closed():
            self._transport.abort()

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        """Receive bytes. Bytes that do not belong to a request end the connection."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            if data.strip(b"\r\n"):
                self._surplus = True
            self.abort()
            return
        self._received += len(data)
        if self._silence is not None:
            self._heard_at = self._loop.time()
        problem = None
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            problem = f"the answer is not valid HTTP ({error})"
            self._surplus = True
        if self._complete:
            self._finish(keep_alive=self._keeps_alive and not self._surplus)
        elif problem is not None:
            self._fail(problem)
        elif self._size > limits.MAX_BODY_BYTES or self._received > _MAX_RECEIVED:
            self._fail(TOO_LARGE)
        elif not self._in_body and self._received > limits.MAX_HEAD_BYTES:
            self._fail(f"the headers of the answer are larger than {limits.MAX_HEAD_BYTES // 1024} KB")

    def eof_received(self) -> bool:
        """Handle the end of the stream, which also ends a body without a given length."""
        if self._waiter is not None and self._in_body and not self._delimited and not self._complete:
            self._finish(keep_alive=False)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request in progress."""
        self.kept_alive = False
        self._fail("the connection was closed before the answer was complete" + (f" ({error})" if error else ""))
        if not self.closed.done():
            self.closed.set_result(None)

    def _check_silence(self) -> None:
        if self._silence is None:
            return
        left = self._heard_at + self._silence - self._loop.time()
        if left > 0:
            self._loop.call_later(left, self._check_silence)
        else:
            self._fail(f"no data received for {self._silence:g} s")

    def _finish(self, *, keep_alive: bool) -> None:
        self.kept_alive = keep_alive
        self.idle_since = self._loop.time()
        if self._waiter is not None and not self._waiter.done():
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            head = Head(self._status, self._version, self._fields)
            self._waiter.set_result(Answer(head, body, self._encoding, self._retry_after))

    def _fail(self, reason: str) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(BrokenExchangeError(reason))

    # What the parser calls

    def _begin(self) -> None:
        self._status = 0
        self._parts: list[bytes] = []
        self._size = self._received = 0
        self._encoding: str | None = None
        self._retry_after: str | None = None
        self._version = ""
        self._fields: list[tuple[str, str]] = []
        self._surplus = False
        self._in_body = self._delimited = self._complete = self._keeps_alive = False

    def on_message_begin(self) -> None:
        """Begin the answer. A second one is surplus."""
        self._surplus = self._complete

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the headers that matter."""
        if self._complete or self._in_body:
            return
        name = name.lower()
        self._fields.append((name.decode("latin-1"), value.decode("latin-1")))
        if name in (b"content-length", b"transfer-encoding"):
            self._delimited = True
        elif name == b"content-encoding":
            text = value.decode("latin-1")
            self._encoding = f"{self._encoding},{text}" if self._encoding else text
        elif name == b"retry-after" and self._retry_after is None:
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Record the status."""
        if not self._complete:
            self._status = self._parser.get_status_code()
            self._version = self._parser.get_http_version()
            self._in_body = True

    def on_body(self, part: bytes) -> None:
        """Keep a part of the body, within bounds."""
        if self._complete:
            return
        self._size += len(part)
        if self._size <= limits.MAX_BODY_BYTES:
            self._parts.append(part)
        else:
            self._parts.clear()

    def on_message_complete(self) -> None:
        """End the answer. One with a status from 100 to 199 only announces it."""
        if self._complete:
            return
        if 100 <= self._status < 200:
            self._in_body = self._delimited = False
            self._encoding = self._retry_after = None
            self._fields = []
        else:
            self._complete = True
            # The parser can answer this only during this call.
            self._keeps_alive = self._parser.should_keep_alive()
