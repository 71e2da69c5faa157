"""One poll of the list of campaigns for all watchers of a connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import TruepushError, TruepushRateLimitError
from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.seen_campaigns import OVERLAP_SECONDS, ZEROS, next_second

log = logging.getLogger(__name__)

#: Seconds that an answer may ask for at most.
_LONGEST_WAIT = 3600.0
#: Seconds after which a sleeping poll checks whether a watcher has joined or is due.
_NAP = 1.0
#: Seconds after which a failure that continues is logged again.
_REMIND_AFTER = 600.0


class Watch:
    """The request of one watcher to the shared poll.

    :param interval: seconds between polls.
    """

    def __init__(self, interval: float) -> None:
        self.interval = interval
        #: The id from which the list must be complete; None for the newest campaigns only.
        self.need: str | None = None
        #: When the watcher wants the next list at the latest, by the monotonic clock; None for the interval.
        self.due: float | None = None


#: The watchers at work in this process, by connection.
_watches: dict[str, list[Watch]] = {}


def join(conn_id: str, watch: Watch) -> Callable[[], None]:
    """Add a watcher to the poll of its connection; return a function that removes it."""
    watches = _watches.setdefault(conn_id, [])
    watches.append(watch)
    return lambda: watches.remove(watch)


class CampaignList:
    """The result of one poll, handed to all watchers of a connection.

    :param campaigns: the rows.
    :param floor: the list is complete for greater ids; empty for a whole list.
    :param requested_at: when the list was requested, in seconds since the epoch.
    :param confirmed: ``on_stored`` will be called.
    """

    def __init__(self, campaigns: Sequence[CampaignRef], floor: str, requested_at: float, *, confirmed: bool) -> None:
        self.campaigns = campaigns
        self.floor = floor
        self.requested_at = requested_at
        self.confirmed = confirmed
        self.on_stored: list[Callable[[], Any]] = []


class CampaignListProducer:
    """Yield lists, and let the watchers save their state once Airflow has stored the events of a list.

    It has the methods of Airflow's ``SharedStreamProducer``, which older Airflow does not have.

    :param truepush_conn_id: the connection to poll.
    :param poll_interval: seconds between polls, while no watcher has joined.
    """

    def __init__(self, truepush_conn_id: str, poll_interval: float) -> None:
        self.truepush_conn_id = truepush_conn_id
        self.poll_interval = poll_interval

    async def open_stream(self) -> AsyncIterator[tuple[CampaignList, CampaignList]]:
        """Yield each list twice: for the watchers, and to come back to :meth:`advance`."""
        async for listed in poll(self.truepush_conn_id, self.poll_interval, confirmed=True):
            yield listed, listed

    async def advance(self, batch: Sequence[Any]) -> None:
        """Let the watchers save their state. If one failed, all wait for the next list on which none fails."""
        for item in batch:
            if item.outcome.is_clean:
                for save in item.broker_payload.on_stored:
                    await save()

    def get_advance_lane(self, broker_payload: Any) -> Hashable:
        """Return the only lane, because lists must be handled in their order."""
        return None

    async def aclose(self) -> None:
        """Do nothing: the producer holds no resources."""


async def poll(conn_id: str, interval: float, *, confirmed: bool) -> AsyncIterator[CampaignList]:
    """List the campaigns again and again. Raise nothing: Airflow restarts a watcher that ends without a pause.

    :param conn_id: id of the connection.
    :param interval: seconds between polls, while no watcher has joined.
    :param confirmed: see :class:`CampaignList`.
    """
    hook: TruepushAsyncHook | None = None
    trouble = _Trouble(conn_id)
    while True:
        asked = 0.0
        listed: CampaignList | None = None
        hook = hook or TruepushAsyncHook(conn_id)
        try:
            with meaning("Nothing was fetched."):
                await hook.get_settings()  # which imports what the list takes, but not in the loop
            listed = await _list(conn_id, hook, confirmed=confirmed)
        except Exception as error:
            hook = None  # the connection is read anew, in case it was corrected
            if isinstance(error, TruepushRateLimitError):
                asked = min(error.retry_after or 0.0, _LONGEST_WAIT)
            trouble.happened(error, max(_interval(conn_id, interval), asked))
        if listed is not None:
            trouble.ended()
            yield listed
        await _rest(conn_id, interval, asked)


async def _list(conn_id: str, hook: TruepushAsyncHook, *, confirmed: bool) -> CampaignList:
    needs = [watch.need for watch in _watches.get(conn_id, ())]
    known = [need for need in needs if need is not None]
    requested_at = time.time()
    if not known or len(known) < len(needs):
        newest = await hook.newest_campaigns()
        if not newest.rows:
            # A proxy may have answered in place of Truepush. An empty list makes each later campaign an event.
            newest = await hook.newest_campaigns()
        floor = f"{int(requested_at) - OVERLAP_SECONDS:08x}{ZEROS}"
        if newest.floor <= floor:
            return CampaignList(newest.rows, next_second(newest.floor), requested_at, confirmed=confirmed)
        # The next campaign may get a smaller id than the last one has, from a server whose clock is behind.
        rows = {row.id: row for row in (*newest.rows, *await _since(hook, floor))}
        return CampaignList(tuple(rows.values()), floor, requested_at, confirmed=confirmed)
    floor = min(known)
    return CampaignList(await _since(hook, floor), floor, requested_at, confirmed=confirmed)


async def _since(hook: TruepushAsyncHook, floor: str) -> list[CampaignRef]:
    """Return the campaigns since the moment of an id, and whatever else was on the pages that were read."""
    since = datetime.fromtimestamp(int(floor[:8], 16), UTC) if floor else None
    return [campaign async for campaign in hook.list_campaigns(since, is_poll=True, with_older=since is not None)]


class _Trouble:
    """Log failed polls: each new cause, a reminder while it lasts, and its end."""

    def __init__(self, conn_id: str) -> None:
        self._conn_id = conn_id
        self._cause: object = None
        self._began = self._logged = 0.0
        self._polls = 0

    def happened(self, error: Exception, pause: float) -> None:
        """Count a failed poll."""
        now = time.monotonic()
        if self._cause is None:
            self._began, self._polls = now, 0
        self._polls += 1
        if _cause(error) != self._cause or now - self._logged >= _REMIND_AFTER:
            self._logged = now
            log.warning(
                "Could not list campaigns (connection %r, failed poll %d in %.0f s); retrying in %g s. No campaign is "
                "lost: each becomes an event once the list can be read. %s",
                self._conn_id,
                self._polls,
                now - self._began,
                pause,
                error,
            )
        self._cause = _cause(error)

    def ended(self) -> None:
        """Count a poll that succeeded."""
        if self._cause is not None:
            log.info(
                "Campaigns can be listed again (connection %r), after %d failed polls in %.0f s.",
                self._conn_id,
                self._polls,
                time.monotonic() - self._began,
            )
        self._cause = None


def _cause(error: Exception) -> object:
    """Return a key that is the same for two failures of one cause, although numbers in their messages may differ."""
    if isinstance(error, TruepushError):
        return (type(error), error.http_status, error.code)
    return (type(error), str(error))


def _interval(conn_id: str, otherwise: float) -> float:
    return min((watch.interval for watch in _watches.get(conn_id, ())), default=otherwise)


async def _rest(conn_id: str, interval: float, asked: float) -> None:
    began = time.monotonic()
    while True:
        end = began + max(_interval(conn_id, interval), asked)
        for watch in _watches.get(conn_id, ()):
            if watch.due is not None:
                end = min(end, max(watch.due, began + asked))
        left = end - time.monotonic()
        if left <= 0:
            for watch in _watches.get(conn_id, ()):
                watch.due = None  # a watcher that is slow to take the list does not make more polls
            return
        await asyncio.sleep(min(left, _NAP))
