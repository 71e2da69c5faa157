"""The answer to a request of the blocking client, after any informational ones.

A server or a proxy may announce an answer: ``102 Processing``, ``103 Early Hints``. http.client skips only ``100
Continue`` and takes the others for the answer itself.

http.client also limits only each line of a head, and urllib3 logs what it could not read of a head, with the token if
the server returns it. Here the whole head is limited, and one with an invalid line is refused before urllib3 sees it.
The asynchronous client does the same.
"""

from __future__ import annotations

import http.client
import socket
from http import HTTPStatus
from typing import Any

from urllib3.exceptions import HeaderParsingError
from urllib3.util.response import assert_header_parsing

from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.head import Head
from airflow_provider_truepush.client.surplus import WatchedReader

#: The most announcements before an answer. The time and the head of each are limited elsewhere.
_MOST = 100


class FinalResponse(http.client.HTTPResponse):
    """Reads the head of an answer, and skips those that only announce it, with a status from 100 to 199."""

    #: Where the answer to a create is recorded.
    evidence: Any

    def __init__(self, connected: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(connected, *args, **kwargs)
        self.reader: WatchedReader | None = None
        # Before the request has left, this is a proxy's answer to CONNECT, and the tunnel's bytes follow it.
        if self.evidence.is_create and self.evidence.sent:
            self.reader = self.fp = WatchedReader(self.fp, connected)  # type: ignore[assignment]
            self.evidence.answer = self

    @property
    def head(self) -> Head:
        """Return the head as it arrived."""
        return Head(self.status, {10: "1.0", 11: "1.1"}.get(self.version, "unknown"), list(self.headers.items()))

    def is_irregular(self, sent: str) -> bool:
        """Return whether it is malformed, names something new, or more bytes follow it. Call this after it was read.

        :param sent: the request's body, in lower case.
        """
        reader, head = self.reader, self.head
        malformed = (reader is not None and reader.is_irregular) or head.is_irregular()
        return malformed or head.names_object(sent) or (reader is not None and reader.has_surplus())

    def release(self) -> None:
        """Close what it was read from."""
        if self.reader is not None:
            self.reader.release()

    def begin(self) -> None:
        """Read heads up to that of the answer.

        :raises http.client.HTTPException: the server announces without end, or switches to another protocol, or a head
            is too large or not valid.
        """
        whole: Any = self.fp
        head: Any = _Head(whole)
        self.fp = head
        try:
            self._begin()
        finally:
            if self.fp is head:  # else it was closed
                self.fp = whole

    def _begin(self) -> None:
        unread: Any = None
        for _ in range(_MOST):
            super().begin()
            _check(self.msg)
            if not 100 <= self.status < 200:
                return
            if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise http.client.HTTPException("the server switches to another protocol (HTTP 101)")
            self.headers = self.msg = unread  # begin() reads the next head only when it has none
        raise http.client.HTTPException(f"{_MOST} informational answers and no other")


class _Head:
    """The lines of all heads of an answer, up to the limit.

    :param whole: the answer.
    """

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._left = limits.MAX_HEAD_BYTES

    def readline(self, size: int) -> bytes:
        line: bytes = self._whole.readline(min(size, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise http.client.HTTPException(
                f"the headers of the answer are larger than {limits.MAX_HEAD_BYTES // 1024} KB"
            )
        return line

    def close(self) -> None:
        self._whole.close()


def _check(head: http.client.HTTPMessage) -> None:
    """Refuse a head that urllib3 would log as one that it cannot read. What it says about the body may be lost."""
    try:
        assert_header_parsing(head)
    except (HeaderParsingError, TypeError):
        raise http.client.HTTPException("the answer is not valid HTTP (invalid header)") from None
