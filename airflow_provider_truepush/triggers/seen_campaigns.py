"""What a watcher remembers: the campaigns it has told already."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from heapq import nlargest
from typing import Any

from airflow_provider_truepush.api.models.refs import CampaignRef

log = logging.getLogger(__name__)

#: So many of the newest ids are written out; older ones are covered by the mark. About 27 KB, and Airflow warns at 64.
_KEPT = 1000
#: Seconds for one answer of the state store. When the triggerer stops, none comes any more.
_STORE_TIMEOUT = 10.0
#: The digits of an ObjectId that hold the second of its creation.
_SECOND = slice(0, 8)
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")


class ToldCampaigns:
    """The ids that were told, or were there before the watch began.

    In the process all of them are known, so that neither the list's order nor a campaign that turns up late matters.
    The state store gets the newest ones and a mark: ids created before its second count as told.

    :param store: Airflow's accessor of asset state (3.3+); None to remember in the process only.
    :param key: where it is kept in there.
    """

    def __init__(self, store: Any, key: str) -> None:
        self._stores = _stores(store)
        self._key = key
        self._ids: set[str] = set()
        self._mark: str | None = None
        self._began = False
        self._version = 0
        self._saved = 0
        self._trouble: str | None = None

    async def news(self, listed: Iterable[CampaignRef]) -> list[CampaignRef]:
        """The campaigns still to be told, oldest first; none from the first list of a new watch.

        :param listed: all campaigns of the project.
        """
        rows = {row.id.lower(): row for row in listed}
        if self._began:
            fresh = rows.keys() - self._ids
        else:
            try:
                kept = await self._load()
            except Exception as error:
                # Going on without it could tell everything twice. The next list comes with another try.
                self._complain("read", error)
                return []
            self._began = True
            fresh = {row for row in rows if kept and self._is_new(row)}
            self._ids |= rows.keys() - fresh
            if not kept:
                self._version += 1
                await self.save()
        return [rows[row] for row in sorted(fresh)]

    def add(self, campaign_id: str) -> None:
        """Count a campaign as told."""
        self._ids.add(campaign_id.lower())
        self._version += 1

    async def save(self) -> None:
        """Write it out, if there is anything new."""
        if save := self.later():
            await save()

    def later(self) -> Callable[[], Awaitable[None]] | None:
        """What writes out the present state, whatever is told until then; None when there is nothing new."""
        if not self._stores or self._saved == self._version:
            return None
        return partial(self._write, self._version, self._state())

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
        """Read what was kept. An asset that was added to the watcher later has nothing, or less than the others."""
        kept = False
        for store in self._stores:
            async with asyncio.timeout(_STORE_TIMEOUT):
                state = await store.aget(self._key)
            if state is not None:
                kept = True
                self._ids |= set(state["ids"])
                self._mark = max(self._mark or "", state["mark"])
        return kept

    def _state(self) -> dict[str, Any]:
        newest = nlargest(_KEPT, filter(_OBJECT_ID.fullmatch, self._ids))
        # Ids of that very second are kept, all of them: one more may still turn up.
        mark = newest[-1][_SECOND] if len(self._ids) > _KEPT and newest else ""
        mark = max(mark, self._mark or "")
        return {"mark": mark, "ids": sorted(row for row in self._ids if not _is_before(row, mark))}

    def _is_new(self, campaign_id: str) -> bool:
        return campaign_id not in self._ids and not _is_before(campaign_id, self._mark or "")

    def _complain(self, what: str, error: Exception) -> None:
        trouble = f"{what}: {type(error).__name__}: {error}"
        if trouble != self._trouble:
            log.warning("The campaigns told so far (%s) could not be %s; trying again.", self._key, trouble)
        self._trouble = trouble


def _is_before(campaign_id: str, mark: str) -> bool:
    return campaign_id[_SECOND] < mark and _OBJECT_ID.fullmatch(campaign_id) is not None


def _stores(store: Any) -> list[Any]:
    """The accessors of all assets of a watcher: with more than one, Airflow's common accessor refuses to serve.

    It has no public list of them. A watcher's assets are known to Airflow only.
    """
    if store is None:
        return []
    single = [*getattr(store, "_by_name", {}).values(), *getattr(store, "_by_uri", {}).values()]
    return single or [store]
