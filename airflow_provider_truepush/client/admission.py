"""Admit requests one at a time, at the rate of the project."""

from __future__ import annotations

import asyncio
from collections import deque

from airflow_provider_truepush.client.shared_rate import SharedPace


class Gate:
    """Admit the requests of a client in the order of their arrival; urgent ones before all others.

    :param pace: gives the moments.
    """

    def __init__(self, pace: SharedPace) -> None:
        self._pace = pace
        self._busy = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._usual: deque[asyncio.Future[None]] = deque()
        #: How many are kept waiting.
        self.waiting = 0

    async def turn(self, *, urgent: bool = False) -> None:
        """Wait until a request may leave.

        :param urgent: go first, and do not wait for the end of a cooldown.
        """
        pace = self._pace
        if pace.free and not self._busy:
            if wait := pace.reserve():
                await asyncio.sleep(wait)
            return
        self.waiting += 1
        try:
            while not await self._leave(urgent):  # noqa: ASYNC110  # no event marks the end of a cooldown
                await asyncio.sleep(pace.quiet())
        finally:
            self.waiting -= 1

    async def _leave(self, urgent: bool) -> bool:
        """Take a moment and wait for it. False when all are held back."""
        if not urgent and self._pace.quiet():
            return False
        # One at a time: the next takes its moment when this one has used its own, so that a loop which is late does
        # not let two go at once, and a slow-down reaches everybody behind it.
        await self._enter(urgent)
        try:
            if not urgent and self._pace.quiet():
                return False
            if wait := self._pace.reserve(urgent=urgent):
                await asyncio.sleep(wait)
                self._pace.start()
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
