"""The newest rows of a list, and how far down they are complete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Generic

from airflow_provider_truepush.api.protocol.list_end import Hint, explain_whole_walk, find_last_page
from airflow_provider_truepush.api.protocol.list_limits import ORDERED_STEPS
from airflow_provider_truepush.api.protocol.order import Order, OrderDetector, second_of
from airflow_provider_truepush.api.protocol.reading import R, Reading, Walk
from airflow_provider_truepush.api.protocol.second_look import SecondLook

#: This many of the oldest rows of a page are not relied on: rows of one second may have changed places.
_UNSURE_ROWS = 5
#: In a list that is newest first, a row may have been created this many seconds after the row above it.
_UNSURE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Newest(Generic[R]):
    """The newest rows of a list.

    :param rows: in the order of the list.
    :param floor: every row of the list with a greater id is among the rows, as far as the ids follow the order of the
        list; empty when these are all rows. Where the list kept changing, or its order is uncertain, the floor is the
        greatest id that was read, which claims nothing about older rows.
    """

    rows: tuple[R, ...]
    floor: str


def walk_newest(name: str, hint: Hint) -> Walk[R, Newest[R]]:
    """Read the newest rows: two pages, where the list is newest first.

    One page does not prove an order, because another order may look like this by chance.

    :param name: the endpoint's name.
    :param hint: of an earlier walk over the same list; it is updated.
    """
    reading: Reading[R] = Reading(name)
    detector = OrderDetector()
    pages: list[Sequence[R]] = []
    newest: Newest[R] | None
    from_the_end = True
    while rows := (yield from _next_page(reading, pages)):
        pages.append(rows)
        detector.add(len(pages), [row.id for row in rows])
        if detector.order is Order.NEWEST_FIRST and (
            len(pages) > 1 or (yield from _second_page_agrees(reading, detector, pages))
        ):
            settled = yield from SecondLook(reading, range(1, len(pages)), pages[:-1], hint).repeat()
            floor = _floor(pages[-1][-_UNSURE_ROWS:]) if settled and _only_falls(pages) else ""
            return Newest(tuple(reading.rows.values()), floor or _greatest(reading))
        if detector.order is Order.OLDEST_FIRST and from_the_end:
            newest = yield from _last_pages(reading, detector, hint, max(len(pages), hint.last_page))
            if newest is not None:
                return newest
            from_the_end, hint.last_page = False, 0
            reading, pages = Reading(name), []
    explain_whole_walk(hint, reading, detector.order, len(pages))
    settled = yield from SecondLook(reading, range(1, len(pages) + 1), pages, hint).repeat()
    return Newest(tuple(reading.rows.values()), "" if settled else _greatest(reading))


def _second_page_agrees(reading: Reading[R], detector: OrderDetector, pages: list[Sequence[R]]) -> Walk[R, bool]:
    """Read the second page; return whether the first one has the newest rows.

    Where many campaigns are created at the same time, the second page may hold rows that are newer than the first page
    was. Then the first page is read again. After that, no row that was created meanwhile can be below it.

    If the pages do not agree, the second one is kept as part of a longer walk.
    """
    rows = yield from reading.next_page(2)
    # One page is one answer, in which no row can have moved, so it need not be read again.
    if _follow(pages[0], rows):
        return True
    first = yield from reading.page(1)
    if _follow(first, rows):
        pages[0] = first
        return True
    if rows:
        detector.add(2, [row.id for row in rows])
        pages.append(rows)
    return False


def _follow(first: Sequence[R], second: Sequence[R]) -> bool:
    """Return whether the rows of the second page, except those that moved there, are older than those of the first."""
    seen = {row.id for row in first}
    return _only_falls([first, [row for row in second if row.id not in seen]])


def _only_falls(pages: Sequence[Sequence[R]]) -> bool:
    seconds = [second for row in chain.from_iterable(pages) if (second := second_of(row.id)) is not None]
    return all(after <= before + _UNSURE_SECONDS for before, after in pairwise(seconds))


def _greatest(reading: Reading[R]) -> str:
    return max(reading.rows, default="")


def _next_page(reading: Reading[R], pages: list[Sequence[R]]) -> Walk[R, Sequence[R]]:
    """Read the next page, twice where a full page seems to be the last: an empty answer may come from a proxy."""
    rows = yield from reading.next_page(len(pages) + 1)
    if not rows and pages and reading.page_size == len(pages[-1]) > ORDERED_STEPS:
        rows = yield from reading.next_page(len(pages) + 1)
    return rows


def _last_pages(reading: Reading[R], detector: OrderDetector, hint: Hint, first: int) -> Walk[R, Newest[R] | None]:
    """Read the end of a list that is oldest first; return None when it is not."""
    found = yield from find_last_page(reading, detector, first)
    if found is None:
        return None
    last, rows = found
    hint.last_page = last
    if last == 1:
        return Newest(tuple(rows), "")
    if last == 2:
        pages = [(yield from reading.page(1)), rows]
        return Newest(tuple(dict.fromkeys(chain.from_iterable(pages))), "")
    if len(rows) <= _UNSURE_ROWS:
        rows = [*(yield from reading.page(last - 1)), *rows]
    return Newest(tuple(rows), _floor(rows[:_UNSURE_ROWS]))


def _floor(rows: Sequence[R]) -> str:
    return max((row.id for row in rows if second_of(row.id) is not None), default="")
