"""Detect that a list with duplicate rows does not change while it is read."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from itertools import chain

from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint

log = logging.getLogger(__name__)


class Standstill:
    """Compares consecutive readings of the same pages.

    Two identical readings in which each row occurs once are a proof. A row that occurs twice is usually one that moved
    between two pages, and such a move can hide another row. It can also look the same in the next reading. So a list
    with duplicates needs more identical readings. Not all of them read the pages in the same direction: a row that
    moves in step with the reader looks different to a reader that comes from the other end.
    """

    def __init__(self) -> None:
        self._pages: list[list[str]] | None = None
        self._identical = 0
        self._duplicates: list[str] = []

    def add(self, pages: Sequence[Sequence[str]]) -> None:
        """Compare a reading with the one before it.

        :param pages: the ids of each page, in the order of the list.
        """
        reading = [list(page) for page in pages]
        self._identical = self._identical + 1 if reading == self._pages else 1
        self._pages = reading
        counts = Counter(chain.from_iterable(reading))
        self._duplicates = [row_id for row_id, count in counts.items() if count > 1]

    @property
    def is_proven(self) -> bool:
        """Return whether the rows of the last reading are all rows."""
        return self._identical >= (limits.STILL_READINGS if self._duplicates else 2)

    @property
    def is_likely(self) -> bool:
        """Return whether the last readings are identical, but too few because of duplicates."""
        return bool(self._duplicates) and 1 < self._identical < limits.STILL_READINGS

    @property
    def next_is_backwards(self) -> bool:
        """Return whether the next reading must begin with the last page."""
        return self.is_likely and self._identical % 2 == 0

    def warn_of_duplicates(self, name: str, hint: Hint) -> None:
        """Log that a list which does not change has duplicate rows. Each list is logged once.

        :param name: the endpoint's name.
        :param hint: records that it was logged.
        """
        if not self._duplicates or not self.is_proven or hint.duplicates_explained:
            return
        hint.duplicates_explained = True
        log.warning(
            "%s: the list has %d of its rows more than once, such as %s. It was the same in %d readings, so each of "
            "these rows counts once.",
            name,
            len(self._duplicates),
            self._duplicates[0],
            self._identical,
        )
