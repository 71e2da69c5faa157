"""Read the rows since a moment, in as few requests as the order of the list allows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Generic

from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint, explain_whole_walk, find_last_page
from airflow_provider_truepush.api.protocol.order import Order, OrderDetector, second_of
from airflow_provider_truepush.api.protocol.reading import Found, R, Reading, Walk
from airflow_provider_truepush.api.protocol.second_look import SecondLook
from airflow_provider_truepush.api.protocol.wanted import Wanted

log = logging.getLogger(__name__)

_SLACK = int(limits.CLOCK_SLACK.total_seconds())


def walk_recent(
    name: str, wanted: Wanted, hint: Hint, *, is_poll: bool = False, with_older: bool = False
) -> Walk[R, bool]:
    """Yield the wanted rows, and stop as early as the order of the list allows.

    :param name: the endpoint's name.
    :param wanted: a moment, and perhaps other conditions.
    :param hint: of an earlier walk over the same list; it is updated.
    :param is_poll: do not read pages again, because the caller lists again soon, from an earlier moment.
    :param with_older: yield the older rows of the pages that were read as well.
    :return: whether it is proven that no row was missed which existed throughout the walk.
    """
    walk: _RecentWalk[R] = _RecentWalk(name, wanted, hint, is_poll=is_poll, with_older=with_older)
    turned_back = False
    number = 1
    while rows := (yield from walk.read_next(number)):
        order = walk.detector.order
        if order is Order.NEWEST_FIRST and walk.passes(rows):
            # A row that is deleted above the reader hides one below it, for a poll that has to catch up as well.
            return (yield from walk.look_again(range(1, walk.edge(range(1, number)) or number), even_polls=True))
        if order is Order.OLDEST_FIRST and not turned_back:
            settled = yield from walk.back_from_the_end(max(number, hint.last_page))
            if settled is not None:
                return settled
            # A later page contradicted the order.
            hint.last_page = 0
            turned_back = True
            walk.begin()
            number = 0
        number += 1
    explain_whole_walk(hint, walk.reading, walk.detector.order, number - 1)
    if len(walk.reading.rows) > limits.SECOND_LOOK_ROWS:
        return False
    return (yield from walk.look_again(range(1, number)))


class _RecentWalk(Generic[R]):
    def __init__(self, name: str, wanted: Wanted, hint: Hint, *, is_poll: bool, with_older: bool) -> None:
        assert wanted.since is not None
        self._name = name
        self._hint = hint
        self._since = int(wanted.since.timestamp())
        self._is_poll = is_poll
        self._is_yielded = Wanted(wanted.id, wanted.label).matches if with_older else wanted.matches
        self._yielded: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Forget the pages read so far, but not the rows that were yielded."""
        self.reading: Reading[R] = Reading(self._name)
        self.detector = OrderDetector()
        self._pages: dict[int, Sequence[R]] = {}
        self._older = 0

    def read_next(self, number: int) -> Walk[R, Sequence[R]]:
        """Read the next page from the first to the last."""
        rows = yield from self.reading.next_page(number)
        yield from self._take(number, rows)
        return rows

    def _take(self, number: int, rows: Sequence[R]) -> Walk[R, None]:
        if rows:
            self.detector.add(number, [row.id for row in rows])
            self._pages[number] = rows
        yield from self._yield_new(rows)

    def _yield_new(self, rows: Iterable[R]) -> Walk[R, None]:
        """Yield the wanted rows that were not yielded before."""
        fresh = {row.id: row for row in rows if row.id not in self._yielded and self._is_yielded(row)}
        if fresh:
            self._yielded.update(fresh)
            yield Found(list(fresh.values()))

    def passes(self, rows: Iterable[R]) -> bool:
        """Return whether all rows beyond these, in the direction of the walk, are too old to be wanted."""
        orderly = self.detector.is_orderly
        earliest = self._since - (_SLACK if orderly else 2 * _SLACK)
        seconds = [second for row in rows if (second := second_of(row.id)) is not None]
        self._older += sum(second < self._since for second in seconds)
        return any(second < earliest for second in seconds) or (orderly and self._older >= limits.ORDERLY_ROWS)

    def edge(self, numbers: range) -> int:
        """Return the first page with a row that is too old to be wanted; 0 for none.

        All wanted rows of an orderly list are on the pages before it, and above that row on the page itself.
        """
        if self.detector.is_orderly:
            for number in numbers:
                if any((second_of(row.id) or self._since) < self._since for row in self._pages.get(number, ())):
                    return number
        return 0

    def back_from_the_end(self, first: int) -> Walk[R, bool | None]:
        """Find the last page, and walk back from there. Return None when the list is not oldest first."""
        for _ in range(limits.MAX_SECOND_LOOKS):
            found = yield from find_last_page(self.reading, self.detector, first)
            if found is None:
                return None
            last, rows = found
            self._hint.last_page = number = last
            self._pages = {last: rows}
            self._older = 0
            yield from self._yield_new(rows)
            while not (has_passed := self.passes(rows)) and rows and number > 1:
                number -= 1
                rows = yield from self.reading.page(number)
                yield from self._take(number, rows)
                if self.detector.order is not Order.OLDEST_FIRST:
                    return None
            if rows:
                edge = self.edge(range(last, number - 1, -1)) or (number if has_passed else 0)
                return (yield from self.look_again(range(edge + 1, last + 1)))
            # The list has shrunk by more than a page since its end was found: this page is behind the end.
            first = max(1, number - 1)
        return None

    def look_again(self, numbers: range, *, even_polls: bool = False) -> Walk[R, bool]:
        """Look for rows that moved from one page to another between two requests."""
        if self._is_poll and not even_polls:
            return True
        look = SecondLook(self.reading, numbers, [self._pages.get(number, ()) for number in numbers], self._hint)
        settled = yield from look.repeat()
        yield from self._yield_new(look.fresh)
        if not settled:
            log.warning(
                "%s: rows were added or deleted during every reading of the list. Rows may be missing from the result.",
                self._name,
            )
        return settled
