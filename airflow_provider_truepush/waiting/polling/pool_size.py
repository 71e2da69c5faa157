"""How many polls may be under way at once."""

from __future__ import annotations

_FEWEST = 16
_MOST = 120
#: Seconds that the oldest may be late before more are let go than the size.
_STUCK = 2.0
#: Room for what does not come evenly.
_ROOM = 1.25


class Pool:
    """As small as keeps up: what comes in a second, times the seconds that one takes.

    Each poll under way holds a connection, which over TLS is a third of a megabyte.
    """

    def __init__(self) -> None:
        self.size = _FEWEST
        self._at: float | None = None
        self._rate = 0.0
        self._latency = 0.0

    def demand(self, now: float, polls: int) -> None:
        """So many polls have become due.

        :param now: a monotonic clock's reading.
        """
        if self._at is not None and now > self._at:
            self._rate += 0.25 * (polls / max(now - self._at, 0.25) - self._rate)
        self._at = now
        self.size = max(_FEWEST, min(_MOST, int(_ROOM * self._rate * self._latency)))

    def vacancies(self, taken: int, late: float) -> int:
        """How many polls more may be under way.

        :param taken: how many are.
        :param late: seconds by which the oldest is late although nothing else keeps it back: some that hang, until
            their timeout, must not stop everybody else.
        """
        if taken >= self.size and late > _STUCK:
            return min(self.size, _MOST - taken)
        return max(0, self.size - taken)

    def took(self, seconds: float) -> None:
        """A poll took so long, from its leaving to its answer."""
        self._latency += 0.02 * (seconds - self._latency)
