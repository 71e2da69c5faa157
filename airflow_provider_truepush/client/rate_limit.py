"""The rate limiter, as pure arithmetic: it returns how long a caller must sleep."""

from __future__ import annotations

#: Requests per second that a slow-down never goes below: what is slower than that needs ``requests_per_second``.
FLOOR = 10.0
#: Part of the former rate that comes back in each second after a slow-down.
RECOVERY = 0.05
#: Seconds over which the rate is counted.
_WINDOW = 1.0
#: The part of what is allowed that is asked for: requests that the network bunches together stay below it as well.
USED = 0.96
#: Seconds of lateness that are made up for. At the part above as many gaps as there are allowed requests are longer
#: than a second by twice that: the other half is for the network.
_MADE_UP = (1 / USED - 1) / 2


class RateLimiter:
    """Reserve moments that are evenly spaced, in the order of the calls.

    Not for use by several threads without a lock.

    :param per_second: requests per second; None for no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._gap = self._interval
        self._next = 0.0
        #: The end of the cooldown, and the first moment after it that is not reserved.
        self._cooldown_until = float("-inf")
        self._after = float("-inf")
        self._began = float("-inf")
        self._count = 0
        self._rate = 0.0
        self._limit: float | None = None
        self._usual = 0.0
        self._grown = 0.0
        self._ignore_until = float("-inf")

    def reserve(self, now: float, *, urgent: bool = False) -> float:
        """Take the next free moment; returns the seconds until it.

        :param now: a monotonic clock's reading.
        :param urgent: do not wait for the end of a :meth:`cool_down`, nor for the moments reserved after it.
        """
        at = max(now, self._next)
        passes = urgent and at + self._gap <= self._cooldown_until
        if not passes:
            at = max(at, self._after)
        self._count += 1
        if at - self._began >= _WINDOW:
            self._turn_window(at)
        self._gap = self._interval if self._limit is None else self._spacing(at)
        if not passes:
            self._after = at + self._gap
        if passes or now >= self._cooldown_until:
            self._next = at + self._gap
        return at - now

    def start(self, now: float) -> None:
        """Record that a request is sent later than its moment, so that the next one keeps its distance.

        A little is made up for, so that a loop which is always late by a millisecond does not lose one each time.

        :param now: a reading of the same clock.
        """
        soonest = now + self._gap - min(self._gap / 2, _MADE_UP)
        self._next = max(self._next, soonest)
        self._after = max(self._after, soonest)

    def cool_down(self, until: float) -> None:
        """Reserve no moment earlier than this one: Truepush asked one caller to slow down, which applies to all.

        :param until: a reading of the same clock.
        """
        self._cooldown_until = max(self._cooldown_until, until)
        self._after = max(self._after, until)

    def slow_down(self, now: float, until: float, eased_from: float | None = None) -> None:
        """Call :meth:`cool_down`, and continue at half the rate; the rate recovers within seconds without another 429.

        :param now: a reading of the same clock.
        :param until: another.
        :param eased_from: when the rate begins to come back, if later than that.
        """
        self.cool_down(until)
        eased_from = max(now, until, eased_from or until)
        if now < self._ignore_until:
            self._grown = max(self._grown, eased_from)
            return  # requests that were in progress together get their 429 together
        self._ignore_until = until + _WINDOW
        self._usual = max(self._recent(now), FLOOR)
        self._limit = max(self._usual / 2, FLOOR)
        self._grown = eased_from

    def change(self, per_second: float | None) -> None:
        """Continue at another rate. Reserved moments and a cooldown stay as they are.

        :param per_second: requests per second; None for no limit.
        """
        interval = 1 / per_second if per_second else 0.0
        self._next += interval - self._interval
        self._after = max(self._after + interval - self._interval, self._cooldown_until)
        self._interval = self._gap = interval

    def cooldown_left(self, now: float) -> float:
        """Return the seconds until the end of a cooldown.

        :param now: a reading of the same clock.
        """
        return max(0.0, self._cooldown_until - now)

    @property
    def given_until(self) -> float:
        """Return the first moment that is not reserved."""
        return max(self._next, self._after)

    @property
    def limited(self) -> bool:
        """Return whether Truepush recently asked to slow down."""
        return self._limit is not None

    @property
    def free(self) -> bool:
        """Return whether no moment is delayed by a limit or a cooldown."""
        return not self._interval and self._limit is None

    def _turn_window(self, at: float) -> None:
        passed = at - self._began
        self._rate = self._count / passed if passed < 5 * _WINDOW else 0.0
        self._began, self._count = at, 0

    def _recent(self, now: float) -> float:
        passed = now - self._began
        if passed > 5 * _WINDOW:
            return self._count / passed
        return max(self._rate, self._count / max(passed, _WINDOW))

    def _spacing(self, at: float) -> float:
        assert self._limit is not None
        self._limit += max(0.0, at - self._grown) * RECOVERY * self._usual
        self._grown = max(at, self._grown)
        if self._limit >= 2 * self._usual:
            self._limit = None
            return self._interval
        return max(self._interval, 1 / self._limit)
