"""The effects of faults on a connection, below HTTP."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

from aiohttp import web

from airflow_provider_truepush.emulator.dialects import Answer

#: Waits some seconds; returns False when the emulator stops meanwhile.
Pause = Callable[[float], Awaitable[bool]]

GARBAGE = b"\x15\x03\x01\x00\x02\x02\x46 this is no HTTP \xff\xfe\r\n\r\n"
_POLL = 0.02


class NoAnswer(web.StreamResponse):
    """End a request without writing anything more on its connection."""

    async def prepare(self, request: web.BaseRequest) -> Any:
        """Have aiohttp close the connection."""
        raise ConnectionResetError("a fault ended this connection")


def raw(answer: Answer, *, close: bool = True) -> tuple[bytes, bytes]:
    """Return head and body of an answer as they go over the wire.

    :param close: say that the connection closes after it.
    """
    reason = HTTPStatus(answer.status).phrase if answer.status in list(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in answer.headers.items())]
    if answer.status != 204:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join([*lines, f"Connection: {'close' if close else 'keep-alive'}", "", ""])
    return head.encode("latin-1"), answer.body


def halves(answer: Answer) -> tuple[bytes, bytes]:
    """Return an answer cut in the middle of its body, or of its head when it has no body."""
    head, body = raw(answer)
    cut = len(head) + len(body) // 2 if body else len(head) // 2
    whole = head + body
    return whole[:cut], whole[cut:]


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Close a connection so that the other side sees a reset."""
    if not isinstance(transport, asyncio.Transport):
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def finish(request: web.BaseRequest, pause: Pause) -> None:
    """Close the writing side, and read for a moment what the other side still sends.

    Closing with unread data would reset the connection.
    """
    transport = request.transport
    if transport is None or transport.is_closing():
        return
    if transport.can_write_eof():
        transport.write_eof()
    for _ in range(25):
        if request.content.is_eof() or transport.is_closing():
            return
        request.content.read_nowait()
        if not await pause(_POLL):
            return


async def hang(request: web.BaseRequest, seconds: float, pause: Pause) -> None:
    """Send nothing until the client disconnects, the time has passed or the emulator stops."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        if request.transport is None or request.transport.is_closing() or not await pause(_POLL):
            return


async def cut(request: web.BaseRequest, effect: str, seconds: float, pause: Pause) -> web.StreamResponse:
    """Leave a request without an answer.

    :param effect: ``fin``, ``rst`` or ``hang``.
    :param seconds: how long to hang.
    """
    if effect == "hang":
        await hang(request, seconds, pause)
    elif effect == "rst":
        reset(request.transport)
    else:
        await finish(request, pause)
    return NoAnswer()


async def answer_half(
    request: web.BaseRequest, answer: Answer, effect: str, seconds: float, pause: Pause
) -> web.StreamResponse:
    """Write half an answer, then do what the effect says."""
    first, second = halves(answer)
    transport = request.transport
    if transport is None or transport.is_closing():
        return NoAnswer()
    transport.write(first)
    if effect == "delay":
        if await pause(seconds) and not transport.is_closing():
            transport.write(second)
        return NoAnswer()
    if effect == "rst":
        # A reset discards what the client has not read yet: let it read first.
        await pause(0.05)
    return await cut(request, "fin" if effect == "truncate" else effect, seconds, pause)


def answer_garbage(request: web.BaseRequest) -> web.StreamResponse:
    """Answer bytes that are not HTTP."""
    if request.transport is not None:
        request.transport.write(GARBAGE)
    return NoAnswer()


def strike_connection(transport: asyncio.Transport, effect: str, seconds: float) -> None:
    """Strike a connection before anything is read from it.

    :param effect: ``fin``, ``rst``, ``hang`` or ``delay``.
    :param seconds: of a hang or a delay.
    """
    loop = asyncio.get_running_loop()
    transport.pause_reading()
    if effect == "rst":
        # On some systems a reset at once looks to the client as a refused connection.
        loop.call_later(0.02, reset, transport)
    elif effect == "fin":
        transport.write_eof()
        loop.call_later(0.5, transport.close)
    elif effect == "hang":
        loop.call_later(seconds, transport.close)
    else:
        loop.call_later(seconds, _resume, transport)


def _resume(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.resume_reading()


async def drip(
    request: web.BaseRequest, answer: Answer, part: str, seconds: float, pause: Pause
) -> web.StreamResponse | None:
    """Write an answer a byte at a time.

    :param part: ``head`` or ``body``: where the dripping begins.
    :param seconds: between two bytes.
    :returns: None when the client went away before the end.
    """
    head, body = raw(answer)
    transport = request.transport
    at_once, slow = (b"", head + body) if part == "head" or not body else (head, body)
    if transport is not None and not transport.is_closing():
        transport.write(at_once)
    for position in range(len(slow)):
        if transport is None or transport.is_closing() or not await pause(seconds):
            return None
        transport.write(slow[position : position + 1])
    return NoAnswer()


async def stream(
    request: web.BaseRequest, answer: Answer, pieces: Iterator[bytes], length: int | None
) -> web.StreamResponse | None:
    """Write a long body, no faster than the client reads it.

    :param answer: its status and headers.
    :param pieces: the body.
    :param length: of the body; None for chunks.
    :returns: None when the client went away before the end.
    """
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    if length is None:
        response.enable_chunked_encoding()
    else:
        response.content_length = length
    try:
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        return None
    return response


async def answer_twice(
    request: web.BaseRequest, response: web.Response, surplus: Answer, seconds: float
) -> web.StreamResponse:
    """Answer, and later send a second, unsolicited answer on the same connection.

    :param seconds: between the two.
    """
    transport = request.transport
    await response.prepare(request)
    await response.write_eof()
    head, body = raw(surplus, close=False)

    def send() -> None:
        if transport is not None and not transport.is_closing():
            transport.write(head + body)

    asyncio.get_running_loop().call_later(seconds, send)
    return response
