"""Spreading what would come all at once: a triggerer's restart, or the end of a quiet time."""

from __future__ import annotations

import random

#: Polls per second of what comes together.
_PER_SECOND = 100.0


class Slots:
    """Hands out moments one after another, each somewhere in a small slot of its own."""

    def __init__(self) -> None:
        self._next = 0.0

    def take(self, begin: float, interval: float) -> float:
        """The next moment; within an interval from the beginning, however many there are.

        :param begin: a monotonic clock's reading: no moment is earlier.
        :param interval: seconds between the polls of who asks.
        """
        slot = max(self._next, begin)
        self._next = slot + 1 / _PER_SECOND
        at = slot + random.random() / _PER_SECOND  # noqa: S311  # no secret
        return begin + (at - begin) % interval
