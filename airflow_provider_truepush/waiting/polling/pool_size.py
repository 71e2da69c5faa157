"""The number of polls in progress at once."""

from __future__ import annotations

#: Polls in progress at once, at least and at most.
FEWEST = 16
_MOST = 120
#: Seconds that the oldest may be late before more polls start than the size allows.
_STUCK = 2.0
#: Headroom for polls that do not come evenly.
_ROOM = 1.25


class AdaptiveConcurrency:
    """Keep few polls in progress, but enough to keep up: polls per second, times the seconds that one takes.

    Each poll in progress holds a connection, which over TLS takes a third of a megabyte.
    """

    def __init__(self) -> None:
        self.size = FEWEST
        self._at: float | None = None
        self._rate = 0.0
        self._latency = 0.0

    def demand(self, now: float, polls: int) -> None:
        """Record how many polls have become due.

        :param polls: their number since the last call.
        :param now: a monotonic clock's reading.
        """
        if self._at is not None and now > self._at:
            self._rate += 0.25 * (polls / max(now - self._at, 0.25) - self._rate)
        self._at = now
        self.size = max(FEWEST, min(_MOST, int(_ROOM * self._rate * self._latency)))

    def vacancies(self, taken: int, late: float) -> int:
        """Return how many more polls may start.

        :param taken: polls in progress.
        :param late: seconds by which the oldest is late although nothing else delays it: polls that hang until their
            timeout must not stop all others.
        """
        if taken >= self.size and late > _STUCK:
            return min(self.size, _MOST - taken)
        return max(0, self.size - taken)

    def took(self, seconds: float) -> None:
        """Record the seconds that a poll took, from its request to its answer."""
        self._latency += 0.02 * (seconds - self._latency)
