"""Spread polls that would start all at once: after a triggerer's restart, or at the end of a cooldown."""

from __future__ import annotations

import random

#: Polls per second among those that come together.
_PER_SECOND = 100.0


class Jitter:
    """Return moments one after another, each at random within a short span of its own."""

    def __init__(self) -> None:
        self._next = 0.0

    def take(self, begin: float, interval: float) -> float:
        """Return the next moment, within one interval after the beginning, however many there are.

        :param begin: a monotonic clock's reading: no moment is earlier.
        :param interval: seconds between the polls of the caller.
        """
        earliest = max(self._next, begin)
        self._next = earliest + 1 / _PER_SECOND
        at = earliest + random.random() / _PER_SECOND  # noqa: S311  # not a secret
        return begin + (at - begin) % interval
