"""Keeping a pace, as arithmetic: who asks is told how long to sleep."""

from __future__ import annotations


class Pace:
    """Hands out moments that are evenly spaced, in the order of asking.

    Not for use by several threads without a lock.

    :param per_second: requests per second; None for no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0

    def reserve(self, now: float) -> float:
        """Take the next free moment; returns the seconds until it.

        :param now: a monotonic clock's reading.
        """
        at = max(now, self._next)
        self._next = at + self._interval
        return at - now

    def hold(self, until: float) -> None:
        """Give out no moment before this one: somebody was told to slow down, which holds for all.

        :param until: a reading of the same clock.
        """
        self._next = max(self._next, until)
