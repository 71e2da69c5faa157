"""Read pages again, to detect rows that moved between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Generic

from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.order import second_of
from airflow_provider_truepush.api.protocol.reading import R, Reading, Walk
from airflow_provider_truepush.api.protocol.standstill import Standstill


class SecondLook(Generic[R]):
    """Reads neighboring pages again until no row has disappeared, appeared or moved.

    A row can move past the reader only when another row before it was deleted or moved. That other row is missing when
    the pages are read again. So if pages had each row once, and have all of them again, no row was overlooked.
    Pages with duplicates prove this when they stay identical in more readings.

    :param reading: reads the pages.
    :param numbers: the numbers of the pages, ascending.
    :param pages: their rows at the first reading.
    :param hint: of the list; it records which warnings were logged.
    """

    def __init__(self, reading: Reading[R], numbers: range, pages: Sequence[Sequence[R]], hint: Hint) -> None:
        self._reading = reading
        self._numbers = numbers
        self._pages = pages
        self._hint = hint
        self._standstill = Standstill()
        self._ids = [row.id for page in pages for row in page]
        self._newest = max((row for row in reading.rows if second_of(row) is not None), default="")
        #: Rows that appeared when the pages were read again.
        self.fresh: list[R] = []

    def repeat(self) -> Walk[R, bool]:
        """Read again, several times if needed; return whether the last two readings agree."""
        if not self._numbers:
            return True
        if len(self._ids) > limits.SECOND_LOOK_ROWS and (yield from self._sample_agrees()):
            return True
        expected = set(self._ids)
        each_row_once = len(expected) == len(self._ids)
        standstill = self._standstill
        standstill.add([[row.id for row in page] for page in self._pages])
        for _ in range(limits.MAX_SECOND_LOOKS):
            is_backwards = standstill.next_is_backwards
            # A list that moved may have had a page more when its last page was read.
            stop = self._numbers.stop + (0 if each_row_once else 1)
            pages, is_late = yield from (self._look_backwards() if is_backwards else self._look(expected, stop))
            seen = list(chain.from_iterable(pages))
            if each_row_once and not is_late and expected.issubset(seen):
                return True
            standstill.add(pages[: len(self._numbers)])
            if standstill.is_proven and not is_late:
                standstill.warn_of_duplicates(self._reading.name, self._hint)
                return True
            expected = set(seen)
            each_row_once = len(expected) == len(seen) and not is_backwards
        return False

    def _look_backwards(self) -> Walk[R, tuple[list[list[str]], bool]]:
        """Read the pages again, from the last to the first."""
        pages, is_late = list[list[str]](), False
        for number in reversed(self._numbers):
            rows = yield from self._reading.page(number)
            is_late = self._note_fresh() or is_late
            pages.append([row.id for row in rows])
        return pages[::-1], is_late

    def _look(self, expected: set[str], stop: int) -> Walk[R, tuple[list[list[str]], bool]]:
        """Read the pages again, and up to two more for rows that were pushed out of them."""
        missing, pages, is_late = set(expected), list[list[str]](), False
        number = self._numbers.start
        while number < stop or (missing and number < self._numbers.stop + 2):
            rows = yield from self._reading.page(number)
            if not rows:
                break
            is_late = self._note_fresh() or is_late
            pages.append([row.id for row in rows])
            missing.difference_update(pages[-1])
            number += 1
        return pages, is_late

    def _note_fresh(self) -> bool:
        """Keep the rows that were not read before; return whether one of them existed before the first reading."""
        self.fresh += self._reading.fresh
        return any(row.id <= self._newest for row in self._reading.fresh)

    def _sample_agrees(self) -> Walk[R, bool]:
        """Read some of many pages again; return whether their rows still follow each other as before."""
        place = {row_id: index for index, row_id in enumerate(self._ids)}
        if len(place) < len(self._ids):
            return False
        starts = [0]
        for page in self._pages:
            starts.append(starts[-1] + len(page))
        last, samples = len(self._pages) - 1, limits.SAMPLED_PAGES
        for index in sorted({round(sample * last / (samples - 1)) for sample in range(samples)}):
            rows = yield from self._reading.page(self._numbers[index])
            if self._note_fresh():
                return False
            places = [place[row.id] for row in rows if row.id in place]
            if places and (places[0] > starts[index] or places != list(range(places[0], places[0] + len(places)))):
                return False
        return True
