"""The campaigns that a watcher has seen: its watermark, and the ids near it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from heapq import nlargest
from typing import Any

from airflow_provider_truepush.api.models.refs import CampaignRef

log = logging.getLogger(__name__)

#: The newest ids are stored, so many of them; older ones are covered by the mark. They take less than 10 KB of
#: Airflow's state store, whatever the history.
_STORED = 340
#: The process remembers more of them, at least so many and at most twice as many. A campaign from a server whose clock
#: is behind is missed if more campaigns than are remembered have greater ids.
_REMEMBERED = 5_000
#: A project with so few campaigns is read whole at every poll: it fits on a page or two.
_SMALL_PROJECT = 50
#: A poll lists again what is this old at most, in seconds, and so many of the newest campaigns at most. The clocks of
#: Truepush's servers may differ.
OVERLAP_SECONDS, _OVERLAP_ROWS = 3600, 5
#: Seconds after which a poll lists the whole overlap, however many campaigns it has.
_DEEP_EVERY = 1800
#: An empty list counts once it was read so often: a proxy may have answered the first time.
_EMPTY_LISTS = 2
#: Seconds for one answer of the state store. When the triggerer stops, none comes any more.
_STORE_TIMEOUT = 10.0
ZEROS = "0" * 16


class SeenCampaigns:
    """Remembers which campaigns were turned into events, or existed before the watch began.

    :param store: Airflow's accessor of asset state (3.3+); None to remember in the process only.
    :param key: the key in that store.
    :param clock: the present moment, in seconds since the epoch.
    """

    def __init__(self, store: Any, key: str, clock: Callable[[], float] = time.time) -> None:
        self._stores = _stores(store)
        self._key = key
        self._clock = clock
        self._ids: set[str] = set()
        #: Campaigns with a smaller id count as seen.
        self._mark = ""
        self._is_loaded = False
        self._has_baseline = False
        self._began_at: int | None = None
        #: A campaign of this second or a later one, which the first list lacks, is new.
        self._new_from = 0
        #: What the first list had of that second, or of later ones: the clocks of Truepush may be ahead.
        self._existed: set[str] = set()
        self._empty_lists = 0
        #: When a list last had everything that a clock behind by an hour may have hidden from the lists before it.
        self._deep_at = 0.0
        #: How far back the next such list has to go: the first digits of an id.
        self._deep_from = ""
        self._version = 0
        self._saved = 0
        self._trouble: str | None = None

    @property
    def need(self) -> str | None:
        """Return the id from which the next list must be complete; None for the newest campaigns only."""
        if not self._has_baseline:
            return None
        return self._need(deep=self._clock() - self._deep_at >= _DEEP_EVERY)

    def _need(self, *, deep: bool) -> str:
        if not self._mark and len(self._ids) <= _SMALL_PROJECT:
            return ""
        newest = self._newest()
        first = self._deep_from if deep else max(f"{_earlier(newest[0]):08x}", newest[-1][:8])
        return max(first, self._mark[:8]) + ZEROS

    def _newest(self) -> list[str]:
        # An id from the future, made by a wrong clock or by hand, must not move the overlap beyond all new campaigns.
        latest = f"{int(self._clock()) + OVERLAP_SECONDS:08x}"
        return nlargest(_OVERLAP_ROWS, (row for row in self._ids if row[:8] <= latest)) or [self._mark]

    def _is_complete(self, floor: str) -> bool:
        """Return whether a list goes back far enough, and remember it when it is one of the deep ones."""
        deep = self._need(deep=True)
        if floor > max(deep, self._need(deep=False)):  # one of the two was asked for
            return False
        if floor <= deep:
            self._deep_at = self._clock()
            self._deep_from = f"{_earlier(self._newest()[0]):08x}"
        return True

    async def news(
        self, listed: Iterable[CampaignRef], floor: str = "", requested_at: float | None = None
    ) -> list[CampaignRef]:
        """Return the campaigns that were not seen yet, oldest first. The first list of a new watch has none.

        :param listed: the project's campaigns.
        :param floor: the list is complete for greater ids only; empty for a whole list.
        :param requested_at: when the list was requested, in seconds since the epoch; None for just now.
        """
        rows = {row.id.lower(): row for row in listed}
        if self._began_at is None:
            # What this list lacks is new from that moment on; the state may be read only later. After an empty list the
            # clocks of Truepush may be behind as well.
            self._began_at = int(self._clock() if requested_at is None else requested_at)
            self._new_from = self._began_at - (0 if rows else OVERLAP_SECONDS)
            self._existed = {row for row in rows if _second(row) >= self._new_from}
        if not self._is_loaded:
            try:
                self._has_baseline = await self._load()
            except Exception as error:
                # Without the state, everything could become an event twice. The next list comes with another attempt.
                self._complain("read", error)
                return []
            self._is_loaded = True
        if not self._has_baseline:
            return await self._begin(rows, floor)
        if not self._is_complete(floor):
            return []  # the next list goes back far enough: the poll asks for what is needed
        return [rows[row] for row in sorted(rows) if row not in self._ids and row >= self._mark]

    async def _begin(self, rows: dict[str, CampaignRef], floor: str) -> list[CampaignRef]:
        """Take the first list as what existed before. One that is empty has to be confirmed by the next."""
        if not rows:
            self._empty_lists += 1
            if self._empty_lists < _EMPTY_LISTS:
                return []
            floor = f"{(self._began_at or 0) - OVERLAP_SECONDS:08x}{ZEROS}"
        fresh = [row for row in sorted(rows) if _second(row) >= self._new_from and row not in self._existed]
        self._has_baseline = True
        self._mark = floor
        self._ids = rows.keys() - set(fresh)
        self._trim()
        self._is_complete(floor)
        self._version += 1
        await self.save()
        return [rows[row] for row in fresh]

    def add(self, campaign_id: str) -> None:
        """Count a campaign as seen."""
        self._ids.add(campaign_id.lower())
        self._trim()
        self._version += 1

    def _trim(self) -> None:
        if len(self._ids) > 2 * _REMEMBERED:  # rarely, because it takes a look at all of them
            self._mark, newest = self._cut(_REMEMBERED)
            self._ids = set(newest)

    def _cut(self, most: int) -> tuple[str, list[str]]:
        """Return the mark and the ids of a state with at most so many ids."""
        newest = nlargest(most, self._ids)
        return (max(self._mark, newest[-1]) if len(newest) < len(self._ids) else self._mark), newest

    async def save(self) -> None:
        """Write the state to the store, if it has changed."""
        if save := self.later():
            await save()

    def later(self) -> Callable[[], Awaitable[None]] | None:
        """Return what writes the present state, whatever is seen until then; None when nothing has changed."""
        if not self._stores or self._saved == self._version:
            return None
        mark, newest = self._cut(_STORED)
        return partial(self._write, self._version, {"mark": mark, "ids": sorted(newest)})

    async def _write(self, version: int, state: dict[str, Any]) -> None:
        if version <= self._saved:
            return
        try:
            for store in self._stores:
                # Not wait_for: before Python 3.12 it loses a cancellation that comes just as the answer does.
                async with asyncio.timeout(_STORE_TIMEOUT):
                    await store.aset(self._key, state)
        except Exception as error:
            self._complain("written", error)
            return
        self._saved = version
        self._trouble = None

    async def _load(self) -> bool:
        """Read the state. An asset that was added to the watcher later has none, or less than the others.

        Version 0.1.0 kept up to a thousand ids, and a mark of the first eight digits of an id.
        """
        found = False
        for store in self._stores:
            async with asyncio.timeout(_STORE_TIMEOUT):
                state = await store.aget(self._key)
            if state is not None:
                found = True
                self._ids |= set(state["ids"])
                self._mark = max(self._mark, state["mark"])
        self._trim()
        self._deep_from = f"{_earlier(self._newest()[0]):08x}"
        return found

    def _complain(self, what: str, error: Exception) -> None:
        trouble = f"{what}: {type(error).__name__}: {error}"
        if trouble != self._trouble:
            log.warning(
                "The campaigns seen so far (%s) could not be %s. No campaign is lost; retrying with the next poll.",
                self._key,
                trouble,
            )
        self._trouble = trouble


def next_second(floor: str) -> str:
    """Return the first id of the second after a floor: ids of one second may be listed in any order."""
    return f"{_second(floor) + 1:08x}{ZEROS}" if floor else ""


def _earlier(campaign_id: str) -> int:
    return max(0, _second(campaign_id) - OVERLAP_SECONDS)


def _second(campaign_id: str) -> int:
    try:
        return int(campaign_id[:8], 16)
    except ValueError:
        return 0


def _stores(store: Any) -> list[Any]:
    """Return the accessors of all assets of a watcher: with more than one, Airflow's common accessor refuses to serve.

    It has no public list of them. A watcher's assets are known to Airflow only.
    """
    if store is None:
        return []
    single = [*getattr(store, "_by_name", {}).values(), *getattr(store, "_by_uri", {}).values()]
    return single or [store]
