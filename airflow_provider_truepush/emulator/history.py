"""What was asked of the emulator: the oracle of tests. Tokens never get in here."""

from __future__ import annotations

from collections import Counter, deque
from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from airflow_provider_truepush.emulator.clock import as_datetime


@dataclass(slots=True)
class Request:
    """One request.

    :param number: from 1.
    :param seconds: the emulator's clock when it came, since the epoch.
    :param monotonic: the machine's ``time.monotonic()`` when it came, for measuring real pace.
    :param method: HTTP method.
    :param path: without a query.
    :param endpoint: its name; None for an unknown path.
    :param argument: the id or page at the end of the path.
    :param connection: number of the TCP connection, from 1.
    :param body: the JSON body, read; None without one.
    :param project: name of the project; None when the token is unknown or missing.
    :param outcome: ``data`` code of what Truepush made of it, answered or not; None when it was not carried out.
    :param status: HTTP status that went out; None when no whole answer did.
    :param committed: id of what it created, changed or deleted; None when it changed nothing.
    :param detail: why it was refused as bad data.
    :param fault: the fault that hit it, as ``phase/effect``.
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

    @property
    def time(self) -> datetime:
        """The emulator's clock when it came."""
        return as_datetime(self.seconds)

    @property
    def authorised(self) -> bool:
        """Whether it carried the token of a project."""
        return self.project is not None

    def as_dict(self) -> dict[str, Any]:
        """For the control address."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**row, "time": self.time.isoformat(), "authorised": self.authorised}


class History:
    """The requests in the order in which they came.

    :param limit: how many are kept; the oldest go first.
    """

    def __init__(self, limit: int) -> None:
        self._rows: deque[Request] = deque(maxlen=limit)
        self._counts: Counter[str | None] = Counter()

    def add(self, request: Request) -> None:
        """Keep a request; it may be filled in later."""
        self._rows.append(request)
        self._counts[request.endpoint] += 1

    def rows(self, endpoint: str | None = None) -> list[Request]:
        """Copies of the requests, of one endpoint or of all."""
        return [copy(row) for row in self._rows if endpoint is None or row.endpoint == endpoint]

    def count(self, endpoint: str | None = None) -> int:
        """How many came, those no longer kept included."""
        return self._counts[endpoint] if endpoint is not None else self._counts.total()

    def clear(self) -> None:
        """Forget them; numbers go on."""
        self._rows.clear()
        self._counts.clear()
