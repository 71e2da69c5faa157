"""The rate limit of a cluster, seen from one process: when to ask for permits, how many, and what an answer means.

Pure: :mod:`.cluster_limiter` carries out the steps of :meth:`ClusterRate.admit`, and the script in
:mod:`.redis_leases` counts the permits of all processes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from airflow_provider_truepush.client.rate_limit import RateLimiter

#: The part of what is allowed that is asked for: requests of processes that wake late stay below it as well.
CLUSTER_USED = 0.93
#: Seconds for which a lease is valid. A busy process asks about once in that time.
SPAN = 0.1
#: Seconds between two attempts to reach the store of the leases while it does not answer.
PROBE = 2.0
#: The longest sleep between two commands, in seconds: the store may lose its contents, or end, in the meantime.
_LONGEST_SLEEP = 5.0


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue of the cluster, as the store writes it.

    :param due: when its turn comes, on the store's clock.
    :param shift: the seconds by which the queue was shifted before the ticket was issued.
    """

    due: str
    shift: str


@dataclass(frozen=True, slots=True)
class Lease:
    """Ask for permits.

    :param per_second: requests per second of the cluster.
    :param permits: how many.
    :param is_urgent: True to go before all tickets, and during a cooldown.
    :param ticket: the ticket that an earlier answer issued.
    """

    per_second: float
    permits: int = 1
    is_urgent: bool = False
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """Report that this process reaches the store again, and ask when all processes return to it together.

    :param seconds: how long the processes wait for each other.
    """

    seconds: float = PROBE


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Hold all requests of the cluster back, because Truepush asked one of them to slow down.

    :param seconds: for how long.
    :param eased_after: seconds after which the rate begins to recover.
    """

    seconds: float
    eased_after: float


@dataclass(frozen=True, slots=True)
class Sleep:
    """Sleep.

    :param seconds: for how long.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The store's answer.

    :param seconds: until the permits may be used; with a ticket, until it is worth asking again.
    :param ticket: the place in the queue; None when the permits were granted.
    :param is_limited: True while the rate is lower because of a cooldown.
    """

    seconds: float
    ticket: Ticket | None = None
    is_limited: bool = False


Command: TypeAlias = Lease | Return | Cooldown
#: The steps of one admission. A command is answered with None when the store did not answer.
Admission: TypeAlias = Generator[Command | Sleep, Answer | None, None]


class ClusterRate:
    """Take part in the rate limit of a cluster, in leases of a few permits each.

    While the store does not answer, the process keeps to its own share of the rate. Not for use by several threads
    without a lock.

    :param per_second: requests per second of the cluster.
    :param share: the part of it that the process uses while the store does not answer.
    """

    def __init__(self, per_second: float, share: float) -> None:
        self.share = share
        self.is_limited = False
        self._per_second = per_second
        self._own = RateLimiter(CLUSTER_USED * per_second * share)
        self._batch = 1
        self._left = 0
        self._granted_at = float("-inf")
        self._is_away = False
        self._probe_at = 0.0
        self._back_at: float | None = None

    @property
    def per_second(self) -> float:
        """Return the requests per second of the cluster."""
        return self._per_second

    @property
    def is_away(self) -> bool:
        """Return True while the process keeps to its own share."""
        return self._is_away

    def change(self, per_second: float, share: float | None = None) -> None:
        """Continue at another rate, or with another share."""
        share = self.share if share is None else share
        if (per_second, share) != (self._per_second, self.share):
            self._per_second, self.share = per_second, share
            self._own.change(CLUSTER_USED * per_second * share)

    def drop(self) -> None:
        """Give up the permits that are left: a cooldown has begun."""
        self._left = 0

    def admit(self, clock: Callable[[], float], *, urgent: bool = False) -> Admission:
        """Yield the steps until a request may be sent.

        :param clock: a monotonic clock.
        :param urgent: go before the requests of all processes that are not urgent, and during a cooldown.
        """
        ticket: Ticket | None = None
        permits = 1
        while True:
            now = clock()
            if self._is_away and not (yield from self._finds_store(clock)):
                yield from self._keep_to_share(clock, urgent=urgent)
                return
            if self._left > 0 and now <= self._granted_at + SPAN:
                self._left -= 1
                return
            if ticket is None and not urgent:
                permits = self._permits(now)
            answer = yield Lease(self._per_second, permits, urgent, ticket)
            if answer is None:
                self._lose(clock())
                continue
            self.is_limited = answer.is_limited
            ticket = answer.ticket
            if ticket is None:
                if not urgent:
                    self._batch, self._left, self._granted_at = permits, permits - 1, clock() + answer.seconds
                if answer.seconds > 0:
                    yield Sleep(answer.seconds)
                return
            yield Sleep(min(answer.seconds, _LONGEST_SLEEP))

    def _permits(self, now: float) -> int:
        """Return the number of permits that the process needs for :data:`SPAN`, by what it used last."""
        most = max(1, int(CLUSTER_USED * self._per_second * SPAN))
        passed = max(now - self._granted_at, 1e-6)
        used = self._batch - self._left
        return max(1, min(most, 2 * self._batch, round(used * SPAN / passed)))

    def _lose(self, now: float) -> None:
        if not self._is_away:
            self._is_away, self._left, self._back_at = True, 0, None
            self._probe_at = now + PROBE
            # The processes notice at about the same time, and would otherwise all begin at once.
            self._own.cool_down(now + random.random() / (CLUSTER_USED * self._per_second * self.share))  # noqa: S311

    def _finds_store(self, clock: Callable[[], float]) -> Generator[Command, Answer | None, bool]:
        """Ask for the store now and then; return True when it is time to return to it."""
        now = clock()
        if self._back_at is None and now >= self._probe_at:
            self._probe_at = now + PROBE
            answer = yield Return()
            if answer is not None:
                self._back_at = clock() + answer.seconds
        if self._back_at is not None and clock() >= self._back_at:
            self._is_away, self._back_at = False, None
        return not self._is_away

    def _keep_to_share(self, clock: Callable[[], float], *, urgent: bool) -> Admission:
        wait = self._own.reserve(clock(), urgent=urgent)
        if wait:
            yield Sleep(wait)
            self._own.start(clock())
