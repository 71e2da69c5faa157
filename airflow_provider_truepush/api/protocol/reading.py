"""Pages of a list, asked for one by one by a walk that does no I/O itself."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from airflow_provider_truepush.api.errors import TruepushListMovedError, TruepushProtocolError
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.protocol import list_limits as limits

R = TypeVar("R", bound=Ref)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """A walk yields this to be sent the rows of a page.

    :param number: counts from 1.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A walk yields this to hand rows to the caller.

    :param rows: each row once.
    """

    rows: Sequence[R]


@dataclass(frozen=True, slots=True)
class Pause:
    """A walk yields this to wait.

    :param seconds: how long.
    """

    seconds: float


#: A walk: it yields what it needs, and returns its result. Only a :class:`Page` is answered with rows.
Walk: TypeAlias = Generator[Page | Found[R] | Pause, Sequence[R], T]


class Reading(Generic[R]):
    """Reads pages within the bounds of one walk.

    :param name: the endpoint's name, for errors.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        #: Requests so far.
        self.requests = 0
        #: The last content of each row, by id.
        self.rows: dict[str, R] = {}
        #: The most rows that a page had.
        self.page_size = 0
        #: The rows of the page read last that no earlier page had.
        self.fresh: list[R] = []
        self._stale = 0
        self._outrun = 0

    def page(self, number: int) -> Walk[R, Sequence[R]]:
        """Read a page.

        :raises TruepushProtocolError: when the list is longer than any walk may be.
        """
        self.requests += 1
        if number > limits.MAX_PAGES or self.requests > 2 * limits.MAX_PAGES:
            raise self._error(f"has more than {limits.MAX_PAGES:,} pages", f"page {number:,} was not read")
        rows = yield Page(number)
        self.page_size = max(self.page_size, len(rows))
        self.fresh = []
        for row in rows:
            if row.id not in self.rows:
                self.fresh.append(row)
            self.rows[row.id] = row
        if len(self.rows) > limits.MAX_ROWS:
            raise self._error(f"has more than {limits.MAX_ROWS:,} rows", f"reading stopped at page {number:,}")
        return rows

    def next_page(self, number: int) -> Walk[R, Sequence[R]]:
        """Read the next page of a walk from the first page to the last.

        :raises TruepushProtocolError: when the server does not turn the page, or the list has no end.
        :raises TruepushListMovedError: when rows are added faster than they can be read.
        """
        if number == limits.PROBE_AFTER_PAGE + 1:
            yield from self._probe()
        rows = yield from self.page(number)
        self._stale = self._stale + 1 if len(rows) and not self.fresh else 0
        if self._stale >= limits.MAX_STALE_PAGES:
            yield from self._check_progress(number, rows)
        return rows

    def _check_progress(self, number: int, rows: Sequence[R]) -> Walk[R, None]:
        """Find out why no page brings new rows: the server shows one page only, or rows are added at the top."""
        first = yield from self.page(1)
        if [row.id for row in first] == [row.id for row in rows]:
            raise self._error(
                "does not turn the page",
                f"page {number} and the {limits.MAX_STALE_PAGES - 1} before it hold only rows seen already",
            )
        self._stale = 0
        self._outrun += 1
        if self._outrun > limits.MAX_SECOND_LOOKS:
            raise TruepushListMovedError(
                f"{self.name}: rows are added faster than the list can be read: page {number} holds only rows seen "
                "already. Nothing was concluded from the list; nothing was changed in Truepush. Run the task again "
                "once fewer rows are added at the same time.",
                endpoint=self.name,
            )

    def _probe(self) -> Walk[R, None]:
        self.requests += 1
        beyond = yield Page(limits.MAX_PAGES + 1)
        if beyond and not all(row.id in self.rows for row in beyond):
            raise self._error(
                f"has more than {limits.MAX_PAGES:,} pages, or no end", f"page {limits.MAX_PAGES + 1:,} holds rows"
            )

    def _error(self, what: str, evidence: str) -> TruepushProtocolError:
        return TruepushProtocolError(
            f"{self.name}: the list {what}: {evidence}. The list was not read to its end, so nothing was concluded "
            "from it; nothing was changed in Truepush. Check the host of the connection, and whether a proxy answers "
            "in place of Truepush.",
            endpoint=self.name,
        )


def walk_all(name: str) -> Walk[R, None]:
    """Hand over every row of a list, a page at a time.

    :param name: the endpoint's name.
    """
    reading: Reading[R] = Reading(name)
    number = 1
    while (yield from reading.next_page(number)):
        if reading.fresh:
            yield Found(reading.fresh)
        number += 1


def collect(walk: Walk[R, T], rows: list[R]) -> Walk[R, T]:
    """Keep the rows that a walk hands over.

    :param walk: the walk.
    :param rows: is extended by them.
    """
    answer: Sequence[R] = ()
    try:
        step = next(walk)
        while True:
            if isinstance(step, Found):
                rows.extend(step.rows)
                step = next(walk)
            else:
                answer = yield step
                step = walk.send(answer)
    except StopIteration as end:
        result: T = end.value
        return result
