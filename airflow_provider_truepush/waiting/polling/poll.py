"""One poll, from its turn to what its waits are told of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_truepush.api.dry_run import stays_here
from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushConnectionError,
    TruepushError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.waiting.polling import connection
from airflow_provider_truepush.waiting.polling.connection import KeptConnection
from airflow_provider_truepush.waiting.polling.health_log import Progress
from airflow_provider_truepush.waiting.polling.jitter import Slots
from airflow_provider_truepush.waiting.polling.pool_size import Pool
from airflow_provider_truepush.waiting.polling.waiters import Followed

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from airflow_provider_truepush.client.shared import SharedClient

_LONGEST_QUIET = 3600.0


class Asking:
    """Polls campaigns over one connection, and tells their waits.

    A poll that fails and is worth a repeat goes on in a task of its own, so that no other poll waits for its back-off.

    :param conn_id: id of the connection.
    :param done: called when a campaign is to be polled again, at its time.
    """

    def __init__(self, conn_id: str, done: Callable[[Followed], None]) -> None:
        self.connection = KeptConnection(conn_id)
        self.progress = Progress(conn_id)
        self.pool = Pool()
        self.tasks: set[asyncio.Task[None]] = set()
        self._done = done
        self._quiet_until = 0.0
        self._slots = Slots()
        self._refreshing = False

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something go on in a task of its own."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def put_off(self, followed: Followed, due: float, now: float) -> float:
        """When a campaign may be polled that is due: later, and not with all others, when Truepush asked for quiet.

        Last looks, one a wait, are made all the same.
        """
        if now >= self._quiet_until or due >= self._quiet_until:
            return due
        return min(self._slots.take(self._quiet_until, followed.interval), followed.deadline)

    @property
    def kept_back(self) -> bool:
        """Whether it is the pace, or the connection, that polls wait for."""
        shared = self.connection.shared
        return shared is None or shared.client.waiting > 0

    @property
    def remedy(self) -> str:
        """What would help who cannot keep the intervals."""
        shared = self.connection.shared
        if shared is not None and shared.client.pace.limited:
            return "Truepush has asked to slow down; longer intervals would help."
        if shared is not None and shared.client.settings.requests_per_second is not None:
            return "Longer intervals, or more requests_per_second, would help."
        return "Longer intervals would help."

    def refresh(self) -> None:
        """Look the connection up again when it is time."""
        if self.connection.shared is not None and self.connection.stale and not self._refreshing:
            self._refreshing = True
            self.start(self._look_again())

    async def _look_again(self) -> None:
        try:
            await self.connection.refresh()
        finally:
            self._refreshing = False

    async def poll(self, followed: Followed, *, urgent: bool) -> None:
        """Poll a campaign that is due.

        :param followed: the campaign.
        :param urgent: it is the last look of one who waits for it: go before all others.
        """
        now = time.monotonic()
        if now < self._quiet_until and not urgent:
            self._done(followed)
            return
        try:
            shared = self.connection.shared or await self.connection.open()
            call = followed.call
            if call is None:
                call = followed.call = calls.get_campaign_stats(followed.campaign_id)
        except TruepushError as error:
            followed.polled_at = now
            # Whoever asks before the next look-up would count the same one again.
            pause = connection.ASK_AGAIN if isinstance(error, TruepushConnectionError) else 0.0
            self._failed(followed, error, now, pause)
            return
        while True:
            if stays_here(call, shared.client.settings.dry_run):
                followed.polled_at = now
                self._answered(followed, None, now)
                return
            async with shared as client:
                await client.turn(urgent=urgent)
                if not followed.queued:
                    return  # it has been polled meanwhile, for a last look, or nobody waits for it any more
                if self.connection.shared is shared:
                    followed.queued = False
                    result, sent = await client.ask(call)
                    break
            shared = await self.connection.open()  # it was changed meanwhile: nothing more goes to where it was
        self.pool.took(time.monotonic() - sent)
        followed.polled_at = sent
        self.progress.polled()
        if isinstance(result, Reply) and result.body == followed.body and result.status == 200:
            self._same(followed, sent)
            return
        exchange = Exchange(call)
        try:
            stats = exchange.conclude(result)
        except TruepushError as error:
            self.start(self._poll_again(followed, shared, exchange, error, sent))
            return
        # An answer that is known: it was read, and says something about the campaign.
        followed.body = result.body if isinstance(result, Reply) and result.status == 200 else None
        self._answered(followed, stats, sent)

    async def _poll_again(
        self,
        followed: Followed,
        shared: SharedClient,
        exchange: Exchange[CampaignStats | None],
        error: TruepushError,
        sent: float,
    ) -> None:
        """What is left to do for a poll that has failed once."""
        followed.body = None
        followed.queued = bool(followed.waits)  # a deadline does not wait for the repeats
        if isinstance(error, TruepushRateLimitError):
            self.progress.limited(time.monotonic(), error)
        try:
            if isinstance(error, TruepushAuthError) and await self.connection.refused(shared):
                async with await self.connection.open() as client:
                    stats = await client.execute(exchange.call)
            else:
                async with shared as client:
                    stats = await client.repeat(exchange, error, level=logging.DEBUG)
        except TruepushError as last:
            self._failed(followed, last, sent)
        except Exception as crash:
            self.tell(followed, crash)
        else:
            self._answered(followed, stats, sent)

    def _same(self, followed: Followed, sent: float) -> None:
        """Byte for byte what was answered last: most polls of most campaigns."""
        for wait in followed.waits:
            if not wait.repeated(followed.stats, sent):
                wait.answered(followed.stats, sent)
        self.progress.works()
        self._done(followed)

    def _answered(self, followed: Followed, stats: CampaignStats | None, sent: float) -> None:
        followed.stats = stats
        for wait in followed.waits:
            wait.answered(stats, sent)
        self.progress.works()
        self._done(followed)

    def _failed(self, followed: Followed, error: TruepushError, sent: float, pause: float = 0.0) -> None:
        if isinstance(error, (TruepushRateLimitError, TruepushServerError)) and error.retry_after:
            pause = min(error.retry_after, _LONGEST_QUIET)
            if isinstance(error, TruepushRateLimitError):
                self._quiet_until = max(self._quiet_until, time.monotonic() + pause)
        for wait in followed.waits:
            wait.failed(error, sent, pause)
        self.progress.fails(error)
        self._done(followed)

    def tell(self, followed: Followed, error: BaseException) -> None:
        """End all waits for a campaign with an error."""
        followed.under_way = followed.queued = False
        for wait in followed.waits:
            wait.tell(error)
