"""Small reads over aiohttp's pool, without what its session does anew for each request.

Of what a small answer costs over a kept connection three quarters are spent in ``ClientSession.request``: it builds the
URL, the headers, the request and the response. Here they are built once a client. Connections, TLS, host names, the
pool and the parser are aiohttp's own, and so is what they raise.
"""

from __future__ import annotations

import asyncio
import inspect

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.helpers import TimerNoop
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict
from yarl import URL

#: What is used of aiohttp beyond what it documents. Where a version has it otherwise, the session makes all requests.
_PARAMETERS = {"timer", "read_until_eof", "read_timeout"}
_KNOWN = (
    set(inspect.signature(ResponseHandler.set_response_params).parameters) >= _PARAMETERS
    and list(inspect.signature(aiohttp.BaseConnector.connect).parameters) == ["self", "req", "traces", "timeout"]
    and hasattr(ResponseHandler, "start_timeout")
)

#: The parser asks for one; the limit is kept around the whole request.
_NO_TIMER = TimerNoop()


class Reader:
    """Sends GETs to one host over a session's connections.

    :param session: the session.
    :param root: scheme, host, port and path before that of each request.
    :param headers: of each request, the token among them.
    """

    def __init__(self, session: aiohttp.ClientSession, root: URL, headers: CIMultiDict[str]) -> None:
        assert session.connector is not None
        self._connector = session.connector
        # Not sent: it tells the connector where to connect, and what aiohttp adds to the headers.
        loop = asyncio.get_running_loop()
        self._request = aiohttp.ClientRequest("GET", root, headers=headers, session=session, loop=loop)
        lines = [f"{name}: {value}" for name, value in self._request.headers.items()]
        if any(set(line) & {"\r", "\n", "\0"} for line in lines):
            raise ValueError("a header holds a line break")
        self._begin = f"GET {root.raw_path.rstrip('/')}"
        self._end = " HTTP/1.1\r\n" + "\r\n".join([*lines, "", ""])

    @classmethod
    def over(cls, session: aiohttp.ClientSession, root: URL, headers: CIMultiDict[str]) -> Reader | None:
        """A reader, if this aiohttp is one that it knows."""
        return cls(session, root, headers) if _KNOWN else None

    async def read(self, path: str, limit: aiohttp.ClientTimeout) -> tuple[int, bytes, str | None]:
        """One GET: the status, the body and ``Retry-After``. Redirects are not followed, nothing is repeated.

        :param path: quoted already.
        :param limit: ``total``, ``sock_connect`` and ``sock_read`` count.
        :raises aiohttp.ClientError, OSError, ValueError: as a session raises them.
        """
        connection: Connection | None = None
        try:
            async with asyncio.timeout(limit.total):
                connection = await self._connector.connect(self._request, traces=[], timeout=limit)
                answer = await self._exchange(connection, path, limit.sock_read)
        except BaseException as error:
            if connection is not None:
                # Never given back: the answer may still come, and would be taken for that of the next request.
                connection.close()
            elif isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise aiohttp.ConnectionTimeoutError("no connection") from None
            raise
        connection.release()
        return answer

    async def _exchange(
        self, connection: Connection, path: str, read_timeout: float | None
    ) -> tuple[int, bytes, str | None]:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(timer=_NO_TIMER, read_until_eof=True, read_timeout=read_timeout)
        transport.write(f"{self._begin}{path}{self._end}".encode())
        protocol.start_timeout()
        try:
            message, payload = await protocol.read()
            while 100 <= message.code < 200:
                message, payload = await protocol.read()
        except HttpProcessingError as error:
            raise aiohttp.ClientPayloadError(f"no HTTP answer: {error.message}") from None
        return message.code, await payload.read(), message.headers.get("Retry-After")
