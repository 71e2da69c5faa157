"""Write the health of the polls to the triggerer's log: changes only, never a line per poll."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.waiting.polling.waiters import TrackedCampaign

log = get_logger(__name__)

#: Seconds over which polls are counted.
SPAN = 5.0
#: A campaign is behind when it waits for longer than this part of its interval.
_LATE = 0.2
#: Polls that are enough to judge whether polls work; after a minute fewer are enough to report that they fail.
_ENOUGH = 10
#: The part of them that fails when polls are said to fail, and when they are said to work again.
_MANY = 0.5
_FEW = 0.1
#: Seconds without an answer after which intervals are not judged: requests may hang.
_SILENT = 2.0
#: Seconds without a 429 after which the next one is news.
_AGAIN = 60.0
#: A change of the effective interval that is worth a line.
_CHANGE = 1.25


class HealthLog:
    """Report whether the polls of a connection work and keep their intervals.

    :param conn_id: id of the connection.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id
        self._metric = f"truepush.poller.{metrics.segment(conn_id)}"
        self._polls = 0
        self._counted_at: float | None = None
        self._answered_at = float("-inf")
        self._failed_in_span = 0
        self._reported_interval: float | None = None
        self._worked = 0
        self._failed = 0
        self._judged_at = float("-inf")
        self._error: TruepushError | None = None
        self._failing = False
        self._limited_at = float("-inf")

    def closed(self) -> None:
        """Report that no campaign is polled anymore."""
        metrics.gauge(f"{self._metric}.campaigns", 0)

    def polled(self, now: float) -> None:
        """Count a poll that has ended.

        :param now: a monotonic clock's reading.
        """
        self._polls += 1
        self._answered_at = now

    def works(self) -> None:
        """Count a poll that was answered."""
        self._worked += 1

    def fails(self, error: TruepushError) -> None:
        """Count a poll that failed. A single failure is not logged here; the log of each trigger reports its own."""
        self._failed += 1
        self._failed_in_span += 1
        self._error = error

    def limited(self, now: float, error: TruepushError) -> None:
        """Report that Truepush asked to slow down.

        :param now: a monotonic clock's reading.
        :param error: its answer.
        """
        if now - self._limited_at > _AGAIN:
            log.warning("Polls of connection %r slow down: %s", self._conn_id, error)
        self._limited_at = now

    def report(
        self, now: float, tracked: Collection[TrackedCampaign], ready: Sequence[TrackedCampaign], remedy: str
    ) -> None:
        """Report whether polls work and keep their intervals, when that has changed.

        :param now: a monotonic clock's reading.
        :param tracked: all campaigns.
        :param ready: those that are due, the oldest first.
        :param remedy: what to do when intervals cannot be kept.
        """
        if self._counted_at is None:
            self._counted_at, self._polls = now, 0
            return
        passed = now - self._counted_at
        if passed < SPAN:
            return
        self._report_failures(now)
        self._measure(now, passed, len(tracked), ready)
        polls, failed = self._polls, self._failed_in_span
        self._counted_at, self._polls, self._failed_in_span = now, 0, 0
        if self._failing or not polls or failed > _FEW * polls:
            return  # an outage: polls are late because they fail or hang, so longer intervals do not help
        if now - self._answered_at > max(_SILENT, 3 * passed / polls):
            return
        self._report_intervals(now, polls / passed, tracked, ready, remedy)

    def _measure(self, now: float, passed: float, tracked: int, ready: Sequence[TrackedCampaign]) -> None:
        late = max(0.0, now - ready[0].wanted_at) if ready and ready[0].waiters else 0.0
        metrics.gauge(f"{self._metric}.campaigns", tracked)
        metrics.gauge(f"{self._metric}.lateness", round(late, 3))
        if self._polls:
            metrics.gauge(f"{self._metric}.interval", round(tracked * passed / self._polls, 3))

    def _report_intervals(
        self,
        now: float,
        rate: float,
        tracked: Collection[TrackedCampaign],
        ready: Sequence[TrackedCampaign],
        remedy: str,
    ) -> None:
        oldest = ready[0] if ready else None
        if oldest is None or not oldest.waiters or now - oldest.wanted_at <= max(1.0, _LATE * oldest.interval):
            if self._reported_interval is not None:
                self._reported_interval = None
                log.info("Polls of connection %r keep their intervals again.", self._conn_id)
            return
        effective = len(tracked) / rate
        if self._reported_interval is None or not 1 / _CHANGE < effective / self._reported_interval < _CHANGE:
            self._reported_interval = effective
            log.warning(
                "Polls of connection %r cannot keep their intervals: %d campaigns at %.1f requests per second make "
                "about %.0f s between two polls of one campaign. %s",
                self._conn_id,
                len(tracked),
                rate,
                effective,
                remedy,
            )

    def _report_failures(self, now: float) -> None:
        polls = self._worked + self._failed
        if polls < _ENOUGH and (self._failing or not polls or now - self._judged_at < _AGAIN):
            return  # too few to judge
        share = self._failed / polls
        if not self._failing and share >= _MANY:
            self._failing = True
            log.warning(
                "Polls of connection %r fail: %d of the last %d. The campaigns are not affected. The last error: %s",
                self._conn_id,
                self._failed,
                polls,
                self._error,
            )
        elif self._failing and share <= _FEW:
            self._failing = False
            log.info("Polls of connection %r work again: %d of the last %d.", self._conn_id, self._worked, polls)
        self._worked = self._failed = 0
        self._judged_at, self._error = now, None
