"""Read a list page by page, in a walk that does no I/O itself."""

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
    """A walk yields this to request the rows of a page.

    :param number: the page's number, from 1.
    """

    number: int


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A walk yields this to return rows to the caller.

    :param rows: each row once.
    """

    rows: Sequence[R]


@dataclass(frozen=True, slots=True)
class Pause:
    """A walk yields this to wait.

    :param seconds: the duration.
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
        #: The number of requests so far.
        self.requests = 0
        #: The last content of each row, by id.
        self.rows: dict[str, R] = {}
        #: The most rows that a page had.
        self.page_size = 0
        #: The rows of the last page that no earlier page had.
        self.fresh: list[R] = []
        self._stale = 0
        self._outrun = 0
        self._unreadable = 0

    def page(self, number: int) -> Walk[R, Sequence[R]]:
        """Read a page.

        :raises TruepushProtocolError: the list is longer than a walk may be, or its pages have no valid ids.
        """
        self.requests += 1
        if number > limits.MAX_PAGES or self.requests > 2 * limits.MAX_PAGES:
            raise self._error(f"has more than {limits.MAX_PAGES:,} pages", f"page {number:,} was not read")
        rows = yield Page(number)
        self._unreadable = self._unreadable + 1 if rows and not len(rows) else 0
        if self._unreadable >= limits.MAX_UNREADABLE_PAGES:
            raise self._error(
                "has no valid ids",
                f"page {number:,} and the {self._unreadable - 1} read before it have only rows without one",
            )
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

        :raises TruepushProtocolError: the server ignores the page number, or the list has no end.
        :raises TruepushListMovedError: rows are added faster than they can be read.
        """
        if number == limits.PROBE_AFTER_PAGE + 1:
            yield from self._probe()
        rows = yield from self.page(number)
        self._stale = self._stale + 1 if len(rows) and not self.fresh else 0
        if self._stale >= limits.MAX_STALE_PAGES:
            yield from self._check_progress(number, rows)
        return rows

    def _check_progress(self, number: int, rows: Sequence[R]) -> Walk[R, None]:
        """Find out why pages have no new rows: the server repeats one page, or rows are added at the top."""
        first = yield from self.page(1)
        if [row.id for row in first] == [row.id for row in rows]:
            raise self._error(
                "has the same rows on every page",
                f"page {number} and the {limits.MAX_STALE_PAGES - 1} before it have only rows that were read before",
            )
        self._stale = 0
        self._outrun += 1
        if self._outrun > limits.MAX_SECOND_LOOKS:
            raise TruepushListMovedError(
                f"{self.name}: rows are added faster than the list can be read: page {number} has only rows that "
                "were read before. Nothing was concluded from the list, and nothing was changed in Truepush. Run the "
                "task again when fewer rows are added at the same time.",
                endpoint=self.name,
            )

    def _probe(self) -> Walk[R, None]:
        self.requests += 1
        beyond = yield Page(limits.MAX_PAGES + 1)
        if beyond and not all(row.id in self.rows for row in beyond):
            raise self._error(
                f"has more than {limits.MAX_PAGES:,} pages, or no end", f"page {limits.MAX_PAGES + 1:,} has rows"
            )

    def _error(self, what: str, evidence: str) -> TruepushProtocolError:
        return TruepushProtocolError(
            f"{self.name}: the list {what}: {evidence}. The list was not read to its end, so nothing was concluded "
            "from it, and nothing was changed in Truepush. Check the host of the connection, and whether a proxy "
            "answers instead of Truepush.",
            endpoint=self.name,
        )


def walk_all(name: str) -> Walk[R, None]:
    """Yield every row of a list, a page at a time.

    :param name: the endpoint's name.
    """
    reading: Reading[R] = Reading(name)
    number = 1
    while (yield from reading.next_page(number)):
        if reading.fresh:
            yield Found(reading.fresh)
        number += 1


def collect(walk: Walk[R, T], rows: list[R]) -> Walk[R, T]:
    """Collect the rows that a walk yields.

    :param walk: the walk.
    :param rows: the list that gets them.
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
