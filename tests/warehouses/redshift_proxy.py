"""PostgreSQL that Redshift's driver takes for Redshift: a proxy between TCP and the socket of a real server.

It removes the startup parameters that PostgreSQL does not know, and reports Redshift's version of the server. A COPY of
JSON from S3 becomes an INSERT of what the object holds, each key into the column of its name.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_KNOWN = (b"user", b"database", b"client_encoding", b"application_name")
_SSL_REQUEST = 80877103
_COPY = re.compile(
    r"COPY (?P<table>\w+) \((?P<columns>[\w, ]+)\) FROM 's3:/(?P<path>/[^']+)'"
    r" IAM_ROLE (?:default|'arn:aws:iam::[^']+') FORMAT JSON 'auto' GZIP TIMEFORMAT 'auto'"
    r" COMPUPDATE OFF STATUPDATE OFF"
)


class Wire:
    """What the proxy shares with the tests.

    ``statements`` are those that were prepared, or run as they are; ``runs`` counts each time that one was run.

    :param bucket: the objects of S3, by path.
    """

    def __init__(self, bucket: Mapping[str, bytes]) -> None:
        self.bucket = bucket
        self.statements: list[str] = []
        self.runs = 0

    def translated(self, statement: str) -> str:
        """Return a statement as PostgreSQL runs it."""
        self.statements.append(statement)
        if (found := _COPY.fullmatch(statement)) is None:
            return statement
        if (content := self.bucket.get(found["path"])) is None:
            return f"SELECT CAST('S3ServiceException: the key {found['path']} does not exist' AS INTEGER)"
        lines = gzip.decompress(content).decode().rstrip("\n").split("\n")
        rows = ",".join(lines).replace("'", "''")
        return (
            f"INSERT INTO {found['table']} ({found['columns']}) SELECT {found['columns']}"
            f" FROM json_populate_recordset(NULL::{found['table']}, '[{rows}]')"
        )


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, socket: str, wire: Wire) -> None:
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
        await asyncio.gather(_forward(reader, upstream, wire), _answer(upstream_reader, writer))
    writer.close()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
            wire.runs += head[:1] in b"EQ"
            if head[:1] in b"PQ":  # a statement is parsed, or run as it is
                name, rest = body.split(b"\0", 1) if head[:1] == b"P" else (b"", body)
                statement, more = rest.split(b"\0", 1)
                translated = wire.translated(statement.decode()).encode()
                body = (name + b"\0" if head[:1] == b"P" else b"") + translated + b"\0" + more
                head = head[:1] + struct.pack("!i", len(body) + 4)
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
def redshift_proxy(folder: str, bucket: Mapping[str, bytes]) -> Iterator[tuple[int, Wire]]:
    """Serve on a free port of the loopback until left; yields the port, and what the proxy has seen.

    :param folder: the folder with the socket of the server.
    :param bucket: the objects of S3, by path.
    """
    loop = asyncio.new_event_loop()
    wire = Wire(bucket)
    socket = f"{folder}/.s.PGSQL.5432"

    async def start() -> asyncio.Server:
        return await asyncio.start_server(lambda r, w: _serve(r, w, socket, wire), "127.0.0.1", 0)

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], wire
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
