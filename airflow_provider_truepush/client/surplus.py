"""Watch the bytes of an answer to a create of the blocking client, which http.client reads leniently."""

from __future__ import annotations

import socket
from typing import Any

from airflow_provider_truepush.api.protocol.endpoints import Call

#: Seconds within which surplus bytes after an answer to a create are looked for. They follow at once.
MOMENT = 0.02
#: Bytes that are read to find one that is not the end of a line. Some servers send a surplus one.
_MOST = 64


def is_plain_success(call: Call[Any], status: int, body: bytes) -> bool:
    """Return whether an answer to a create has the code of success, so that nothing is to be looked for behind it.

    :param call: the create.
    :param status: the HTTP status.
    :param body: the body, decompressed.
    """
    return 200 <= status < 300 and f'"{call.endpoint.success}"'.encode() in body


class WatchedReader:
    """Reads from a connection, and records lines that are not HTTP's and bytes that follow the answer.

    :param reader: the buffered reader of http.client.
    :param connected: its socket.
    """

    def __init__(self, reader: Any, connected: socket.socket) -> None:
        self._reader = reader
        self._connected = connected
        #: Whether the answer is malformed, or more follows it.
        self.is_irregular = False

    def readline(self, *given: int) -> bytes:
        """Read a line. One without its end, or one that continues the line before, is irregular."""
        line: bytes = self._reader.readline(*given)
        if not line.endswith(b"\r\n") or line[:1] in b" \t":
            self.is_irregular = True
        return line

    def close(self) -> None:
        """Do nothing. http.client calls this as soon as it has read the answer; :meth:`release` closes."""

    def release(self) -> None:
        """Close."""
        self._reader.close()

    def has_surplus(self) -> bool:
        """Return whether more bytes follow the answer, which has been read."""
        try:
            self._connected.settimeout(MOMENT)
            return bool(self._reader.read1(_MOST).strip(b"\r\n"))
        except (OSError, ValueError):  # nothing arrives, or the connection is closed
            return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)
