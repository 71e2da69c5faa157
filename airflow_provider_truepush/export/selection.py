"""Select the campaigns that an export fetches. No Airflow, no I/O of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks.values import (
    created_at,
    is_dry_run_id,
    is_missing,
    items,
    object_id,
    refuse,
)
from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.export.batches import Checkpoint
from airflow_provider_truepush.export.rows import Target

log = logging.getLogger(__name__)

#: Ids per lookup. The first chunk is small, so that the first request does not wait for many pages of the list.
_FIRST_CHUNK = 25
_CHUNK = 500
_ID_DIGITS = 24

Lookup = Callable[[Sequence[str]], Awaitable[Mapping[str, Checkpoint]]]


def read_campaign_ids(value: Any) -> tuple[Target, ...]:
    """Read ``campaign_ids``: a list of ids, a list of rows with ``id`` and ``title``, or text with either.

    The text is JSON, a Python literal, or a single id. Repeated ids count once; ids of dry runs are left out.

    :raises TruepushValidationError: an item is not a valid id.
    """
    if isinstance(value, str) and is_missing(value):
        refuse("campaign_ids", value, "rendered to None; omit it to export all campaigns")
    if isinstance(value, int) and 10 ** (_ID_DIGITS - 1) <= value < 10**_ID_DIGITS:
        value = str(value)  # native rendering turns an id of decimal digits into a number
    read = templated.items("campaign_ids", value) if isinstance(value, str) and _looks_listed(value) else value
    if isinstance(read, str):
        read = [read.strip()]
    read = items("campaign_ids", read)
    targets: dict[str, Target] = {}
    dry = 0
    for position, item in enumerate(read):
        target = _target(f"campaign_ids[{position}]", item)
        if is_dry_run_id(target.campaign_id):
            dry += 1
        else:
            targets.setdefault(target.campaign_id, target)
    if dry:
        log.info("Ignored %d ids of dry runs; no campaign has these ids.", dry)
    return tuple(targets.values())


def _looks_listed(written: str) -> bool:
    return written.strip()[:1] in ("[", "(", "{", '"', "'")


def _target(field: str, item: Any) -> Target:
    title = None
    if isinstance(item, Mapping):
        title = item.get("title")
        item = item.get("id")
    if item is None:
        refuse(field, item, "must be a campaign id; the task that created it returns None when Truepush returned no id")
    campaign_id = object_id(field, item)
    if title is not None and not isinstance(title, str):
        refuse(f"{field}.title", title, "must be a string")
    return Target(campaign_id if is_dry_run_id(campaign_id) else campaign_id.lower(), title)


@dataclass(frozen=True, slots=True)
class Selection:
    """The campaigns to fetch.

    :param targets: the campaigns, whatever their age; None for every campaign of the list.
    :param refresh_for: the age up to which campaigns of the list are fetched; None for all. The age counts from the
        time that the id carries; for other ids, from the first export that stored its statistics.
    :param stop_after_unchanged: leave out campaigns of the list whose counters did not change in this number of
        fetches in a row; None to leave out none.
    :param as_of: the time at which ages are computed; None for now. All tries of an execution use the same time, so a
        campaign that one try fetched is not too old for the next try.
    """

    targets: tuple[Target, ...] | None = None
    refresh_for: timedelta | None = None
    stop_after_unchanged: int | None = None
    as_of: datetime | None = None

    def wants(self, target: Target, known: Checkpoint, now: datetime) -> bool:
        """Return whether to fetch a campaign that no earlier try has fetched."""
        if self.is_too_old(target, known, now):
            return False
        if self.targets is not None:
            return True
        return self.stop_after_unchanged is None or known.unchanged < self.stop_after_unchanged

    def is_too_old(self, target: Target, known: Checkpoint, now: datetime) -> bool:
        """Return whether a campaign is older than ``refresh_for``."""
        if self.targets is not None or self.refresh_for is None:
            return False
        born = created_at(target.campaign_id) or known.first_seen
        return born is not None and now - born > self.refresh_for

    def needs_lookup(self, target: Target, *, resumes: bool) -> bool:
        """Return whether the decision depends on the rows that the target already has."""
        if resumes:
            return True
        if self.targets is not None:
            return False
        return self.stop_after_unchanged is not None or (
            self.refresh_for is not None and created_at(target.campaign_id) is None
        )


class Selector:
    """Yields the campaigns to fetch. It holds one chunk of them at a time.

    :param selection: which campaigns to fetch.
    :param lookup: looks campaigns up in the target.
    :param resumes_from: campaigns that earlier tries fetched since then are not fetched again; None for a first try.
    :param on_done: called for each campaign that an earlier try has fetched.
    """

    def __init__(
        self,
        selection: Selection,
        lookup: Lookup,
        *,
        resumes_from: datetime | None,
        on_done: Callable[[Checkpoint], None],
    ) -> None:
        self._on_done = on_done
        self._selection = selection
        self._lookup = lookup
        self._resumes_from = resumes_from
        self._now = selection.as_of or datetime.now(UTC)
        #: The number of campaigns that were considered.
        self.seen = 0
        #: The number of campaigns that are too old, or whose counters no longer change.
        self.left_out = 0
        #: The number of campaigns that an earlier try fetched.
        self.resumed = 0

    @property
    def since(self) -> datetime | None:
        """Return the creation time of the oldest campaign to fetch; None for all. Older ones need not be listed."""
        refresh_for = self._selection.refresh_for
        if self._selection.targets is not None or refresh_for is None:
            return None
        try:
            return self._now - refresh_for
        except OverflowError:  # longer ago than Python counts
            return None

    async def targets(self, refs: AsyncIterable[CampaignRef]) -> AsyncIterator[Target]:
        """Yield the campaigns to fetch.

        :param refs: the list of campaigns. It is read only when no targets were given.
        """
        chunk: list[Target] = []
        size = _FIRST_CHUNK
        async for target in self._all(refs):
            self.seen += 1
            if self._selection.is_too_old(target, Checkpoint(), self._now):
                self.left_out += 1  # needs no lookup
                continue
            chunk.append(target)
            if len(chunk) >= size:
                for wanted in await self._wanted(chunk):
                    yield wanted
                chunk, size = [], min(2 * size, _CHUNK)
        for wanted in await self._wanted(chunk):
            yield wanted

    async def _all(self, refs: AsyncIterable[CampaignRef]) -> AsyncIterator[Target]:
        if self._selection.targets is not None:
            for target in self._selection.targets:
                yield target
            return
        async for ref in refs:
            yield Target(ref.id.lower(), ref.title)

    async def _wanted(self, chunk: list[Target]) -> list[Target]:
        since = self._resumes_from
        asked = [t.campaign_id for t in chunk if self._selection.needs_lookup(t, resumes=since is not None)]
        known = await self._lookup(asked) if asked else {}
        wanted = []
        for target in chunk:
            checkpoint = known.get(target.campaign_id, Checkpoint())
            if since is not None and checkpoint.done_at is not None and checkpoint.done_at >= since:
                self.resumed += 1
                self._on_done(checkpoint)
            elif self._selection.wants(target, checkpoint, self._now):
                wanted.append(target)
            else:
                self.left_out += 1
        return wanted
