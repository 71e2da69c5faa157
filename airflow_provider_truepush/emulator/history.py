"""The requests to the emulator: the oracle of tests. Tokens are not recorded."""

from __future__ import annotations

from collections import Counter, deque
from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import islice
from typing import Any

from airflow_provider_truepush.emulator.clock import as_datetime
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError

#: Bytes of all bodies that are kept at most.
LARGEST_BODIES = 32_000_000


@dataclass(slots=True)
class Request:
    """One request.

    :param number: from 1.
    :param seconds: the emulator's time when it arrived, in seconds since the epoch.
    :param monotonic: the machine's ``time.monotonic()`` when it arrived, to measure the real pace.
    :param method: HTTP method.
    :param path: without a query.
    :param endpoint: its name; None for an unknown path.
    :param argument: the id or page at the end of the path.
    :param connection: number of the TCP connection, from 1.
    :param body: the parsed JSON body; None without one.
    :param project: name of the project; None when the token is unknown or missing.
    :param outcome: ``data`` code of its outcome, answered or not; None when it was not carried out.
    :param status: HTTP status of the answer; None when no complete answer was sent.
    :param committed: id of what it created, changed or deleted; None when it changed nothing.
    :param detail: why it was refused as bad data.
    :param fault: the fault that hit it, as ``phase/effect``.
    :param size: bytes of the body.
    """

    number: int
    seconds: float
    monotonic: float
    method: str
    path: str
    endpoint: str | None
    argument: str | None
    connection: int
    body: Any = None
    project: str | None = None
    outcome: str | None = None
    status: int | None = None
    committed: str | None = None
    detail: str | None = None
    fault: str | None = None
    size: int = 0

    @property
    def time(self) -> datetime:
        """Return the emulator's time when it arrived."""
        return as_datetime(self.seconds)

    @property
    def authorised(self) -> bool:
        """True when it carried the token of a project."""
        return self.project is not None

    def as_dict(self) -> dict[str, Any]:
        """Return its fields, as the control address shows them."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**row, "time": self.time.isoformat(), "authorised": self.authorised}


class History:
    """The requests in the order of their arrival.

    :param limit: requests that are kept at most; the oldest are forgotten first.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise TruepushEmulatorError(f"history is {limit!r}. It must be at least 1.")
        self._limit, self._size = limit, 0
        self._rows: deque[Request] = deque()
        self._counts: Counter[str | None] = Counter()

    def add(self, request: Request) -> None:
        """Record a request; its outcome is filled in later."""
        self._rows.append(request)
        self._counts[request.endpoint] += 1
        self._forget()

    def add_body(self, request: Request, body: Any, size: int) -> None:
        """Add the body of a request.

        :param body: the body after parsing.
        :param size: its bytes.
        """
        request.body, request.size = body, size
        # A request that was forgotten meanwhile gives nothing back.
        if self._rows and request.number >= self._rows[0].number:
            self._size += size
            self._forget()

    def _forget(self) -> None:
        """Forget the oldest requests while there are too many, or their bodies too large together."""
        while len(self._rows) > self._limit or (self._size > LARGEST_BODIES and len(self._rows) > 1):
            self._size -= self._rows.popleft().size

    def rows(self, endpoint: str | None = None) -> list[Request]:
        """Return copies of the requests, of one endpoint or of all."""
        return [copy(row) for row in self._rows if endpoint is None or row.endpoint == endpoint]

    def newest(self, count: int) -> list[Request]:
        """Return copies of the newest few requests, the newest first."""
        return [copy(row) for row in islice(reversed(self._rows), count)]

    def count(self, endpoint: str | None = None) -> int:
        """Return how many arrived, including those no longer kept."""
        return self._counts[endpoint] if endpoint is not None else self._counts.total()

    def clear(self) -> None:
        """Forget all requests; their numbers continue."""
        self._rows.clear()
        self._counts.clear()
        self._size = 0
