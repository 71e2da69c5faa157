"""One trigger's wait, and the campaign that several triggers may wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.waiting.goal import Verdict, Watch, statistics_gone
from airflow_provider_truepush.waiting.polling.due_queue import SHORT, rounded

#: Seconds after the deadline in which the last poll may be answered: it goes first, but Truepush may be slow.
GRACE = 60.0
#: A poll that comes a little early counts as the one that was due.
_EARLY = 0.3


class Waiter:
    """One trigger's wait, judged by itself, whatever else waits for the same campaign.

    :param watch: judges the polls.
    :param interval: seconds between polls.
    :param timeout: seconds that the wait may take.
    :param started_at: when it began, in seconds since the epoch.
    """

    __slots__ = (
        "_alarm",
        "_epoch",
        "_inbox",
        "_reader",
        "_rhythm",
        "_timeout",
        "deadline",
        "due",
        "interval",
        "watch",
    )

    def __init__(self, watch: Watch, interval: float, timeout: float, started_at: float) -> None:
        self.watch = watch
        self.interval = interval
        self._timeout = timeout
        # Another machine's clock says when it began; from here on the monotonic clock counts, which nobody sets.
        self._epoch = time.time() - time.monotonic()
        self.deadline = started_at + timeout - self._epoch
        self.due = 0.0
        self._rhythm = False
        self._inbox: list[Verdict | BaseException] = []
        self._reader: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def begin(self, due: float, hurry: Callable[[], None]) -> None:
        """Become due at a moment, and end some time after the deadline in any case.

        :param due: the moment. A deadline that has passed already moves there: one poll follows it.
        :param hurry: called at the deadline.
        """
        self.due = due
        now = time.monotonic()
        if self.deadline <= now:
            self.deadline = due
        self._alarm = asyncio.get_running_loop().call_later(self.deadline - now, self._time_is_up, hurry)

    def end(self) -> None:
        """Cancel the timer."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    async def next(self) -> Verdict:
        """Return the next verdict that is news.

        :raises Exception: the reason why the campaign cannot be polled at all.
        """
        while not self._inbox:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        news = self._inbox.pop(0)
        if isinstance(news, BaseException):
            raise news.with_traceback(None)  # others raise it as well
        return news

    def answered(self, stats: CampaignStats | None, sent: float) -> None:
        """Judge a poll that was answered.

        :param stats: the counters.
        :param sent: when the request left.
        """
        if stats is None and self.watch.stats is not None:
            self.failed(statistics_gone(), sent, 0.0)
            return
        self._rearm(sent)
        self._judge(lambda: self.watch.observe(stats, self._epoch + time.monotonic()))

    def repeated(self, stats: CampaignStats | None, sent: float) -> bool:
        """Return True when the same answer as before needs no judging, and wait for the next poll.

        :param stats: the counters.
        :param sent: when the request left.
        """
        watch = self.watch
        if (watch.stats is None) != (stats is None):
            return False
        if watch.failures or watch.goal.settled_after is not None or time.monotonic() >= self.deadline:
            return False
        self._rearm(sent)
        return True

    def failed(self, error: TruepushError, sent: float, pause: float) -> None:
        """Judge a poll that failed, if this wait was due: others may poll more often, but not use up its error budget.

        :param error: the reason.
        :param sent: when the request left.
        :param pause: seconds that Truepush asked to wait.
        """
        if sent < self.due - _EARLY * self.interval and sent < self.deadline:
            return
        self._rearm(sent, pause)
        now = time.monotonic()
        self._judge(lambda: self.watch.fail(error, self._epoch + now, max(0.0, self.due - now)))

    def notify(self, news: Verdict | BaseException) -> None:
        """Wake the trigger with a verdict or an error."""
        self._inbox.append(news)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    @property
    def wanted_at(self) -> float:
        """Return when the next poll is wanted. The last one comes at the deadline, not up to an interval after it."""
        return min(self.due, self.deadline)

    def _rearm(self, sent: float, pause: float = 0.0) -> None:
        interval = max(self.interval, pause)
        regular = self.due + interval
        if interval < SHORT or pause:
            self._rhythm = False
            self.due = time.monotonic() + interval
        elif self._rhythm and sent + 0.7 * interval <= regular <= sent + interval:
            self.due = regular
        else:  # the first poll, a late one, or one for another waiter
            self._rhythm = True
            self.due = rounded(sent + interval)

    def _judge(self, judge: Callable[[], Verdict]) -> None:
        try:
            verdict = judge()
            if not verdict.over and time.monotonic() >= self.deadline:
                verdict = self.watch.time_out(self._timeout)
        except Exception as error:  # it concerns this wait only
            self.notify(error)
            return
        if verdict.over or verdict.news:
            self.notify(verdict)

    def _time_is_up(self, hurry: Callable[[], None]) -> None:
        self._alarm = asyncio.get_running_loop().call_later(GRACE, self._give_up)
        hurry()

    def _give_up(self) -> None:
        self.notify(self.watch.time_out(self._timeout))


class TrackedCampaign:
    """A campaign, and the waiters for it.

    :param campaign_id: its id.
    """

    __slots__ = ("body", "call", "campaign_id", "generation", "polled_at", "queued", "stats", "under_way", "waiters")

    def __init__(self, campaign_id: str) -> None:
        self.campaign_id = campaign_id
        self.call: Call[CampaignStats | None] | None = None
        self.waiters: list[Waiter] = []
        self.generation = 0
        #: True while it is being polled, or about to be.
        self.under_way = False
        #: True until its request leaves: a worker that takes it out of a queue too late finds this unset.
        self.queued = False
        self.polled_at: float | None = None
        #: The last good answer, as it came and as it was read. An empty body is an answer as well, a bad one.
        self.body: bytes | None = None
        self.stats: CampaignStats | None = None

    @property
    def interval(self) -> float:
        """Return the shortest interval of its waiters."""
        return min(waiter.interval for waiter in self.waiters)

    @property
    def deadline(self) -> float:
        """Return the first deadline of its waiters."""
        return min(waiter.deadline for waiter in self.waiters)

    @property
    def wanted_at(self) -> float:
        """Return when the first of its waiters wants it polled."""
        return min(waiter.wanted_at for waiter in self.waiters)
