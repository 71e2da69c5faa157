"""Search a list that may change meanwhile, and never report a row as missing that existed throughout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from airflow_provider_truepush.api.errors import TruepushListMovedError
from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.reading import Pause, R, Reading, Walk, collect
from airflow_provider_truepush.api.protocol.recent import walk_recent
from airflow_provider_truepush.api.protocol.standstill import Standstill
from airflow_provider_truepush.api.protocol.wanted import Wanted

#: The most ends of the list, read at different moments, that a proof may use.
_KEPT_ENDS = 6


def search(name: str, wanted: Wanted, hint: Hint, *, is_unique: bool = False) -> Walk[R, list[R]]:
    """Find the rows that match. A row that existed throughout and matches is among the result.

    :param name: the endpoint's name.
    :param wanted: the conditions.
    :param hint: of an earlier walk over the same list; it is updated.
    :param is_unique: Truepush accepts no two rows that match, so one reading with exactly one match is enough. Should
        several match nevertheless, all of them are found.
    :raises TruepushListMovedError: the list kept changing, so nothing is proven.
    """
    if wanted.since is not None:
        found: list[R] = []
        if (yield from collect(walk_recent(name, wanted, hint), found)):
            return found
    return (yield from _search_all(name, wanted, hint, is_unique=is_unique))


def _search_all(name: str, wanted: Wanted, hint: Hint, *, is_unique: bool) -> Walk[R, list[R]]:
    """Read the whole list at least twice, until it is proven that no row was overlooked."""
    looking: _Search[R] = _Search(name)
    for look in range(limits.MAX_LOOKS):
        if look > 1:
            yield Pause(min(limits.LONGEST_PAUSE, limits.FIRST_PAUSE * 2 ** (look - 2)))
            if not looking.standstill.is_likely:
                yield from looking.read_both_ends()
        matching = yield from looking.look(wanted, is_first=look == 0)
        if matching and (wanted.id is not None or (is_unique and len(matching) == 1)):
            return list(matching.values())
        if look and (alive := looking.proven()) is not None:
            looking.standstill.warn_of_duplicates(name, hint)
            return [row for row in alive if wanted.matches(row)]
        if looking.has_outgrown_the_search():
            break
    found = "no row matched. It may exist nevertheless" if not matching else "not every match may have been read"
    raise TruepushListMovedError(
        f"{name}: rows were added or deleted during each of {look + 1} readings of the list, and {found}, so nothing "
        "was concluded, and nothing was changed in Truepush. Run the task again when fewer tasks create and delete at "
        "the same time.",
        endpoint=name,
    )


class _Search(Generic[R]):
    """Proves by counting that no row was overlooked.

    A page that is not full shows the length of the list at that moment. If this many rows are known to have existed
    then (they were read before and after), there was no other row, however rows have moved meanwhile.
    """

    def __init__(self, name: str) -> None:
        self._reading: Reading[R] = Reading(name)
        self._first_seen: dict[str, int] = {}
        self._last_seen: dict[str, int] = {}
        #: The moment, number and length of the last pages that were not full.
        self._ends: list[tuple[int, int, int]] = []
        self._page_size = 0
        #: The page of the last request; 0 when it was empty.
        self._last_filled = 0
        self.standstill = Standstill()
        self._look_began = 0
        self._last_page = 1
        #: Twice what all readings would take, had the list kept its length.
        self._most_requests = 0

    def look(self, wanted: Wanted, *, is_first: bool) -> Walk[R, dict[str, R]]:
        """Read the whole list; return the rows that match. Stop at the first one where an id is wanted.

        :param is_first: the first reading, in which every page must have new rows.
        """
        reading, matching = self._reading, dict[str, R]()
        self._look_began = reading.requests + 1
        pages: dict[int, list[str]] = {}
        is_backwards = self.standstill.next_is_backwards
        number = self._last_page + 1 if is_backwards else 1
        while number:
            rows = yield from (reading.next_page(number) if is_first else reading.page(number))
            self._note(number, rows)
            pages[number] = [row.id for row in rows]
            matching |= {row.id: row for row in rows if wanted.matches(row)}
            if matching and wanted.id is not None:
                return matching
            if is_backwards:
                number -= 1
            else:
                number = number + 1 if rows else 0
        self._end_look([pages[number] for number in sorted(pages)])
        return matching

    def read_both_ends(self) -> Walk[R, None]:
        """Read the first page and then the end of the list: rows are added at one of the two."""
        self._note(1, (yield from self._reading.page(1)))
        number = self._last_page
        while rows := (yield from self._reading.page(number)):
            self._note(number, rows)
            number += 1
        self._note(number, rows)

    def _note(self, number: int, rows: Sequence[R]) -> None:
        moment = self._reading.requests
        for row in rows:
            self._first_seen.setdefault(row.id, moment)
            self._last_seen[row.id] = moment
        skipped = getattr(rows, "skipped", 0)
        self._page_size = max(self._page_size, len(rows) + skipped)
        # A page is not the end of the list when the request before or after it found rows on a later page: the pages
        # of this list differ in length.
        if rows and self._ends and self._ends[-1][0] == moment - 1 and self._ends[-1][1] < number:
            self._ends.pop()
        is_inner = bool(rows) and number < self._last_filled
        self._last_filled = number if rows else 0
        # A page of which rows could not be read does not show the length of the list.
        if not is_inner and ((not skipped and len(rows) < self._page_size) or not rows):
            self._ends = [*self._ends[1 - _KEPT_ENDS :], (moment, number, len(rows))]

    def _end_look(self, pages: Sequence[Sequence[str]]) -> None:
        """Compare the reading with the one before it, and remember where the list ended."""
        self.standstill.add(pages)
        self._last_page = max(1, len(pages) - 1)
        self._most_requests = self._most_requests or limits.MAX_LOOKS * 2 * (len(pages) + 1)

    def has_outgrown_the_search(self) -> bool:
        """Return whether the list has grown so much that the search is not worth its requests any more."""
        return self._reading.requests > self._most_requests

    def proven(self) -> list[R] | None:
        """Return the rows that exist, if it is proven that there are no others."""
        if self.standstill.is_proven:
            return self._seen_since(self._look_began)
        for moment, number, rows in reversed(self._ends):
            length = (number - 1) * self._page_size + rows
            alive = sum(first <= moment <= self._last_seen[row_id] for row_id, first in self._first_seen.items())
            if alive == length:
                return self._seen_since(moment)
        return None

    def _seen_since(self, moment: int) -> list[R]:
        # A row that only a check of the first page has shown was not seen by any look.
        return [row for row_id, row in self._reading.rows.items() if self._last_seen.get(row_id, 0) >= moment]
