"""A queue of polls by due time: a heap, with moments rounded so that many polls become due together.

An entry costs a third of what one of asyncio's own timers costs: the heap compares tuples, and no timer fires per poll.
"""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import Generic, Protocol, TypeVar

#: Seconds between the moments at which polls become due, where their interval is long enough not to notice.
TICK = 0.25
#: Intervals below this are kept to the millisecond.
SHORT = 4 * TICK


def rounded(due: float) -> float:
    """Return the next moment at which polls become due together."""
    return math.ceil(due / TICK) * TICK


class Entry(Protocol):
    """An entry of a due queue.

    :param generation: the number of the place in the heap that counts; 0 for none. Set by the queue.
    """

    generation: int


S = TypeVar("S", bound=Entry)


class DueQueue(Generic[S]):
    """Return entries when they are due, the oldest first.

    Moments are readings of one monotonic clock. Each entry is in the queue at most once.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, S]] = []
        self._generations = 0
        self._stale = 0

    def __len__(self) -> int:
        return len(self._heap) - self._stale

    def put(self, entry: S, due: float, interval: float) -> float:
        """Add an entry, or move it; return the moment at which it is due.

        :param interval: seconds between its polls: how exact the moment has to be.
        """
        if entry.generation:
            self._stale += 1
            self._sweep()
        if interval >= SHORT:
            due = rounded(due)
        self._generations += 1
        entry.generation = self._generations
        heappush(self._heap, (due, self._generations, entry))
        return due

    def drop(self, entry: S) -> None:
        """Remove an entry."""
        if entry.generation:
            entry.generation = 0
            self._stale += 1
            self._sweep()

    def next(self) -> float | None:
        """Return the moment at which the next entry is due; None for an empty queue."""
        heap = self._heap
        while heap and heap[0][2].generation != heap[0][1]:
            heappop(heap)
            self._stale -= 1
        return heap[0][0] if heap else None

    def pop(self, now: float) -> list[S]:
        """Remove and return all entries that are due, the oldest first."""
        taken = []
        while (at := self.next()) is not None and at <= now:
            entry = heappop(self._heap)[2]
            entry.generation = 0
            taken.append(entry)
        return taken

    def _sweep(self) -> None:
        if self._stale > 64 and 2 * self._stale > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].generation == entry[1]]
            heapify(self._heap)
            self._stale = 0
