"""PostgreSQL that Redshift's driver takes for Redshift: a proxy between TCP and the socket of a real server.

It removes the startup parameters that PostgreSQL does not know, and reports Redshift's version of the server.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_KNOWN = (b"user", b"database", b"client_encoding", b"application_name")
_SSL_REQUEST = 80877103


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, socket: str, counted: list[bytes]) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if struct.unpack("!i", body[:4])[0] != _SSL_REQUEST:
                break
            writer.write(b"N")
        parts = body[4:].split(b"\0")
        given = dict(zip(parts[::2], parts[1::2], strict=False))
        kept = b"".join(key + b"\0" + value + b"\0" for key, value in given.items() if key in _KNOWN)
        startup = body[:4] + kept + b"\0"
        upstream_reader, upstream = await asyncio.open_unix_connection(socket)
        upstream.write(struct.pack("!i", len(startup) + 4) + startup)
        await asyncio.gather(_forward(reader, upstream, counted), _answer(upstream_reader, writer))
    writer.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: list[bytes]) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            if head[:1] in b"PQ":  # a statement is parsed, or run as it is
                counted.append(body[:80])
            writer.write(head + body)
            await writer.drain()
    writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            if head[:1] == b"S" and body.startswith(b"server_version\0"):
                body = b"server_version\x008.0.2\0"
                head = b"S" + struct.pack("!i", len(body) + 4)
            writer.write(head + body)
            await writer.drain()
    writer.close()


@contextmanager
def redshift_proxy(folder: str) -> Iterator[tuple[int, list[bytes]]]:
    """Serve on a free port of the loopback until left; yields the port, and the statements that were sent.

    :param folder: the folder with the socket of the server.
    """
    loop = asyncio.new_event_loop()
    counted: list[bytes] = []
    socket = f"{folder}/.s.PGSQL.5432"

    async def start() -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: _serve(r, w, socket, counted), "127.0.0.1", 0)

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], counted
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
