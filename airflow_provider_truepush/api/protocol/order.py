"""The order of a list, detected from the creation times that its ids carry.

Truepush documents no order. Ids are ObjectIds: their first eight hexadecimal digits are the second of creation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from airflow_provider_truepush.api.protocol.list_limits import CLOCK_SLACK, ORDERED_STEPS

_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_SLACK = int(CLOCK_SLACK.total_seconds())


class Order(Enum):
    """The order of a list, as far as it has been read."""

    UNKNOWN = "not known yet"
    NEWEST_FIRST = "newest first"
    OLDEST_FIRST = "oldest first"
    NONE = "neither newest nor oldest first"


def second_of(row_id: str) -> int | None:
    """Return the second of creation since the epoch; None for an id that is not an ObjectId."""
    return int(row_id[:8], 16) if _OBJECT_ID.fullmatch(row_id) else None


@dataclass(frozen=True, slots=True)
class _Span:
    page: int
    oldest: int
    newest: int


class OrderDetector:
    """Collects evidence for and against each order from the pages read so far."""

    def __init__(self) -> None:
        self._added: set[int] = set()
        self._spans: list[_Span] = []
        self._above: _Span | None = None
        self._last: tuple[int, str] | None = None
        self._newer_below = self._older_below = False
        #: Neighbors in which the second row is the older one, or the newer one.
        self._falls = self._rises = 0
        #: The same, by more than the slack.
        self._long_falls = self._long_rises = 0
        #: Whether a second fell, or rose. Ids of one second may be in any order: several servers create them.
        self._has_fallen = self._has_risen = False

    @property
    def order(self) -> Order:
        """Return the order that the evidence supports."""
        if self._newer_below and self._older_below:
            return Order.NONE
        falls, rises = self._falls, self._rises
        if not self._newer_below and (_outweighs(falls, rises) or self._long_falls >= ORDERED_STEPS):
            return Order.NEWEST_FIRST
        if not self._older_below and (_outweighs(rises, falls) or self._long_rises >= ORDERED_STEPS):
            return Order.OLDEST_FIRST
        return Order.UNKNOWN

    @property
    def is_orderly(self) -> bool:
        """Return whether the times of no two neighbors contradict the order."""
        return not (self._has_fallen and self._has_risen)

    def add(self, page: int, ids: Sequence[str]) -> None:
        """Take a page into account. A page that was read again adds no evidence.

        :param page: its number.
        :param ids: its ids, in the order of the page.
        """
        known = [(second, row_id) for row_id in ids if (second := second_of(row_id)) is not None]
        if not known or page in self._added:
            return
        self._added.add(page)
        follows = bool(self._spans) and page == self._spans[-1].page + 1
        steps = [self._last, *known] if follows and self._last is not None else known
        for (before, _), (after, _) in pairwise(steps):
            self._long_falls += after < before - _SLACK
            self._long_rises += after > before + _SLACK
            self._has_fallen = self._has_fallen or after < before
            self._has_risen = self._has_risen or after > before
        for before_row, after_row in pairwise(steps):
            self._falls += after_row < before_row
            self._rises += after_row > before_row
        oldest = newest = known[0][0]
        for second, _ in known:
            self._newer_below = self._newer_below or second > oldest + _SLACK
            self._older_below = self._older_below or second < newest - _SLACK
            oldest, newest = min(oldest, second), max(newest, second)
        self._compare_with_others(_Span(page, oldest, newest))
        self._last = known[-1]

    def _compare_with_others(self, span: _Span) -> None:
        if self._above is None or span.page > self._spans[-1].page:
            # The usual case costs the same for every page.
            if self._above is not None:
                self._compare(self._above, span)
            self._above = _Span(0, *_hull(self._above, span))
            self._spans.append(span)
            return
        for other in self._spans:
            self._compare(*sorted((other, span), key=lambda one: one.page))
        self._above = _Span(0, *_hull(self._above, span))
        self._spans = sorted([*self._spans, span], key=lambda one: one.page)

    def _compare(self, upper: _Span, lower: _Span) -> None:
        self._newer_below = self._newer_below or lower.newest > upper.oldest + _SLACK
        self._older_below = self._older_below or lower.oldest < upper.newest - _SLACK


def _hull(one: _Span | None, other: _Span) -> tuple[int, int]:
    if one is None:
        return other.oldest, other.newest
    return min(one.oldest, other.oldest), max(one.newest, other.newest)


def _outweighs(one: int, other: int) -> bool:
    return one >= ORDERED_STEPS and other * 10 <= one
