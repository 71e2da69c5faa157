"""One request on its way through the phases, and the effect of a fault on it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

from aiohttp import web

import airflow_provider_truepush.emulator.hostile as hostile
import airflow_provider_truepush.emulator.outcomes as outcomes
import airflow_provider_truepush.emulator.wire as wire
from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import Endpoint
from airflow_provider_truepush.emulator.dialects import Answer
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.emulator.outcomes import Outcome
from airflow_provider_truepush.emulator.service import Late, Service

_HOSTILE = frozenset({"contradict", "bare_204", "odd_rows", "endless_list", "odd_counters"})
_HTML = {"Content-Type": "text/html; charset=utf-8"}


class Exchange:
    """One request on its way through the phases, with the fault that waits for it, if any."""

    def __init__(
        self, service: Service, pause: wire.Pause, request: web.BaseRequest, record: Request,
        endpoint: Endpoint[Any] | None, argument: str | None, token: str | None, fault: Fault | None,
    ) -> None:  # fmt: skip
        self.service, self.pause, self.request, self.record = service, pause, request, record
        self.endpoint, self.argument, self.token, self.fault = endpoint, argument, token, fault

    async def run(self) -> web.StreamResponse:
        """Handle the request, from its head to the end of the answer."""
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
            if (struck := await self._strike("after_commit", outcome)) is not None:
                return struck
            if self.fault.phase == "mid_answer":
                return await self._mid_answer(self.fault, outcome)
            if self.fault.phase == "after_answer":
                return await self._twice(self.fault, self.service.dialect.render(outcome))
        return _response(self.service.dialect.render(outcome))

    async def _strike(self, phase: str, outcome: Outcome | None = None) -> web.StreamResponse | None:
        """Return what the fault answers in this phase; None when the request continues.

        :param outcome: the outcome of the request, once it is carried out.
        """
        fault = self.fault
        if fault is None or fault.phase != phase or fault.effect == "late_commit":
            return None
        if fault.effect == "delay":
            return None if await self.pause(fault.seconds or 0.0) else wire.NoAnswer()
        if fault.effect in ("fin", "rst", "hang"):
            return await wire.cut(self.request, fault.effect, fault.seconds or 0.0, self.pause)
        if fault.effect == "garbage":
            return wire.answer_garbage(self.request)
        if fault.effect in _HOSTILE:
            return _response(self._hostile(fault, outcome))
        return _response(self._instead(fault))

    def _hostile(self, fault: Fault, outcome: Outcome | None) -> Answer:
        """Return an answer that no healthy service gives.

        :param outcome: the outcome of the request; None when it is not carried out.
        """
        if fault.effect == "bare_204":
            return Answer(204)
        if self.endpoint is None:
            return page(fault.status or 500, dict(fault.headers))
        now, dialect = self.service.clock.now(), self.service.dialect
        if fault.effect == "contradict":
            return hostile.contradiction(outcome or hostile.claimed(self.endpoint.name, now, fault), dialect, fault)
        assert outcome is not None, "the effects below strike after the commit"
        if fault.effect == "odd_counters":
            return hostile.odd_counters(outcome, dialect, fault)
        if fault.effect == "odd_rows":
            return dialect.render(hostile.with_odd_rows(outcome, fault, now))
        if self.record.project is None:
            return dialect.render(outcome)
        return dialect.render(hostile.endless(outcome, fault, self.argument, dialect.page_size, now))

    def _instead(self, fault: Fault) -> Answer:
        """Return a complete answer other than the true one."""
        headers = dict(fault.headers)
        if fault.effect == "redirect":
            headers.setdefault("Location", fault.location or self.request.rel_url.raw_path)
            return page(fault.status or 307, headers)
        if fault.effect == "html":
            return page(fault.status or 200, headers)
        if fault.retry_after is not None:
            headers.setdefault("Retry-After", _retry_after(fault))
        if fault.effect == "status":
            return _with_body(fault, headers, 503)
        code = codes.API_LIMIT_EXCEEDED if fault.effect == "429" else str(fault.code)
        if self.endpoint is None:
            return page(429 if fault.effect == "429" else 500, headers)
        answer = self.service.dialect.render(outcomes.by_code(self.endpoint.name, code))
        return Answer(answer.status, answer.body, {**answer.headers, **headers})

    async def _mid_answer(self, fault: Fault, outcome: Outcome) -> web.StreamResponse:
        answer = self.service.dialect.render(outcome)
        if fault.effect in ("drip", "inflate", "oversize"):
            return await self._slow_or_large(fault, hostile.whole(outcome, self.service.dialect))
        if fault.effect != "cut_json":
            half = await wire.answer_half(self.request, answer, fault.effect, fault.seconds or 0.0, self.pause)
            if fault.effect == "delay":
                self.record.status = answer.status
            return half
        if not answer.body:
            # A bare 204 has no JSON to cut: say the row in a body.
            answer = replace(self.service.dialect, negative="body").render(outcome)
        return _response(Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers))

    async def _slow_or_large(self, fault: Fault, answer: Answer) -> web.StreamResponse:
        """Send an answer in a way that wears out its reader; the record gets its status when all of it is out."""
        sent: web.StreamResponse | None
        if fault.effect == "drip":
            sent = await wire.drip(self.request, answer, fault.part, fault.seconds or 0.0, self.pause)
        elif fault.effect == "inflate":
            # Far from the loop: other requests are answered meanwhile.
            packed = await asyncio.to_thread(hostile.compressed, answer, fault.megabytes, str(fault.encoding))
            sent = _response(packed)
        else:
            before, blanks, after = hostile.padding(answer, fault.megabytes)
            length = None if fault.encoding == "chunked" else len(before) + blanks + len(after)
            sent = await wire.stream(self.request, answer, hostile.pieces(before, blanks, after), length)
        if sent is not None:
            self.record.status = answer.status
        return sent or wire.NoAnswer()

    async def _twice(self, fault: Fault, answer: Answer) -> web.StreamResponse:
        headers = dict(fault.headers)
        if fault.body is not None:
            surplus = _with_body(fault, headers, 200)
        else:
            surplus = Answer(fault.status or answer.status, answer.body, {**answer.headers, **headers})
        return await wire.answer_twice(self.request, _response(answer), surplus, fault.seconds or 0.0)

    async def _postpone(self, fault: Fault, endpoint: Endpoint[Any], raw: bytes) -> web.StreamResponse:
        seconds = fault.seconds or 0.0
        due = self.service.clock.now() + seconds if fault.clock == "emulated" else None
        number = self.service.postpone(Late(endpoint, self.token, self.argument, raw, self.record, due))
        if fault.clock == "real":
            asyncio.get_running_loop().call_later(seconds, self.service.commit_late, number)
        return await wire.cut(self.request, fault.then, 60.0, self.pause)


def no_route(method: str, path: str) -> Answer:
    """Return what Express answers to a path or a method that it does not know."""
    text = f"Cannot {method} {path}".replace("&", "&amp;").replace("<", "&lt;")
    return Answer(404, f"<!DOCTYPE html>\n<html><body><pre>{text}</pre></body></html>\n".encode(), _HTML)


def page(status: int, headers: dict[str, str]) -> Answer:
    """Return what nginx answers in place of the service behind it."""
    words = f"{status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else str(status)
    body = (
        f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(status, b"" if status in (204, 304) else body.encode(), {**_HTML, **headers})


def _with_body(fault: Fault, headers: dict[str, str], status: int) -> Answer:
    status = fault.status or status
    if fault.body is None:
        return page(status, headers)
    if isinstance(fault.body, str):
        return Answer(
            status, fault.body.encode("utf-8", "backslashreplace"), {**_HTML, **headers} if fault.body else headers
        )
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
