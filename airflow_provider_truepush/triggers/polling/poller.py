"""Polls all campaigns that the triggers of one connection wait for, in one event loop."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow_provider_truepush.api import calls
from airflow_provider_truepush.api.dry_run import stays_here
from airflow_provider_truepush.api.envelope import Reply
from airflow_provider_truepush.api.errors import TruepushAuthError, TruepushError, TruepushRateLimitError
from airflow_provider_truepush.api.exchange import Exchange
from airflow_provider_truepush.api.stats import CampaignStats
from airflow_provider_truepush.triggers.polling.connection import KeptConnection
from airflow_provider_truepush.triggers.polling.pool import Pool
from airflow_provider_truepush.triggers.polling.progress import Progress
from airflow_provider_truepush.triggers.polling.waits import Followed, Wait
from airflow_provider_truepush.triggers.polling.wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from airflow_provider_truepush.client.shared import SharedClient

log = logging.getLogger(__name__)

#: First polls per second of triggers that begin together, a triggerer's restart for one.
_FIRST_POLLS = 100.0
_LONGEST_QUIET = 3600.0
#: Seconds between looks at whether polls keep their intervals.
_REPORT = 5.0

_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Poller]] = WeakKeyDictionary()


def join(conn_id: str, campaign_id: str, wait: Wait) -> Poller:
    """Have a wait served by the poller of its connection, which is made for the first.

    :param conn_id: id of the connection.
    :param campaign_id: the campaign.
    :param wait: what is told of it. It must :meth:`~Poller.leave` in the end.
    """
    pollers = _pollers.setdefault(asyncio.get_running_loop(), {})
    poller = pollers.get(conn_id)
    if poller is None:
        poller = pollers[conn_id] = Poller(conn_id, pollers)
    poller.add(campaign_id, wait)
    return poller


def kept_client(conn_id: str) -> SharedClient | None:
    """The client that polls a connection in this event loop, if one does.

    :param conn_id: id of the connection.
    """
    poller = _pollers.get(asyncio.get_running_loop(), {}).get(conn_id)
    return None if poller is None else poller.client


class Poller:
    """Runs while somebody waits, and then closes everything.

    One task hands out what is due; a few others, as many as there is work for, poll. A poll that fails and is worth a
    repeat goes on in a task of its own, so that no other poll waits for its back-off.

    :param conn_id: id of the connection.
    :param pollers: where it stands until it ends.
    """

    def __init__(self, conn_id: str, pollers: dict[str, Poller]) -> None:
        self._conn_id = conn_id
        self._pollers = pollers
        self._followed: dict[str, Followed] = {}
        self._wheel: Wheel[Followed] = Wheel()
        self._ready: deque[Followed] = deque()
        self._connection = KeptConnection(conn_id)
        self._progress = Progress(conn_id)
        self._news = asyncio.Event()
        self._awake_at = 0.0
        self._unpolled = 0
        self._quiet_until = 0.0
        self._pool = Pool()
        self._workers: set[asyncio.Task[None]] = set()
        self._others: set[asyncio.Task[None]] = set()
        self._refreshing = False
        # A context of its own: what is logged here is no line of the trigger that happened to be the first.
        self._keeper = asyncio.get_running_loop().create_task(
            self._keep(), name=f"truepush-poller-{conn_id}", context=Context()
        )

    @property
    def client(self) -> SharedClient | None:
        """The client, once there is one."""
        return self._connection.shared

    def add(self, campaign_id: str, wait: Wait) -> None:
        """Serve a wait. The first polls of many that come together are spread."""
        followed = self._followed.get(campaign_id)
        if followed is None:
            followed = self._followed[campaign_id] = Followed(campaign_id)
            self._unpolled += 1
        followed.waits.append(wait)
        spread = min(wait.interval, self._unpolled / _FIRST_POLLS)
        wait.begin(time.monotonic() + spread * random.random())  # noqa: S311  # no secret
        if not followed.under_way:
            self._schedule(followed)

    def leave(self, campaign_id: str, wait: Wait) -> None:
        """Serve a wait no longer. With the last everything is closed."""
        wait.end()
        followed = self._followed.get(campaign_id)
        if followed is None or wait not in followed.waits:
            return
        followed.waits.remove(wait)
        if followed.waits:
            return
        del self._followed[campaign_id]
        self._wheel.drop(followed)
        if followed.polled_at is None:
            self._unpolled -= 1
        if not self._followed:
            self._retire()

    def _retire(self) -> None:
        # Whoever comes now gets another poller; this one ends by itself. It is not cancelled: it has to close.
        if self._pollers.get(self._conn_id) is self:
            del self._pollers[self._conn_id]
        self._news.set()

    async def _keep(self) -> None:
        broken: BaseException | None = None
        try:
            await self._dispatch()
        except BaseException as error:
            broken = error
            raise
        finally:
            self._retire()
            if broken is not None:
                for followed in self._followed.values():
                    self._tell(followed, RuntimeError(f"The poller of {self._conn_id!r} has ended: {broken!r}"))
            await self._close(ending=broken is not None)

    async def _close(self, *, ending: bool) -> None:
        tasks = [*self._workers, *self._others]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        except asyncio.CancelledError:
            ending = True  # the event loop ends while this is closing
            raise
        finally:
            await self._connection.close(at_once=ending)

    async def _dispatch(self) -> None:
        while self._followed:
            now = time.monotonic()
            due = self._wheel.pop(now)
            for followed in due:
                followed.under_way = True
            self._ready.extend(due)
            self._pool.demand(now, len(due))
            self._hire()
            self._progress.report(now, self._followed.values(), self._ready)
            self._refresh()
            await self._rest(now)

    async def _rest(self, now: float) -> None:
        at = self._wheel.next()
        longest = now + _REPORT
        self._awake_at = longest if at is None else min(at, longest)
        self._news.clear()
        if self._followed:
            try:
                async with asyncio.timeout(max(0.0, self._awake_at - time.monotonic())):
                    await self._news.wait()
            except TimeoutError:
                pass

    def _hire(self) -> None:
        """Have as many polls under way as there is work for, within the pool's size."""
        free = self._pool.size - len(self._workers)
        for _ in range(min(len(self._ready), free)):
            self._start(self._work(), self._workers)

    def _start(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _work(self) -> None:
        while self._ready:
            followed = self._ready.popleft()
            if not followed.waits:
                continue
            try:
                await self._poll(followed)
            except Exception as error:
                log.exception("Polling campaign %s went wrong", followed.campaign_id)
                self._tell(followed, error)

    async def _poll(self, followed: Followed) -> None:
        now = time.monotonic()
        if now < min(self._quiet_until, *(wait.deadline for wait in followed.waits)):
            self._schedule(followed)
            return
        if followed.polled_at is None:
            self._unpolled -= 1
        try:
            shared = self._connection.shared or await self._connection.open()
            call = followed.call
            if call is None:
                call = followed.call = calls.get_campaign_stats(followed.campaign_id)
        except TruepushError as error:
            followed.polled_at = now
            self._failed(followed, error, now)
            return
        except Exception as error:
            # There is no such connection, or no way to look: not a poll that failed. The triggers raise it.
            self._tell(followed, error)
            return
        if stays_here(call, shared.client.settings.dry_run):
            followed.polled_at = now
            self._answered(followed, None, now)
            return
        async with shared as client:
            await client.turn()
            result, sent = await client.ask(call)
        self._pool.took(time.monotonic() - sent)
        followed.polled_at = sent
        self._progress.polled()
        if isinstance(result, Reply) and result.body == followed.body and result.status == 200:
            self._same(followed, sent)
            return
        exchange = Exchange(call)
        try:
            stats = exchange.conclude(result)
        except TruepushError as error:
            self._start(self._poll_again(followed, shared, exchange, error, sent), self._others)
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
        if isinstance(error, TruepushRateLimitError):
            self._progress.limited(time.monotonic(), error)
        try:
            if isinstance(error, TruepushAuthError) and await self._connection.refused(shared):
                async with await self._connection.open() as client:
                    stats = await client.execute(exchange.call)
            else:
                async with shared as client:
                    stats = await client.repeat(exchange, error, level=logging.DEBUG)
        except TruepushError as last:
            self._failed(followed, last, sent)
        except Exception as crash:
            self._tell(followed, crash)
        else:
            self._answered(followed, stats, sent)

    def _same(self, followed: Followed, sent: float) -> None:
        """Byte for byte what was answered last: most polls of most campaigns."""
        for wait in followed.waits:
            if not wait.repeated(followed.stats, sent):
                wait.answered(followed.stats, sent)
        self._progress.works()
        self._schedule(followed)

    def _answered(self, followed: Followed, stats: CampaignStats | None, sent: float) -> None:
        followed.stats = stats
        for wait in followed.waits:
            wait.answered(stats, sent)
        self._progress.works()
        self._schedule(followed)

    def _failed(self, followed: Followed, error: TruepushError, sent: float) -> None:
        pause = 0.0
        if isinstance(error, TruepushRateLimitError) and error.retry_after:
            pause = min(error.retry_after, _LONGEST_QUIET)
            self._quiet_until = max(self._quiet_until, time.monotonic() + pause)
        for wait in followed.waits:
            wait.failed(error, sent, pause)
        self._progress.fails(error)
        self._schedule(followed)

    def _tell(self, followed: Followed, error: BaseException) -> None:
        followed.under_way = False
        for wait in followed.waits:
            wait.tell(error)

    def _schedule(self, followed: Followed) -> None:
        followed.under_way = False
        if not followed.waits:
            return
        due = followed.wanted_at
        now = time.monotonic()
        if now < self._quiet_until:
            # Truepush asked for quiet. Last looks, one a wait, are made all the same.
            due = max(due, min(self._quiet_until, *(wait.deadline for wait in followed.waits)))
        at = self._wheel.put(followed, due, followed.interval if followed.polled_at is not None else 0.0)
        if at < self._awake_at:
            self._news.set()

    def _refresh(self) -> None:
        if self._connection.shared is not None and self._connection.stale and not self._refreshing:
            self._refreshing = True
            self._start(self._look_again(), self._others)

    async def _look_again(self) -> None:
        try:
            await self._connection.refresh()
        finally:
            self._refreshing = False
