"""Admit requests one at a time, at the rate of the project."""

from __future__ import annotations

import asyncio
from collections import deque

from airflow_provider_truepush.client.shared_rate import SharedRateLimiter


class AdmissionQueue:
    """Admit the requests of a client in the order of their arrival; urgent ones before all others.

    :param rate_limiter: reserves the moment of each request.
    """

    def __init__(self, rate_limiter: SharedRateLimiter) -> None:
        self._rate_limiter = rate_limiter
        self._busy = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._usual: deque[asyncio.Future[None]] = deque()
        #: The number of requests that wait.
        self.waiting = 0

    async def admit(self, *, urgent: bool = False) -> None:
        """Wait until a request may leave.

        :param urgent: go first, and do not wait for the end of a cooldown.
        """
        rate_limiter = self._rate_limiter
        if rate_limiter.free and not self._busy:
            if wait := rate_limiter.reserve():
                await asyncio.sleep(wait)
            return
        self.waiting += 1
        try:
            while not await self._leave(urgent):  # noqa: ASYNC110  # no event marks the end of a cooldown
                await asyncio.sleep(rate_limiter.cooldown_left())
        finally:
            self.waiting -= 1

    async def _leave(self, urgent: bool) -> bool:
        """Reserve a moment and wait for it. Return False during a cooldown."""
        cluster = self._rate_limiter.cluster
        if urgent and cluster is not None:
            # The request before it in this queue may wait for other processes, which an urgent one does not.
            await cluster.enter_async(urgent=True)
            return True
        if not urgent and self._rate_limiter.cooldown_left():
            return False
        # Admit one at a time. The next request reserves its moment after this one has left, so that a late event loop
        # does not send two at once, and a slow-down applies to all requests behind it.
        await self._enter(urgent)
        try:
            if not urgent and self._rate_limiter.cooldown_left():
                return False
            if wait := self._rate_limiter.reserve(urgent=urgent):
                await asyncio.sleep(wait)
            if cluster is not None:
                await cluster.enter_async()
                if self._rate_limiter.cooldown_left():
                    return False
            if wait or cluster is not None:
                self._rate_limiter.start()
            return True
        finally:
            self._let_next()

    async def _enter(self, urgent: bool) -> None:
        if not self._busy:
            self._busy = True
            return
        turn = asyncio.get_running_loop().create_future()
        (self._urgent if urgent else self._usual).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had come already
                self._let_next()
            raise

    def _let_next(self) -> None:
        for queue in (self._urgent, self._usual):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._busy = False
