"""The socket: requests in, answers or faults out."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator import control, outcomes, wire
from airflow_provider_truepush.emulator.clock import as_datetime
from airflow_provider_truepush.emulator.dialects import Answer
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.emulator.outcomes import Outcome
from airflow_provider_truepush.emulator.service import Late, Service

logger = logging.getLogger("airflow_provider_truepush.emulator")

_ROUTES: dict[tuple[str, str], Endpoint[Any]] = {
    (endpoint.method, endpoint.path.casefold()): endpoint for endpoint in ENDPOINTS
}
_HTML = {"Content-Type": "text/html; charset=utf-8"}


class Connections(web.Server):
    """Numbers the connections and lets faults strike them.

    :param site: the emulator's.
    """

    def __init__(self, site: Site) -> None:
        super().__init__(site.handle, access_log=None)
        self._site = site
        self.opened = 0
        self.numbers: dict[Any, int] = {}

    def connection_made(self, handler: Any, transport: asyncio.Transport) -> None:
        """A client has connected."""
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
        """A client has gone, or was cut off."""
        super().connection_lost(handler, exc)
        self.numbers.pop(handler, None)


class Site:
    """One emulator on one event loop.

    :param service: the emulated Truepush.
    :param log: write a line per request.
    """

    def __init__(self, service: Service, *, log: bool) -> None:
        self.service = service
        self._log = log
        self._stop = asyncio.Event()
        self.connections = Connections(self)
        self._listener: asyncio.Server | None = None
        self._ticker: asyncio.Task[None] | None = None

    async def listen(self, host: str, port: int) -> int:
        """Begin.

        :returns: the port.
        """
        self._listener = await asyncio.get_running_loop().create_server(self.connections, host, port, backlog=1024)
        if self.service.clock.mode == "real":
            self._ticker = asyncio.create_task(self._tick())
        return int(self._listener.sockets[0].getsockname()[1])

    async def _tick(self) -> None:
        """Have triggers fire in time, although nobody looks."""
        while await self.pause(1.0):
            with self.service.lock:
                self.service.settle()

    async def close(self) -> None:
        """End at once, whatever hangs."""
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
        """Wait; false when the emulator stops meanwhile."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or have a fault do what it does."""
        path = request.rel_url.raw_path
        if path == control.ROOT or path.startswith(f"{control.ROOT}/"):
            return await control.handle(self.service, request, path)
        endpoint, argument = route(request.method, path)
        token = request.headers.get("Authorization")
        record = self.service.open_request(
            request.method, path, endpoint, argument,
            self.connections.numbers.get(request.protocol, 0), token, time.monotonic(),
        )  # fmt: skip
        with self.service.lock:
            fault = self.service.faults.match(endpoint.name if endpoint else None)
        if fault is not None:
            record.fault = fault.name
        try:
            response = await _Exchange(self, request, record, endpoint, argument, token, fault).run()
            if not isinstance(response, wire.NoAnswer):
                record.status = response.status
            return response
        finally:
            if self._log and logger.isEnabledFor(logging.INFO):
                logger.info("%s", line(record))


class _Exchange:
    """One request on its way through the phases, with the fault that waits for it, if any."""

    def __init__(
        self, site: Site, request: web.BaseRequest, record: Request, endpoint: Endpoint[Any] | None,
        argument: str | None, token: str | None, fault: Fault | None,
    ) -> None:  # fmt: skip
        self.site, self.service, self.request, self.record = site, site.service, request, record
        self.endpoint, self.argument, self.token, self.fault = endpoint, argument, token, fault

    async def run(self) -> web.StreamResponse:
        """Take it from the head of the request to the end of the answer."""
        if (struck := await self._strike("before_read")) is not None:
            return struck
        try:
            raw = await self.request.read()
        except ConnectionError:
            return wire.NoAnswer()
        self.service.note_body(self.record, raw)
        if self.fault is not None and self.fault.effect == "late_commit" and self.endpoint is not None:
            return await self._postpone(self.fault, self.endpoint, raw)
        if (struck := await self._strike("before_commit")) is not None:
            return struck
        if self.endpoint is None:
            return _response(no_route(self.request.method, self.record.path))
        outcome = self.service.execute(self.endpoint, self.token, self.argument, raw, self.record)
        if self.fault is not None:
            if (struck := await self._strike("after_commit")) is not None:
                return struck
            if self.fault.phase == "mid_answer":
                return await self._mid_answer(self.fault, outcome)
        return _response(self.service.dialect.render(outcome))

    async def _strike(self, phase: str) -> web.StreamResponse | None:
        """What the fault answers in this phase; None when the request goes on."""
        fault = self.fault
        if fault is None or fault.phase != phase or fault.effect == "late_commit":
            return None
        if fault.effect == "delay":
            return None if await self.site.pause(fault.seconds or 0.0) else wire.NoAnswer()
        if fault.effect in ("fin", "rst", "hang"):
            return await wire.cut(self.request, fault.effect, fault.seconds or 0.0, self.site.pause)
        if fault.effect == "garbage":
            return wire.answer_garbage(self.request)
        return _response(self._instead(fault))

    def _instead(self, fault: Fault) -> Answer:
        """A whole answer that is not the true one."""
        headers = dict(fault.headers)
        if fault.effect == "redirect":
            headers.setdefault("Location", fault.location or self.request.rel_url.raw_path)
            return page(fault.status or 307, headers)
        if fault.effect == "html":
            return page(fault.status or 200, headers)
        if fault.retry_after is not None:
            headers.setdefault("Retry-After", _retry_after(fault))
        if fault.effect == "status":
            return _told(fault, headers)
        code = codes.API_LIMIT_EXCEEDED if fault.effect == "429" else str(fault.code)
        if self.endpoint is None:
            return page(429 if fault.effect == "429" else 500, headers)
        answer = self.service.dialect.render(outcomes.by_code(self.endpoint.name, code))
        return Answer(answer.status, answer.body, {**answer.headers, **headers})

    async def _mid_answer(self, fault: Fault, outcome: Outcome) -> web.StreamResponse:
        answer = self.service.dialect.render(outcome)
        if fault.effect != "cut_json":
            half = await wire.answer_half(self.request, answer, fault.effect, fault.seconds or 0.0, self.site.pause)
            if fault.effect == "delay":
                self.record.status = answer.status
            return half
        if not answer.body:
            # A bare 204 has no JSON to cut: say the row in a body.
            answer = replace(self.service.dialect, negative="body").render(outcome)
        return _response(Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers))

    async def _postpone(self, fault: Fault, endpoint: Endpoint[Any], raw: bytes) -> web.StreamResponse:
        seconds = fault.seconds or 0.0
        due = self.service.clock.now() + seconds if fault.clock == "emulated" else None
        number = self.service.postpone(Late(endpoint, self.token, self.argument, raw, self.record, due))
        if fault.clock == "real":
            asyncio.get_running_loop().call_later(seconds, self.service.commit_late, number)
        return await wire.cut(self.request, fault.then, 60.0, self.site.pause)


def route(method: str, path: str) -> tuple[Endpoint[Any] | None, str | None]:
    """The endpoint of a path, with or without a slash at its end, and what stands after its name."""
    trimmed = path[:-1] if path.endswith("/") else path
    if (endpoint := _ROUTES.get((method, trimmed.casefold()))) is not None and not endpoint.has_argument:
        return endpoint, None
    stem, _, argument = trimmed.rpartition("/")
    endpoint = _ROUTES.get((method, stem.casefold()))
    if endpoint is None or not endpoint.has_argument or not argument:
        return None, None
    return endpoint, unquote(argument)


def no_route(method: str, path: str) -> Answer:
    """What Express says to a path or a method that it does not know."""
    text = f"Cannot {method} {path}".replace("&", "&amp;").replace("<", "&lt;")
    return Answer(404, f"<!DOCTYPE html>\n<html><body><pre>{text}</pre></body></html>\n".encode(), _HTML)


def page(status: int, headers: dict[str, str]) -> Answer:
    """What nginx says in place of the service behind it."""
    words = f"{status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else str(status)
    body = (
        f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, b"" if status in (204, 304) else body.encode(), {**_HTML, **headers})


def _told(fault: Fault, headers: dict[str, str]) -> Answer:
    status = fault.status or 503
    if fault.body is None:
        return page(status, headers)
    if isinstance(fault.body, str):
        return Answer(status, fault.body.encode(), {**_HTML, **headers} if fault.body else headers)
    body = outcomes.as_json(fault.body)
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **headers})


def _retry_after(fault: Fault) -> str:
    value = fault.retry_after
    if isinstance(value, str):
        return value
    seconds = float(value or 0)
    if fault.retry_after_date:
        return formatdate(time.time() + seconds, usegmt=True)
    return f"{seconds:g}"


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def line(record: Request) -> str:
    """A request in one line of the log."""
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
