"""The socket: requests in, answers or faults out."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any
from urllib.parse import unquote

from aiohttp import web

import airflow_provider_truepush.emulator.control as control
import airflow_provider_truepush.emulator.guard as guard
import airflow_provider_truepush.emulator.page as page
import airflow_provider_truepush.emulator.wire as wire
from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator.clock import as_datetime
from airflow_provider_truepush.emulator.control_action import ROOT
from airflow_provider_truepush.emulator.exchange import Exchange
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.emulator.service import Service

logger = logging.getLogger("airflow_provider_truepush.emulator")

_ROUTES: dict[tuple[str, str], Endpoint[Any]] = {
    (endpoint.method, endpoint.path.casefold()): endpoint for endpoint in ENDPOINTS
}


class Connections(web.Server):
    """Number the connections and apply faults to them.

    :param site: the emulator's.
    """

    def __init__(self, site: Site) -> None:
        super().__init__(site.handle, access_log=None)
        self._site = site
        self.opened = 0
        self.numbers: dict[Any, int] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """Handle a new connection."""
        super().connection_made(handler, transport)
        self.opened += 1
        self.numbers[handler] = self.opened
        service = self._site.service
        with service.lock:
            fault = service.faults.match(None, accept=True)
        if fault is not None:
            logger.info("connection %d: fault %s", self.opened, fault.name)
            wire.strike_connection(transport, fault.effect, fault.seconds or 0.0)

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        """Handle the end of a connection."""
        super().connection_lost(handler, exc)
        self.numbers.pop(handler, None)


class Site:
    """One emulator on one event loop.

    :param service: the emulated Truepush.
    :param names: host names under which the control address may be used, besides IP addresses and localhost.
    :param log: write a line per request.
    """

    def __init__(self, service: Service, names: frozenset[str], *, log: bool) -> None:
        self.service = service
        self._names = names
        self._log = log
        self._stop = asyncio.Event()
        self.connections = Connections(self)
        self._listener: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def listen(self, host: str, port: int) -> int:
        """Start to listen; return the port."""
        self._listener = await asyncio.get_running_loop().create_server(self.connections, host, port, backlog=1024)
        if self.service.clock.mode == "real":
            self._ticker = asyncio.create_task(self._tick())
        return int(self._listener.sockets[0].getsockname()[1])

    async def _tick(self) -> None:
        """Fire triggers in time, even if no request reads the clock."""
        while await self.pause(1.0):
            with self.service.lock:
                self.service.settle()

    async def close(self) -> None:
        """Stop at once, even while requests hang."""
        self._stop.set()
        if self._listener is not None:
            self._listener.close()
        for protocol in self.connections.connections:
            if protocol.transport is not None:
                protocol.transport.abort()
        if self._ticker is not None:
            await self._ticker
        await self.connections.shutdown(timeout=0.5)

    async def pause(self, seconds: float) -> bool:
        """Wait; return False when the emulator stops meanwhile."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or apply the fault that waits for it."""
        path = request.rel_url.raw_path
        if path == ROOT or path.startswith(f"{ROOT}/"):
            return await control.handle(self.service, self._names, request, path)
        if path == "/" and request.method in ("GET", "HEAD"):
            refused = guard.refusal(request.method, request.headers, self._names)
            return page.answer() if refused is None else control.answer(403, {"error": refused})
        endpoint, argument = route(request.method, path)
        token = request.headers.get("Authorization")
        record = self.service.open_request(
            request.method, path, endpoint, argument,
            self.connections.numbers.get(request.protocol, 0), token, time.monotonic(),
        )  # fmt: skip
        if endpoint is not None and (action := self.service.before_request.get(endpoint.name)) is not None:
            await asyncio.to_thread(self.service.carry_out, action)
        with self.service.lock:
            fault = self.service.faults.match(endpoint.name if endpoint else None)
        if fault is not None:
            record.fault = fault.name
        try:
            response = await Exchange(self.service, self.pause, request, record, endpoint, argument, token, fault).run()
            if not isinstance(response, wire.NoAnswer):
                record.status = response.status
            return response
        finally:
            if self._log and logger.isEnabledFor(logging.INFO):
                logger.info("%s", line(record))


def route(method: str, path: str) -> tuple[Endpoint[Any] | None, str | None]:
    """Return the endpoint of a path, with or without a slash at its end, and the argument after its name."""
    trimmed = path[:-1] if path.endswith("/") else path
    if (endpoint := _ROUTES.get((method, trimmed.casefold()))) is not None and not endpoint.has_argument:
        return endpoint, None
    stem, _, argument = trimmed.rpartition("/")
    endpoint = _ROUTES.get((method, stem.casefold()))
    if endpoint is None or not endpoint.has_argument or not argument:
        return None, None
    return endpoint, unquote(argument)


def line(record: Request) -> str:
    """Return the line of the log for a request."""
    did = record.committed and f"{_VERBS.get(record.method, 'changed')} {record.committed}"
    parts = (
        f"{as_datetime(record.seconds):%Y-%m-%d %H:%M:%S}",
        f"{record.method} {record.path}",
        str(record.status or "no answer"),
        record.outcome or ("not carried out" if record.endpoint else "unknown path"),
        did,
        record.detail and f"({record.detail})",
        record.fault and f"[fault {record.fault}]",
        None if record.authorised else "(no known token)",
    )
    return " ".join(part for part in parts if part)


_VERBS = {"POST": "created", "PUT": "changed", "DELETE": "deleted"}
