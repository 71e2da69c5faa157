"""The connection of a poller: looked up once for all polls, and again when there is a reason to."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import TruepushConnectionError, TruepushConnectionLookupError, TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.waiting.goal import ONLY_THIS_POLL

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings
    from airflow_provider_truepush.client.shared import SharedClient

log = get_logger(__name__)

#: Seconds after which a connection is looked up again, in case its token, its rate limit or its host was changed.
FRESH_FOR = 300.0
#: Seconds between look-ups while the token is rejected, or while look-ups fail.
ASK_AGAIN = 10.0
#: Seconds for which a connection that cannot be used is not looked up again.
_SAME_ANSWER = 1.0
#: Seconds that a look-up may take.
LONGEST_LOOK = 30.0


class KeptConnection:
    """Hold a connection's settings and its client, for all polls.

    :param conn_id: id of the connection.
    """

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id
        self._shared: SharedClient | None = None
        self._settings: Settings | None = None
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()
        self._failure: TruepushError | None = None
        self._trouble: str | None = None
        self._look: asyncio.Task[Settings] | None = None

    @property
    def shared(self) -> SharedClient | None:
        """Return the client, or None before the first look-up."""
        return self._shared

    @property
    def stale(self) -> bool:
        """Return True when another look-up is due."""
        return time.monotonic() - self._looked_at > FRESH_FOR

    async def open(self) -> SharedClient:
        """Return the client; the first caller looks the connection up, for all.

        :raises TruepushConnectionError: the look-up has failed, now or not long ago. It may succeed later: Airflow
            reports that a connection "isn't defined" also when a secrets backend, or the API server, does not answer.
        :raises TruepushError: the connection cannot be used as it is.
        """
        if self._shared is None:
            async with self._lock:
                if self._shared is None:
                    await self._open()
        assert self._shared is not None
        return self._shared

    async def _open(self) -> None:
        if (known := self._failure) is not None:
            kept_for = ASK_AGAIN if isinstance(known, TruepushConnectionError) else _SAME_ANSWER
            if time.monotonic() - self._looked_at < kept_for:
                raise known.with_traceback(None)
        try:
            await self._use(await self._look_up())
        except TruepushError as error:
            self._failure = error
            if isinstance(error, TruepushConnectionLookupError):
                self._report(error, str(error))
            raise
        except Exception as error:
            why = f"Connection {self._conn_id!r} could not be looked up: {error}."
            self._failure = TruepushConnectionLookupError(why)
            self._report(error, why)
            raise self._failure from None
        self._failure = self._trouble = None

    def _report(self, error: Exception, why: str) -> None:
        if str(error) != self._trouble:
            log.warning("%s The campaigns are not affected; the next look-up is in %.0f s.", why, ASK_AGAIN)
        self._trouble = str(error)

    async def refused(self, shared: SharedClient) -> bool:
        """Look for another token after one was rejected; return True when the client has changed.

        :param shared: the client that used the rejected one.
        """
        async with self._lock:
            if self._shared is shared and time.monotonic() - self._looked_at >= ASK_AGAIN:
                await self._renew()
            return self._shared is not shared

    async def refresh(self) -> None:
        """Look the connection up again. Change nothing when that fails or the settings are the same."""
        async with self._lock:
            if self.stale:
                await self._renew()

    async def close(self) -> None:
        """Release the client at once: the event loop may be ending, or may have ended."""
        if self._look is not None and not self._look.get_loop().is_closed():
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
        shared, self._shared = self._shared, None
        if shared is not None:
            await shared.leave_at_once()

    async def _renew(self) -> None:
        try:
            settings = await self._look_up()
            if settings != self._settings:
                await self._use(settings)
                log.info("Connection %r was changed; polls use its new settings.", self._conn_id)
            self._trouble = None
        except Exception as error:
            if str(error) != self._trouble:
                log.warning(
                    "Connection %r could not be looked up again: %s. Polls continue with the settings known so far.",
                    self._conn_id,
                    error,
                )
            self._trouble = str(error)

    async def _look_up(self) -> Settings:
        if self._look is None:
            with meaning(ONLY_THIS_POLL):
                self._look = asyncio.create_task(TruepushAsyncHook(self._conn_id).get_settings())
        try:
            # A look-up that takes too long is not canceled: older Airflow would take its answer for the answer to the
            # next request. It continues, and its answer is used when it comes.
            done, _ = await asyncio.wait({self._look}, timeout=LONGEST_LOOK)
            if not done:
                raise TimeoutError(f"no answer within {LONGEST_LOOK:g} s")
            look, self._look = self._look, None
            if look.cancelled():
                raise RuntimeError("Airflow has canceled the look-up")
            return look.result()
        finally:
            self._looked_at = time.monotonic()

    async def _use(self, settings: Settings) -> None:
        from airflow_provider_truepush.client.shared import enter_client

        entered = await enter_client(settings)
        before, self._shared, self._settings = self._shared, entered, settings
        if before is not None:
            before.leave()  # polls in progress have entered it by themselves
