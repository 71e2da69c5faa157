"""One poll, from the moment it is due to the verdicts of its waiters."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushConnectionError,
    TruepushError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import calls, limits
from airflow_provider_truepush.api.protocol.dry_run import stays_here
from airflow_provider_truepush.api.protocol.endpoints import CAMPAIGN_STATS
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.waiting.polling import connection
from airflow_provider_truepush.waiting.polling.connection import KeptConnection
from airflow_provider_truepush.waiting.polling.health_log import HealthLog
from airflow_provider_truepush.waiting.polling.jitter import Jitter
from airflow_provider_truepush.waiting.polling.pool_size import AdaptiveConcurrency
from airflow_provider_truepush.waiting.polling.waiters import TrackedCampaign

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from airflow_provider_truepush.client.shared import SharedClient

_LONGEST_QUIET = 3600.0


class PollRunner:
    """Poll campaigns over one connection, and notify their waiters.

    A failed poll is retried in a task of its own, so that no other poll waits for its back-off.

    :param conn_id: id of the connection.
    :param done: called when a campaign can be scheduled again.
    """

    def __init__(self, conn_id: str, done: Callable[[TrackedCampaign], None]) -> None:
        self.connection = KeptConnection(conn_id)
        self.health = HealthLog(conn_id)
        self.concurrency = AdaptiveConcurrency()
        self.tasks: set[asyncio.Task[None]] = set()
        self._done = done
        self._cooldown_until = 0.0
        self._jitter = Jitter()
        self._refreshing = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in a task of its own."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def put_off(self, tracked: TrackedCampaign, due: float, now: float) -> float:
        """Return when a campaign may be polled that is due: during a cooldown later, and spread over time.

        A last poll at a deadline does not wait for the end of a cooldown.
        """
        if now >= self._cooldown_until or due >= self._cooldown_until:
            return due
        return min(self._jitter.take(self._cooldown_until, tracked.interval), tracked.deadline)

    @property
    def kept_back(self) -> bool:
        """Return True when polls wait for the rate limit, or for the connection."""
        shared = self.connection.shared
        return shared is None or shared.client.waiting > 0

    @property
    def remedy(self) -> str:
        """Return what to do when the intervals cannot be kept."""
        shared = self.connection.shared
        if shared is not None and shared.client.rate_limiter.limited:
            return "Truepush has asked to slow down. Choose longer intervals."
        if shared is not None and shared.client.settings.requests_per_second is not None:
            return "Choose longer intervals, or raise requests_per_second of the connection."
        return "Choose longer intervals."

    def refresh(self) -> None:
        """Look the connection up again when its settings may be out of date."""
        if self.connection.shared is not None and self.connection.stale and not self._refreshing:
            self._refreshing = True
            self.start(self._look_again())

    async def _look_again(self) -> None:
        try:
            await self.connection.refresh()
        finally:
            self._refreshing = False

    async def poll(self, tracked: TrackedCampaign, *, urgent: bool) -> None:
        """Poll a campaign that is due.

        :param tracked: the campaign.
        :param urgent: True for the last poll of a waiter, which goes before all others.
        """
        now = time.monotonic()
        if now < self._cooldown_until and not urgent:
            self._done(tracked)
            return
        try:
            shared = self.connection.shared or await self.connection.open()
            call = tracked.call
            if call is None:
                call = tracked.call = calls.get_campaign_stats(tracked.campaign_id)
        except TruepushError as error:
            tracked.polled_at = now
            # A poll before the next look-up would count the same failure again.
            pause = connection.ASK_AGAIN if isinstance(error, TruepushConnectionError) else 0.0
            self._failed(tracked, error, now, pause)
            return
        while True:
            if stays_here(call, shared.client.settings.dry_run):
                tracked.polled_at = now
                self._answered(tracked, None, now)
                return
            async with shared as client:
                await client.admit(urgent=urgent)
                if not tracked.queued:
                    return  # it was polled in the meantime, at a deadline, or has no waiter anymore
                if self.connection.shared is shared:
                    tracked.queued = False
                    result, sent = await client.ask(call)
                    break
            shared = await self.connection.open()  # it has changed: nothing more goes to the old address
        now = time.monotonic()
        self.concurrency.took(now - sent)
        tracked.polled_at = sent
        self.health.polled(now)
        if isinstance(result, Reply) and result.body == tracked.body and result.status == 200:
            client.metrics.record(CAMPAIGN_STATS.name, "ok", now - sent)
            self._same(tracked, sent)
            return
        exchange = Exchange(call)
        try:
            stats = await client.conclude(exchange, result, now - sent)
        except TruepushError as error:
            self.start(self._poll_again(tracked, shared, exchange, error, sent))
            return
        # Only an answer that was read, and says something about the campaign, may be recognized the next time.
        is_kept = isinstance(result, Reply) and result.status == 200 and len(result.body) <= limits.LARGE_BODY_BYTES
        tracked.body = result.body if isinstance(result, Reply) and is_kept else None
        self._answered(tracked, stats, sent)

    async def _poll_again(
        self,
        tracked: TrackedCampaign,
        shared: SharedClient,
        exchange: Exchange[CampaignStats | None],
        error: TruepushError,
        sent: float,
    ) -> None:
        """Retry a poll that has failed once, as often as the settings allow."""
        tracked.body = None
        tracked.queued = bool(tracked.waiters)  # a deadline does not wait for the retries
        if isinstance(error, TruepushRateLimitError):
            self.health.limited(time.monotonic(), error)
        try:
            if isinstance(error, TruepushAuthError) and await self.connection.refused(shared):
                async with await self.connection.open() as client:
                    stats = await client.execute(exchange.call)
            else:
                async with shared as client:
                    stats = await client.repeat(exchange, error, level=logging.DEBUG)
        except TruepushError as last:
            self._failed(tracked, last, sent)
        except Exception as crash:
            self.notify(tracked, crash)
        else:
            self._answered(tracked, stats, sent)

    def _same(self, tracked: TrackedCampaign, sent: float) -> None:
        """Handle an answer that is byte for byte the last one: most polls of most campaigns."""
        for waiter in tracked.waiters:
            if not waiter.repeated(tracked.stats, sent):
                waiter.answered(tracked.stats, sent)
        self.health.works()
        self._done(tracked)

    def _answered(self, tracked: TrackedCampaign, stats: CampaignStats | None, sent: float) -> None:
        tracked.stats = stats
        for waiter in tracked.waiters:
            waiter.answered(stats, sent)
        self.health.works()
        self._done(tracked)

    def _failed(self, tracked: TrackedCampaign, error: TruepushError, sent: float, pause: float = 0.0) -> None:
        if isinstance(error, (TruepushRateLimitError, TruepushServerError)) and error.retry_after:
            pause = min(error.retry_after, _LONGEST_QUIET)
            if isinstance(error, TruepushRateLimitError):
                self._cooldown_until = max(self._cooldown_until, time.monotonic() + pause)
        for waiter in tracked.waiters:
            waiter.failed(error, sent, pause)
        self.health.fails(error)
        self._done(tracked)

    def notify(self, tracked: TrackedCampaign, error: BaseException) -> None:
        """End all waits for a campaign with an error."""
        tracked.under_way = tracked.queued = False
        for waiter in tracked.waiters:
            waiter.notify(error)
