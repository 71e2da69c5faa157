"""What a poller says in the triggerer's log: changes, never a line per poll."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.waiting.polling.waiters import Followed

log = logging.getLogger(__name__)

#: Seconds over which polls are counted.
_SPAN = 5.0
#: Behind is who waits for longer than that part of its interval.
_LATE = 0.2
#: Polls that tell whether polls work; fewer do, after a minute, for telling that they do not.
_ENOUGH = 10
#: The part of them that fails when polls are said to fail, and when they are said to work again.
_MANY = 0.5
_FEW = 0.1
#: Seconds without a 429 after which the next is news.
_AGAIN = 60.0
#: A change of the effective interval that is worth a line.
_CHANGE = 1.25


class Progress:
    """Whether the polls of a connection work, and keep their intervals.

    :param conn_id: id of the connection.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id
        self._polls = 0
        self._counted_at: float | None = None
        self._told: float | None = None
        self._worked = 0
        self._failed = 0
        self._judged_at = float("-inf")
        self._error: TruepushError | None = None
        self._failing = False
        self._limited_at = float("-inf")

    def polled(self) -> None:
        """A poll was made."""
        self._polls += 1

    def works(self) -> None:
        """A poll was answered."""
        self._worked += 1

    def fails(self, error: TruepushError) -> None:
        """A poll failed. One that fails now and then is no news; each trigger's log tells of its own."""
        self._failed += 1
        self._error = error

    def limited(self, now: float, error: TruepushError) -> None:
        """Truepush asked to slow down.

        :param now: a monotonic clock's reading.
        :param error: what it said.
        """
        if now - self._limited_at > _AGAIN:
            log.warning("Polls of connection %r slow down: %s", self._conn_id, error)
        self._limited_at = now

    def report(self, now: float, followed: Collection[Followed], ready: Sequence[Followed], remedy: str) -> None:
        """Say whether polls work and keep their intervals, when that has changed.

        :param now: a monotonic clock's reading.
        :param followed: all campaigns.
        :param ready: those that are due, the oldest first.
        :param remedy: what would help who cannot keep the intervals.
        """
        if self._counted_at is None:
            self._counted_at, self._polls = now, 0
            return
        passed = now - self._counted_at
        if passed < _SPAN:
            return
        self._report_failures(now)
        rate, self._counted_at, self._polls = self._polls / passed, now, 0
        oldest = ready[0] if ready else None
        if oldest is None or not oldest.waits or now - oldest.wanted_at <= max(1.0, _LATE * oldest.interval):
            if self._told is not None:
                self._told = None
                log.info("Polls of connection %r keep their intervals again.", self._conn_id)
            return
        if not rate:
            return  # nothing goes out at all; why, is told where that was decided
        effective = len(followed) / rate
        if self._told is None or not 1 / _CHANGE < effective / self._told < _CHANGE:
            self._told = effective
            log.warning(
                "Polls of connection %r cannot keep their intervals: %d campaigns at %.1f requests per second make "
                "about %.0f s between two polls of one. %s",
                self._conn_id,
                len(followed),
                rate,
                effective,
                remedy,
            )

    def _report_failures(self, now: float) -> None:
        polls = self._worked + self._failed
        if polls < _ENOUGH and (self._failing or not polls or now - self._judged_at < _AGAIN):
            return  # too few to tell
        share = self._failed / polls
        if not self._failing and share >= _MANY:
            self._failing = True
            log.warning(
                "Polls of connection %r fail, %d of the last %d. The last: %s",
                self._conn_id,
                self._failed,
                polls,
                self._error,
            )
        elif self._failing and share <= _FEW:
            self._failing = False
            log.info("Polls of connection %r work again.", self._conn_id)
        self._worked = self._failed = 0
        self._judged_at, self._error = now, None
