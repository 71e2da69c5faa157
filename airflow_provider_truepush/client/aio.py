"""The asynchronous transport, over asyncio's own connections."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests.utils
from tenacity import AsyncRetrying

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.body import UnreadableBodyError, decompress
from airflow_provider_truepush.api.protocol.dry_run import describe, pretend, stays_here
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.evidence import sent_text
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.client.admission import AdmissionQueue
from airflow_provider_truepush.client.connections import Connections, NoConnectionError, Route
from airflow_provider_truepush.client.failures import too_long, total_timeout
from airflow_provider_truepush.client.http1 import Answer, BrokenExchangeError, HttpConnection
from airflow_provider_truepush.client.metrics import RequestMetrics
from airflow_provider_truepush.client.network import headers, hider, proxy_for, tls_options
from airflow_provider_truepush.client.repeating import Repeats, slow_down_after
from airflow_provider_truepush.client.shared_rate import SharedRateLimiter, rate_limiter_for
from airflow_provider_truepush.client.surplus import MOMENT, is_plain_success

log = logging.getLogger(__name__)

T = TypeVar("T")

#: The most concurrent requests of all callers, except those of the poller.
_AT_ONCE = 50
#: The most connections: for those requests, for those of the poller, which limits its own, and for urgent ones.
_CONNECTIONS = 192


class AsyncClient:
    """Send calls from one event loop over kept connections, for all callers of a connection.

    :param settings: the connection.
    :param route: the way to the server.
    """

    def __init__(self, settings: Settings, route: Route) -> None:
        self._settings = settings
        self._hide = hider(settings, route.proxy)
        self._rate_limiter = rate_limiter_for(settings)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        #: The metrics of all requests. Callers of :meth:`ask` record theirs.
        self.metrics = RequestMetrics()
        self._admission = AdmissionQueue(self._rate_limiter)
        self._connections = Connections(route, _CONNECTIONS)
        self._target, self._head = _request_parts(settings, route)

    @classmethod
    async def open(cls, settings: Settings) -> AsyncClient:
        """Return a client. Certificates are read in a thread, because that reads files.

        :raises TruepushValidationError: for a proxy or a certificate that cannot be used.
        """
        return cls(settings, await asyncio.to_thread(_route, settings))

    @property
    def settings(self) -> Settings:
        """Return the settings of the connection."""
        return self._settings

    @property
    def rate_limiter(self) -> SharedRateLimiter:
        """Return the rate limiter that it shares with the other clients of its project."""
        return self._rate_limiter

    @property
    def waiting(self) -> int:
        """Return the number of requests that wait for the rate limiter."""
        return self._admission.waiting

    async def admit(self, *, urgent: bool = False) -> None:
        """Wait until a request may leave.

        :param urgent: go before all calls that are not urgent, and do not wait for the end of a cooldown.
        """
        await self._admission.admit(urgent=urgent)

    async def close(self) -> None:
        """Close the connections."""
        self.metrics.flush()
        self._rate_limiter.leave()
        await self._connections.close()

    async def execute(self, call: Call[T]) -> T:
        """Send a call, repeat it where that is harmless and useful, and return its result."""
        if stays_here(call, self._settings.dry_run):
            log.info("Dry run, not sent: %s", describe(call))
            return pretend(call)
        exchange = Exchange(call)
        if not call.endpoint.repeatable:
            await self._admission.admit()
            began = time.monotonic()
            result = await self._send(call)
            try:
                return await self._conclude(exchange, result, began)
            except TruepushError as error:
                slow_down_after(self._rate_limiter, error, self._settings)
                raise
        try:
            return await self._attempt(exchange)
        except TruepushError as error:
            first = error
        return await self.repeat(exchange, first)

    async def ask(self, call: Call[Any]) -> tuple[Reply | Failure, float]:
        """Send one request of a call that reads; return the answer as it came, and when the request left.

        The request is not repeated, and ends within the connection's timeout. Callers await :meth:`admit` first, and
        limit their own concurrent requests.
        """
        left = time.monotonic()
        return await self._send(call, self._settings.timeout), left

    async def repeat(self, exchange: Exchange[T], first: TruepushError, *, level: int = logging.WARNING) -> T:
        """Repeat a call whose first request has failed, where that is harmless and useful.

        :param exchange: the call.
        :param first: the error of its first request.
        :param level: the log level of each repeat.
        """
        repeats = Repeats(exchange, first, self._settings, self._rate_limiter, level=level)
        return await AsyncRetrying(**repeats.options())(self._repeat, exchange, repeats)

    async def _repeat(self, exchange: Exchange[T], repeats: Repeats) -> T:
        repeats.start()
        return await self._attempt(exchange)

    async def _attempt(self, exchange: Exchange[T]) -> T:
        if not exchange.call.endpoint.reads:
            # A change does not wait behind all reads, nor for a cooldown that some read has caused: someone may be
            # waiting for a campaign to be canceled.
            await self._admission.admit(urgent=True)
            began = time.monotonic()
            return await self._conclude(exchange, await self._send(exchange.call), began)
        async with self._turn:
            await self._admission.admit()
            began = time.monotonic()
            result = await self._send(exchange.call)
        return await self._conclude(exchange, result, began)

    async def _conclude(self, exchange: Exchange[T], result: Reply | Failure, began: float) -> T:
        return await self.conclude(exchange, result, time.monotonic() - began)

    async def conclude(self, exchange: Exchange[T], result: Reply | Failure, seconds: float) -> T:
        """Return a call's result, or raise its error, and record the outcome.

        A large answer is read in a thread, so that other calls continue meanwhile; that to a create is not.

        :param exchange: the call.
        :param result: the answer to its last request.
        :param seconds: from that request to the answer.
        """
        conclude = partial(exchange.conclude, result)
        is_large = isinstance(result, Reply) and len(result.body) > limits.LARGE_BODY_BYTES
        # A create is concluded at once: a cancellation that came in between would lose the id.
        if is_large and exchange.call.endpoint.repeatable:
            reading = asyncio.ensure_future(asyncio.to_thread(conclude))
            # asyncio logs an error that nobody has retrieved, as after a cancellation.
            reading.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.wait([reading])
            return self.metrics.conclude(exchange.call.endpoint.name, seconds, reading.result)
        return self.metrics.conclude(exchange.call.endpoint.name, seconds, conclude)

    async def _send(self, call: Call[Any], total: float | None = None) -> Reply | Failure:
        """Send one request. Failures are returned: an exception would carry the request, and so the token.

        :param call: what to send.
        :param total: seconds for the whole request; None for the usual limits, on the whole and on each silence.
        """
        timeout = self._settings.timeout
        limit = total_timeout(timeout) if total is None else total
        way = _Way()
        try:
            async with asyncio.timeout(limit):
                answer = await self._exchange(call, way, None if total is not None else timeout)
            body = decompress(answer.body, answer.encoding)
            # The answer is complete, so the limit no longer counts.
            irregular = await _is_irregular(call, answer, body, way)
        except TimeoutError:
            return Failure(way.sent, too_long(limit))
        except NoConnectionError as error:
            return Failure(False, self._hide(str(error)))
        except (BrokenExchangeError, UnreadableBodyError, OSError) as error:
            return Failure(way.sent, self._hide(str(error)))
        finally:
            if not call.endpoint.repeatable and way.connection is not None:
                way.connection.abort()
        return Reply(answer.head.status, body, answer.retry_after, self._hide, irregular)

    async def _exchange(self, call: Call[Any], way: _Way, silence: float | None) -> Answer:
        """Return the answer. The connection of a create stays open."""
        # A create gets its own connection: the server may close a kept one just as it is used, and then it is unknown
        # whether the create was read.
        kept = call.endpoint.repeatable
        timeout = self._settings.timeout
        connection = await (self._connections.take(timeout) if kept else self._connections.once(timeout))
        connection.sent = False
        way.connection = connection
        try:
            return await connection.exchange(self._request(call), silence)
        finally:
            if kept:
                self._connections.give_back(connection)

    def _request(self, call: Call[Any]) -> bytes:
        line = f"{call.endpoint.method} {self._target}{call.path} HTTP/1.1\r\n"
        if (body := call.body) is not None:
            return f"{line}{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        # A PUT without a body must say so.
        length = "Content-Length: 0\r\n" if call.endpoint.method == "PUT" else ""
        return f"{line}{self._head}{length}\r\n".encode()


class _Way:
    """The connection of a request, once one is open."""

    connection: HttpConnection | None = None

    @property
    def sent(self) -> bool:
        """Return whether a byte of the request may have been sent."""
        return self.connection is not None and self.connection.sent


async def _is_irregular(call: Call[Any], answer: Answer, body: bytes, way: _Way) -> bool:
    """Return whether the answer to a create is irregular. That matters only if it is not a success."""
    if call.endpoint.repeatable or is_plain_success(call, answer.head.status, body):
        return False
    if answer.head.is_irregular() or answer.head.names_object(sent_text(call)):
        return True
    return way.connection is not None and await way.connection.has_surplus(MOMENT)


def _route(settings: Settings) -> Route:
    parts = urlsplit(settings.base_url)
    secure = parts.scheme == "https"
    host = (parts.hostname or "").encode("idna").decode() if not _is_ascii(parts.hostname) else parts.hostname or ""
    tls = tls_options(settings) if secure else None
    return Route(host, parts.port or (443 if secure else 80), tls, proxy_for(settings))


def _is_ascii(text: str | None) -> bool:
    return text is None or text.isascii()


def _request_parts(settings: Settings, route: Route) -> tuple[str, str]:
    """Return the beginning of each request's target, and the headers that all requests share."""
    parts = urlsplit(settings.base_url)
    name = f"[{route.host}]" if ":" in route.host else route.host
    usual = 443 if route.tls is not None else 80
    authority = name if route.port == usual else f"{name}:{route.port}"
    path = requests.utils.requote_uri(parts.path).rstrip("/")
    lines = {"Host": authority, **headers(settings)}
    through_proxy = route.proxy is not None and route.tls is None
    if through_proxy and (authorization := route.proxy_authorization) is not None:
        lines["Proxy-Authorization"] = authorization
    target = f"http://{authority}{path}" if through_proxy else path
    return target, "".join(f"{name}: {value}\r\n" for name, value in lines.items())
