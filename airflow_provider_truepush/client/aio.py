"""The asynchronous transport, over aiohttp."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import aiohttp
from multidict import CIMultiDict
from tenacity import AsyncRetrying
from yarl import URL

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.dry_run import describe, pretend, stays_here
from airflow_provider_truepush.api.errors import TruepushError, TruepushRateLimitError
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.client.admission import Gate
from airflow_provider_truepush.client.failures import reason
from airflow_provider_truepush.client.metrics import RequestMetrics
from airflow_provider_truepush.client.network import check_files, headers, proxy_for, verify
from airflow_provider_truepush.client.reads import Reader
from airflow_provider_truepush.client.repeating import Repeats, slow_down
from airflow_provider_truepush.client.shared_rate import SharedPace, pace_for

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Requests under way at once, and so connections kept, whatever the number of callers.
_AT_ONCE = 50
#: The same with those of the poller that watches campaigns, which counts its own, and some for what is urgent.
_CONNECTIONS = 192

#: Raised before a connection stands. For creates the connection's own word is taken instead, see ``_create``.
_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class AsyncClient:
    """Sends calls from one event loop over one session, for all callers of a connection.

    :param settings: the connection.
    :param tls: what aiohttp takes as ``ssl``.
    """

    def __init__(self, settings: Settings, tls: ssl.SSLContext | bool) -> None:
        self._settings = settings
        self._tls = tls
        self._proxy = proxy_for(settings)
        self._pace = pace_for(settings)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        #: Of all requests; who uses :meth:`ask` records its own.
        self.metrics = RequestMetrics()
        self._gate = Gate(self._pace)
        # Not the session's: aiohttp hands those to a proxy as well, before the tunnel stands.
        self._headers = CIMultiDict(headers(settings))
        self._root = str(URL(settings.base_url)).rstrip("/")
        self._secret = settings.token.encode()
        # One timer instead of three: they are a tenth of what a small request costs.
        self._once = aiohttp.ClientTimeout(total=settings.timeout)
        self._session = self._open_session(aiohttp.TCPConnector(limit=_CONNECTIONS, ssl=tls))
        # A proxy takes other requests than a server; those are left to aiohttp's session.
        self._reader = None if self._proxy else Reader.over(self._session, URL(self._root), self._headers)

    @classmethod
    async def open(cls, settings: Settings) -> AsyncClient:
        """Make a client; certificates are read in a thread, since that reads files."""
        return cls(settings, await asyncio.to_thread(_tls, settings))

    @property
    def settings(self) -> Settings:
        """The connection."""
        return self._settings

    @property
    def pace(self) -> SharedPace:
        """The pace that it keeps together with the other clients of its project."""
        return self._pace

    @property
    def waiting(self) -> int:
        """How many requests are kept waiting by the pace."""
        return self._gate.waiting

    async def turn(self, *, urgent: bool = False) -> None:
        """Wait until a request may leave.

        :param urgent: go before all that are not, and do not wait until a hold is over.
        """
        await self._gate.turn(urgent=urgent)

    async def close(self) -> None:
        """Close the session and its connections."""
        self.metrics.flush()
        self._pace.leave()
        await self._session.close()

    async def execute(self, call: Call[T]) -> T:
        """Send a call, repeat it where that is harmless and worth it, and return its result."""
        if stays_here(call, self._settings.dry_run):
            log.info("Dry run, not sent: %s", describe(call))
            return pretend(call)
        exchange = Exchange(call)
        if not call.endpoint.repeatable:
            await self._gate.turn()
            began = time.monotonic()
            result = await self._create(call)
            try:
                return self._conclude(exchange, result, began)
            except TruepushRateLimitError as error:
                slow_down(self._pace, error, self._settings)
                raise
        try:
            return await self._attempt(exchange)
        except TruepushError as error:
            first = error
        return await self.repeat(exchange, first)

    async def ask(self, call: Call[Any]) -> tuple[Reply | Failure, float]:
        """One request of a call that reads: not repeated, and the answer as it came; and when it left.

        Whoever calls this awaits :meth:`turn` before, and bounds how many are under way at once.
        """
        left = time.monotonic()
        return await self._send(call, self._session, self._once), left

    async def repeat(self, exchange: Exchange[T], first: TruepushError, *, level: int = logging.WARNING) -> T:
        """Repeat a call whose first request has failed, where that is harmless and worth it.

        :param exchange: the call.
        :param first: what came of its first request.
        :param level: of the log line that each repeat gets.
        """
        repeats = Repeats(exchange, first, self._settings, self._pace, level=level)
        return await AsyncRetrying(**repeats.options())(self._repeat, exchange, repeats)

    async def _repeat(self, exchange: Exchange[T], repeats: Repeats) -> T:
        repeats.start()
        return await self._attempt(exchange)

    async def _attempt(self, exchange: Exchange[T]) -> T:
        if not exchange.call.endpoint.reads:
            # What changes something does not wait behind all that reads, nor until a hold is over that some read has
            # caused: a person may be waiting for a campaign to be cancelled.
            await self._gate.turn(urgent=True)
            began = time.monotonic()
            return self._conclude(exchange, await self._send(exchange.call, self._session), began)
        async with self._turn:
            await self._gate.turn()
            began = time.monotonic()
            result = await self._send(exchange.call, self._session)
        return self._conclude(exchange, result, began)

    def _conclude(self, exchange: Exchange[T], result: Reply | Failure, began: float) -> T:
        seconds = time.monotonic() - began
        return self.metrics.conclude(exchange.call.endpoint.name, seconds, lambda: exchange.conclude(result))

    async def _create(self, call: Call[Any]) -> Reply | Failure:
        """Send a create over a connection of its own, which tells whether it ever stood."""
        stood = SimpleNamespace(connection=False)

        async def connected(session: Any, context: Any, params: Any) -> None:
            stood.connection = True

        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(connected)
        connector = aiohttp.TCPConnector(force_close=True, ssl=self._tls)
        async with self._open_session(connector, trace) as session:
            result = await self._send(call, session)
        if isinstance(result, Failure):
            # With a connection some byte may have left; without one, handshakes included, none has.
            return Failure(stood.connection, result.reason)
        return result

    def _open_session(self, connector: aiohttp.TCPConnector, *traces: aiohttp.TraceConfig) -> aiohttp.ClientSession:
        timeout = self._settings.timeout
        session = aiohttp.ClientSession(
            connector=connector,
            # `total` bounds what the two others cannot: a server that sends a byte now and then.
            timeout=aiohttp.ClientTimeout(total=3 * timeout, sock_connect=timeout, sock_read=timeout),
            trace_configs=list(traces),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # aiohttp repeats a request by itself when a kept connection turns out closed. Repeats are ours to
        # decide and to count; there is no public switch.
        session._retry_connection = False
        return session

    async def _send(
        self, call: Call[Any], session: aiohttp.ClientSession, limit: aiohttp.ClientTimeout | None = None
    ) -> Reply | Failure:
        """One request. Failures are returned and not raised: an exception would carry the request and its token.

        :param call: what to send.
        :param session: over which.
        :param limit: in seconds; None for the session's.
        """
        settings = self._settings
        try:
            if self._reader is not None and call.endpoint.reads:
                status, body, retry_after = await self._reader.read(call.path, limit or session.timeout)
            else:
                status, body, retry_after = await self._request(call, session, limit or session.timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            within = settings.timeout if limit is None else settings.timeout / 3
            return Failure(not isinstance(error, _NOT_SENT), settings.hide(reason(error, within, settings.base_url)))
        if self._secret in body:
            body = body.replace(self._secret, b"***")
        return Reply(status, body, retry_after)

    async def _request(
        self, call: Call[Any], session: aiohttp.ClientSession, limit: aiohttp.ClientTimeout
    ) -> tuple[int, bytes, str | None]:
        # Reading to the end gives the connection back, and so does an error while reading.
        response = await session.request(
            call.endpoint.method,
            URL(self._root + call.path, encoded=True),
            data=call.body,
            headers=self._headers,
            allow_redirects=False,
            proxy=self._proxy,
            timeout=limit,
        )
        return response.status, await response.read(), response.headers.get("Retry-After")


def _tls(settings: Settings) -> ssl.SSLContext | bool:
    check_files(settings)
    checked = verify(settings)
    if checked is True and settings.cert is None:
        return True
    context = ssl.create_default_context()
    if isinstance(checked, str):
        folder = Path(checked).is_dir()
        context = ssl.create_default_context(cafile=None if folder else checked, capath=checked if folder else None)
    if checked is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.cert is not None:
        certificate, key = settings.cert if isinstance(settings.cert, tuple) else (settings.cert, None)
        context.load_cert_chain(certificate, key)
    return context
