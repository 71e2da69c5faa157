"""Who is due when: a heap, with moments rounded so that many become due together."""

from __future__ import annotations

import math
from heapq import heapify, heappop, heappush
from typing import Generic, Protocol, TypeVar

#: Seconds between the moments at which polls become due, where their interval is long enough not to notice.
TICK = 0.25
#: Intervals below this are kept to the millisecond.
SHORT = 4 * TICK


def rounded(due: float) -> float:
    """The next moment at which polls become due together."""
    return math.ceil(due / TICK) * TICK


class Spoke(Protocol):
    """What a wheel holds.

    :param turn: the wheel's own note of the entry that counts.
    """

    turn: int


S = TypeVar("S", bound=Spoke)


class Wheel(Generic[S]):
    """Gives out what is due, the oldest first.

    Moments are readings of one monotonic clock. Each thing stands in it at most once.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, S]] = []
        self._turns = 0
        self._stale = 0

    def __len__(self) -> int:
        return len(self._heap) - self._stale

    def put(self, spoke: S, due: float, interval: float) -> float:
        """Have it come up when it is due, instead of when it would have; returns the moment.

        :param interval: seconds between its polls: how exact the moment has to be.
        """
        if spoke.turn:
            self._stale += 1
            self._sweep()
        if interval >= SHORT:
            due = rounded(due)
        self._turns += 1
        spoke.turn = self._turns
        heappush(self._heap, (due, self._turns, spoke))
        return due

    def drop(self, spoke: S) -> None:
        """Forget it."""
        if spoke.turn:
            spoke.turn = 0
            self._stale += 1
            self._sweep()

    def next(self) -> float | None:
        """When the next is due; None for never."""
        heap = self._heap
        while heap and heap[0][2].turn != heap[0][1]:
            heappop(heap)
            self._stale -= 1
        return heap[0][0] if heap else None

    def pop(self, now: float) -> list[S]:
        """Take out all that is due, the oldest first."""
        taken = []
        while (at := self.next()) is not None and at <= now:
            spoke = heappop(self._heap)[2]
            spoke.turn = 0
            taken.append(spoke)
        return taken

    def _sweep(self) -> None:
        if self._stale > 64 and 2 * self._stale > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].turn == entry[1]]
            heapify(self._heap)
            self._stale = 0
