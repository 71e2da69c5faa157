"""The answer to a request of the blocking client, after any informational ones.

A server or a proxy may announce an answer: ``102 Processing``, ``103 Early Hints``. http.client skips only ``100
Continue`` and takes the others for the answer itself.
"""

from __future__ import annotations

import http.client
from http import HTTPStatus
from typing import Any

#: The most announcements before an answer. The time and the head of each are limited elsewhere.
_MOST = 100


class FinalResponse(http.client.HTTPResponse):
    """Reads the head of an answer, and skips those that only announce it, with a status from 100 to 199."""

    def begin(self) -> None:
        """Read heads up to that of the answer.

        :raises http.client.HTTPException: the server announces without end, or switches to another protocol.
        """
        unread: Any = None
        for _ in range(_MOST):
            super().begin()
            if not 100 <= self.status < 200:
                return
            if self.status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise http.client.HTTPException("the server switches to another protocol (HTTP 101)")
            self.headers = self.msg = unread  # begin() reads the next head only when it has none
        raise http.client.HTTPException(f"{_MOST} informational answers and no other")
