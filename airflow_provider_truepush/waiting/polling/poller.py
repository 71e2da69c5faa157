"""Polls all campaigns that the triggers of one connection wait for, in one event loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow_provider_truepush.waiting.polling.due_queue import Wheel
from airflow_provider_truepush.waiting.polling.jitter import Slots
from airflow_provider_truepush.waiting.polling.poll import Asking
from airflow_provider_truepush.waiting.polling.waiters import Followed, Wait

if TYPE_CHECKING:
    from airflow_provider_truepush.client.shared import SharedClient

log = logging.getLogger(__name__)

#: Seconds between looks at whether polls keep their intervals.
_REPORT = 5.0
#: The same while some are due that no poll is free for.
_SOON = 1.0
#: Last looks under way at once.
_LAST_LOOKS = 16
#: Polls that begin in one go: the turns of the other triggers come between, and the answers do not come all at once.
_AT_ONCE = 16
#: Seconds until more begin.
_PAUSE = 0.003

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

    One task hands out what is due; a few others, as many as there is work for, poll. A few more are for the last looks
    of those whose time is up: these wait neither for a free poll nor until a hold is over.

    :param conn_id: id of the connection.
    :param pollers: where it stands until it ends.
    """

    def __init__(self, conn_id: str, pollers: dict[str, Poller]) -> None:
        self._conn_id = conn_id
        self._pollers = pollers
        self._followed: dict[str, Followed] = {}
        self._wheel: Wheel[Followed] = Wheel()
        self._ready: deque[Followed] = deque()
        self._overdue: deque[Followed] = deque()
        self._asking = Asking(conn_id, self._schedule)
        self._first = Slots()
        self._news = asyncio.Event()
        self._awake_at = 0.0
        self._workers: set[asyncio.Task[None]] = set()
        self._last_lookers: set[asyncio.Task[None]] = set()
        # A context of its own: what is logged here is no line of the trigger that happened to be the first.
        self._keeper = asyncio.get_running_loop().create_task(
            self._keep(), name=f"truepush-poller-{conn_id}", context=Context()
        )

    @property
    def client(self) -> SharedClient | None:
        """The client, once there is one."""
        return self._asking.connection.shared

    def add(self, campaign_id: str, wait: Wait) -> None:
        """Serve a wait. The first polls of many that come together are spread."""
        followed = self._followed.get(campaign_id)
        if followed is None:
            followed = self._followed[campaign_id] = Followed(campaign_id)
        followed.waits.append(wait)
        wait.begin(self._first.take(time.monotonic(), wait.interval), partial(self._hurry, followed))
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
        followed.queued = False
        del self._followed[campaign_id]
        self._wheel.drop(followed)
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
                    self._asking.tell(followed, RuntimeError(f"The poller of {self._conn_id!r} has ended: {broken!r}"))
            await self._close()

    async def _close(self) -> None:
        tasks = [*self._workers, *self._last_lookers, *self._asking.tasks]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await self._asking.connection.close()

    async def _dispatch(self) -> None:
        while self._followed:
            now = time.monotonic()
            due = self._wheel.pop(now)
            for followed in due:
                followed.under_way = followed.queued = True
                (self._overdue if followed.deadline <= now else self._ready).append(followed)
            self._asking.pool.demand(now, len(due))
            while self._hire(now):  # noqa: ASYNC110  # it waits for no event
                await asyncio.sleep(_PAUSE)
            self._asking.progress.report(now, self._followed.values(), self._ready, self._asking.remedy)
            self._asking.refresh()
            await self._rest(now)

    async def _rest(self, now: float) -> None:
        at = self._wheel.next()
        longest = now + (_SOON if self._ready else _REPORT)
        self._awake_at = longest if at is None else min(at, longest)
        self._news.clear()
        if self._followed:
            try:
                async with asyncio.timeout(max(0.0, self._awake_at - time.monotonic())):
                    await self._news.wait()
            except TimeoutError:
                pass

    def _hire(self, now: float) -> bool:
        """Have as many polls under way as there is work for, within the pool's size. Whether to come back for more."""
        more = False
        if self._ready:
            oldest = self._ready[0]
            late = now - oldest.wanted_at if oldest.waits and not self._asking.kept_back else 0.0
            free = self._asking.pool.vacancies(len(self._workers), late)
            wanted = min(len(self._ready), free)
            for _ in range(min(wanted, _AT_ONCE)):
                self._employ(self._ready, self._workers)
            more = wanted > _AT_ONCE
        for _ in range(min(len(self._overdue), _LAST_LOOKS - len(self._last_lookers))):
            self._employ(self._overdue, self._last_lookers)
        return more

    def _employ(self, queue: deque[Followed], workers: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(self._work(queue))
        workers.add(task)
        task.add_done_callback(workers.discard)

    async def _work(self, queue: deque[Followed]) -> None:
        while queue:
            followed = queue.popleft()
            if not followed.queued:
                continue
            try:
                await self._asking.poll(followed, urgent=queue is self._overdue)
            except Exception as error:
                log.exception("Polling campaign %s went wrong", followed.campaign_id)
                self._asking.tell(followed, error)

    def _hurry(self, followed: Followed) -> None:
        """The time of one who waits for it is up, and it stands in a queue: let it have its last look."""
        if followed.queued:
            self._overdue.append(followed)
            self._hire(time.monotonic())

    def _schedule(self, followed: Followed) -> None:
        followed.under_way = followed.queued = False
        if not followed.waits:
            return
        due = self._asking.put_off(followed, followed.wanted_at, time.monotonic())
        at = self._wheel.put(followed, due, followed.interval if followed.polled_at is not None else 0.0)
        if at < self._awake_at:
            self._news.set()
