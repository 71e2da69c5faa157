"""Poll all campaigns that the triggers of one connection wait for, in one event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.waiting.polling.due_queue import DueQueue
from airflow_provider_truepush.waiting.polling.jitter import Jitter
from airflow_provider_truepush.waiting.polling.poll import PollRunner
from airflow_provider_truepush.waiting.polling.waiters import TrackedCampaign, Waiter

if TYPE_CHECKING:
    from airflow_provider_truepush.client.shared import SharedClient

log = get_logger(__name__)

#: Seconds between reports on the health of the polls.
REPORT = 5.0
#: The same while campaigns are due that no worker is free for.
_SOON = 1.0
#: Last polls in progress at once.
_LAST_POLLS = 16
#: Workers that start in one go: other triggers get their turn in between, and the answers do not come all at once.
_AT_ONCE = 16
#: Seconds until more start.
_PAUSE = 0.003

_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Poller]] = WeakKeyDictionary()


def join(conn_id: str, campaign_id: str, waiter: Waiter) -> Poller:
    """Add a waiter to the poller of its connection, which the first waiter creates.

    :param conn_id: id of the connection.
    :param campaign_id: the campaign.
    :param waiter: gets the verdicts. It must :meth:`~Poller.leave` in the end.
    """
    pollers = _pollers.setdefault(asyncio.get_running_loop(), {})
    poller = pollers.get(conn_id)
    if poller is None:
        poller = pollers[conn_id] = Poller(conn_id, pollers)
    poller.add(campaign_id, waiter)
    return poller


def kept_client(conn_id: str) -> SharedClient | None:
    """Return the client that polls a connection in this event loop, if one does.

    :param conn_id: id of the connection.
    """
    poller = _pollers.get(asyncio.get_running_loop(), {}).get(conn_id)
    return None if poller is None else poller.client


class Poller:
    """Run while there are waiters, and then close everything.

    One task hands out what is due; workers, as many as there is work for, poll. A few more workers are for the last
    polls at deadlines: these wait neither for a free worker nor for the end of a cooldown.

    :param conn_id: id of the connection.
    :param pollers: the registry that holds it until it ends.
    """

    def __init__(self, conn_id: str, pollers: dict[str, Poller]) -> None:
        self._conn_id = conn_id
        self._pollers = pollers
        self._tracked: dict[str, TrackedCampaign] = {}
        self._due_queue: DueQueue[TrackedCampaign] = DueQueue()
        self._ready: deque[TrackedCampaign] = deque()
        self._overdue: deque[TrackedCampaign] = deque()
        self._runner = PollRunner(conn_id, self._schedule)
        self._first = Jitter()
        self._news = asyncio.Event()
        self._awake_at = 0.0
        self._workers: set[asyncio.Task[None]] = set()
        self._last_workers: set[asyncio.Task[None]] = set()
        # A context of its own: its log lines do not belong to the trigger that happened to be the first.
        self._keeper = asyncio.get_running_loop().create_task(
            self._keep(), name=f"truepush-poller-{conn_id}", context=Context()
        )

    @property
    def client(self) -> SharedClient | None:
        """Return the client, or None before the first look-up."""
        return self._runner.connection.shared

    def add(self, campaign_id: str, waiter: Waiter) -> None:
        """Serve a waiter. The first polls of many that come together are spread."""
        tracked = self._tracked.get(campaign_id)
        if tracked is None:
            tracked = self._tracked[campaign_id] = TrackedCampaign(campaign_id)
        tracked.waiters.append(waiter)
        waiter.begin(self._first.take(time.monotonic(), waiter.interval), partial(self._hurry, tracked))
        if not tracked.under_way:
            self._schedule(tracked)

    def leave(self, campaign_id: str, waiter: Waiter) -> None:
        """Stop serving a waiter. After the last one everything is closed."""
        waiter.end()
        tracked = self._tracked.get(campaign_id)
        if tracked is None or waiter not in tracked.waiters:
            return
        tracked.waiters.remove(waiter)
        if tracked.waiters:
            return
        tracked.queued = False
        del self._tracked[campaign_id]
        self._due_queue.drop(tracked)
        if not self._tracked:
            self._retire()

    def _retire(self) -> None:
        # The next waiter gets another poller; this one ends by itself. It is not canceled, because it has to close.
        if self._pollers.get(self._conn_id) is self:
            del self._pollers[self._conn_id]
        if not self._has_lost_its_loop:
            self._news.set()

    @property
    def _has_lost_its_loop(self) -> bool:
        """Return True when the loop was closed: what is left of it is collected, and no task can run or be canceled."""
        return self._keeper.get_loop().is_closed()

    async def _keep(self) -> None:
        broken: BaseException | None = None
        try:
            await self._dispatch()
        except BaseException as error:
            broken = None if self._has_lost_its_loop else error
            raise
        finally:
            self._retire()
            if broken is not None:
                ended = TruepushError(
                    f"The poller of connection {self._conn_id!r} has ended: {broken!r}. The campaigns are not "
                    "affected. Clear the task to wait again."
                )
                for tracked in self._tracked.values():
                    self._runner.notify(tracked, ended)
            await self._close()

    async def _close(self) -> None:
        tasks = [*self._workers, *self._last_workers, *self._runner.tasks]
        try:
            if not self._has_lost_its_loop:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self._runner.health.closed()
            await self._runner.connection.close()

    async def _dispatch(self) -> None:
        while self._tracked:
            now = time.monotonic()
            due = self._due_queue.pop(now)
            for tracked in due:
                tracked.under_way = tracked.queued = True
                (self._overdue if tracked.deadline <= now else self._ready).append(tracked)
            self._runner.concurrency.demand(now, len(due))
            while self._spawn_workers(now):  # noqa: ASYNC110  # it waits for no event
                await asyncio.sleep(_PAUSE)
            self._runner.health.report(now, self._tracked.values(), self._ready, self._runner.remedy)
            self._runner.refresh()
            await self._rest(now)

    async def _rest(self, now: float) -> None:
        at = self._due_queue.next()
        longest = now + (_SOON if self._ready else REPORT)
        self._awake_at = longest if at is None else min(at, longest)
        self._news.clear()
        if self._tracked:
            try:
                async with asyncio.timeout(max(0.0, self._awake_at - time.monotonic())):
                    await self._news.wait()
            except TimeoutError:
                pass

    def _spawn_workers(self, now: float) -> bool:
        """Start as many workers as there is work for, within the limit; return True when more should start soon."""
        more = False
        if self._ready:
            oldest = self._ready[0]
            late = now - oldest.wanted_at if oldest.waiters and not self._runner.kept_back else 0.0
            free = self._runner.concurrency.vacancies(len(self._workers), late)
            wanted = min(len(self._ready), free)
            for _ in range(min(wanted, _AT_ONCE)):
                self._spawn(self._ready, self._workers)
            more = wanted > _AT_ONCE
        for _ in range(min(len(self._overdue), _LAST_POLLS - len(self._last_workers))):
            self._spawn(self._overdue, self._last_workers)
        return more

    def _spawn(self, queue: deque[TrackedCampaign], workers: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(self._work(queue))
        workers.add(task)
        task.add_done_callback(workers.discard)

    async def _work(self, queue: deque[TrackedCampaign]) -> None:
        while queue:
            tracked = queue.popleft()
            if not tracked.queued:
                continue
            try:
                await self._runner.poll(tracked, urgent=queue is self._overdue)
            except Exception as error:
                log.exception("Polling campaign %s failed unexpectedly.", tracked.campaign_id)
                self._runner.notify(tracked, error)

    def _hurry(self, tracked: TrackedCampaign) -> None:
        """Poll a campaign before all others: the deadline of a waiter has come while it was in the queue."""
        if tracked.queued:
            self._overdue.append(tracked)
            self._spawn_workers(time.monotonic())

    def _schedule(self, tracked: TrackedCampaign) -> None:
        tracked.under_way = tracked.queued = False
        if not tracked.waiters:
            return
        due = self._runner.put_off(tracked, tracked.wanted_at, time.monotonic())
        at = self._due_queue.put(tracked, due, tracked.interval if tracked.polled_at is not None else 0.0)
        if at < self._awake_at:
            self._news.set()
