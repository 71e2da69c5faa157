"""The rows of one list, in every order in which Truepush might show them.

Truepush documents no order. A page costs no more than its rows in any of them: each order is kept sorted, and rows
are put in and taken out by bisection.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from airflow_provider_truepush.emulator.records import Campaign

#: The orders of lists, each with its meaning.
ORDERS: dict[str, str] = {
    "inserted": "as the rows were added, what MongoDB usually shows when nothing sorts",
    "oldest": "by the time of creation in the id, oldest first",
    "newest": "by the time of creation in the id, newest first",
    "title": "by title; by name where rows have a name",
    "shuffled": "in no useful order, but always the same one for the same seed and ids",
}
#: More rows than this at once are sorted again rather than inserted one by one.
_MANY = 1000


@dataclass(slots=True, eq=False)
class _Entry:
    """A record and its place.

    :param number: counts the rows that were added; decides between rows that are equal.
    :param beside: the row next to which this one was moved; it is sorted like that one.
    """

    record: Any
    number: int
    beside: _Entry | None = None


class Listing:
    """The rows of one kind in one project.

    :param seed: of the shuffled order.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._entries: dict[str, _Entry] = {}
        self._keys: dict[str, Callable[[_Entry], tuple[Any, int]]] = {
            "inserted": lambda entry: ((entry.beside or entry).number, entry.number),
            "oldest": lambda entry: ((entry.beside or entry).record.id[:8], entry.number),
            "title": lambda entry: (_label((entry.beside or entry).record), entry.number),
            "shuffled": lambda entry: (self._shuffled((entry.beside or entry).record.id), entry.number),
        }
        self._sorted: dict[str, list[_Entry]] = {}
        self._last = 0

    def _shuffled(self, object_id: str) -> bytes:
        return blake2b(f"{self._seed} {object_id}".encode(), digest_size=8).digest()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, object_id: str) -> Any:
        """Return the row with this id."""
        return self._entries[object_id].record

    def put(self, records: Iterable[Any]) -> None:
        """Add rows; a new row with the id of an old one replaces it, and the same row keeps its place."""
        fresh: dict[str, _Entry] = {}
        for record in records:
            held = fresh.get(record.id) or self._entries.get(record.id)
            if held is not None and held.record is record:
                continue
            if record.id in self._entries:
                self.remove(record.id)
            self._last += 1
            fresh[record.id] = _Entry(record, self._last)
        self._entries.update(fresh)
        if len(fresh) > _MANY:
            self._sorted.clear()
        for entry in fresh.values():
            self._insert(entry)

    def _insert(self, entry: _Entry) -> None:
        for order, rows in self._sorted.items():
            key = self._keys[order]
            if rows and key(rows[-1]) > key(entry):
                insort(rows, entry, key=key)
            else:
                rows.append(entry)

    def remove(self, object_id: str) -> None:
        """Take a row out."""
        entry = self._entries.pop(object_id)
        for order, rows in self._sorted.items():
            key = self._keys[order]
            del rows[bisect_left(rows, key(entry), key=key)]

    def move(self, object_id: str, beside: str) -> None:
        """Put a row right behind another one, in every order.

        :param object_id: the row that moves.
        :param beside: the id of the other row.
        """
        record, other = self._entries[object_id].record, self._entries[beside]
        self.remove(object_id)
        self._last += 1
        entry = self._entries[object_id] = _Entry(record, self._last, other.beside or other)
        self._insert(entry)

    def ids(self, order: str) -> list[str]:
        """Return all ids in an order."""
        rows = [entry.record.id for entry in self._in("oldest" if order == "newest" else order)]
        return rows[::-1] if order == "newest" else rows

    def id_at(self, order: str, place: int) -> str:
        """Return the id of the row at a place, from 0."""
        rows = self._in("oldest" if order == "newest" else order)
        return str(rows[len(rows) - 1 - place if order == "newest" else place].record.id)

    def all(self) -> list[Any]:
        """Return all rows as they were added."""
        return [entry.record for entry in self._in("inserted")]

    def page(self, order: str, page: int, size: int) -> list[Any]:
        """Return the rows of a page.

        :param order: one of :data:`ORDERS`.
        :param page: from 1.
        :param size: rows per page.
        """
        first = (page - 1) * size
        if order != "newest":
            return [entry.record for entry in self._in(order)[first : first + size]]
        rows = self._in("oldest")
        end = len(rows) - first
        return [entry.record for entry in reversed(rows[max(0, end - size) : end])] if end > 0 else []

    def _in(self, order: str) -> list[_Entry]:
        if order not in self._sorted:
            self._sorted[order] = sorted(self._entries.values(), key=self._keys[order])
        return self._sorted[order]


def _label(record: Any) -> str:
    return str(record.title if isinstance(record, Campaign) else record.name)
