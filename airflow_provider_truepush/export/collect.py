"""Fetch the statistics of many campaigns at once, in batches of a bounded size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushError,
    TruepushExportInterruptedError,
    TruepushValidationError,
    renamed,
)
from airflow_provider_truepush.export.batches import ROW_BUDGET, Batch
from airflow_provider_truepush.export.progress import EVERY, Progress
from airflow_provider_truepush.export.rows import ExportRun, Target, stats_row, too_large

if TYPE_CHECKING:
    from airflow_provider_truepush.models import CampaignStats

#: Requests under way at once; the client allows no more in any case.
AT_ONCE = 50
#: Seconds after which a batch is handed over although it is not full: a killed worker loses no more than these.
LONGEST_WAIT = 15.0
#: So many failures in a row, and not one answer: Truepush is down, and going on would take hours to find that out.
GIVE_UP_AFTER = 3 * AT_ONCE

#: What no other campaign would fare better with.
_HOPELESS = (TruepushAuthError, TruepushValidationError)


class StatsSource(Protocol):
    """What answers: :class:`~airflow_provider_truepush.hooks.truepush.TruepushAsyncHook`."""

    async def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
        """``campaignStats``."""


async def collect(
    source: StatsSource,
    targets: AsyncIterator[Target],
    run: ExportRun,
    progress: Progress,
    *,
    row_budget: int = ROW_BUDGET,
    at_once: int = AT_ONCE,
    give_up_after: int = GIVE_UP_AFTER,
) -> AsyncIterator[Batch]:
    """Fetch the statistics of campaigns: one request each, and the client's repeats.

    Fetching continues while a batch is being written, until a whole batch of results waits.

    :param source: the hook.
    :param targets: the campaigns; taken as they are needed.
    :param run: what the rows have in common.
    :param progress: counts, and is logged every few seconds.
    :param row_budget: maximum number of campaigns per batch.
    :param at_once: requests under way at once.
    :param give_up_after: failures in a row that end the export.
    :raises TruepushError: at the end, after the last batch: what ended the export before its end.
    """
    collector = _Collector(source, run, progress, row_budget, at_once, give_up_after)
    async with collector.running(targets), _reported(progress):
        while batch := await collector.next_batch():
            yield batch
    if collector.broken_by is not None:
        raise collector.broken_by


class _Collector:
    """The coroutines that fetch, and what they have fetched."""

    def __init__(
        self,
        source: StatsSource,
        run: ExportRun,
        progress: Progress,
        row_budget: int,
        at_once: int,
        give_up_after: int,
    ) -> None:
        self._source = source
        self._run = run
        self._progress = progress
        self._row_budget = row_budget
        self._at_once = at_once
        self._give_up_after = give_up_after
        self._failures = 0
        self._waiting: asyncio.Queue[Target] = asyncio.Queue(2 * at_once)
        self._batch = Batch()
        self._room = asyncio.Semaphore(row_budget)
        self._full = asyncio.Event()
        self._stop = asyncio.Event()
        self._ended = False
        self.broken_by: Exception | None = None

    @asynccontextmanager
    async def running(self, targets: AsyncIterator[Target]) -> AsyncIterator[None]:
        """Keep fetching until all is done; leaving ends it at once."""
        whole = asyncio.create_task(self._run_all(targets))
        try:
            yield
        finally:
            whole.cancel()
            with suppress(asyncio.CancelledError):
                await whole

    async def next_batch(self) -> Batch | None:
        """Return the next results; None after the last."""
        while not self._ended:
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT):
                    await self._full.wait()
            if self._batch:
                break
        batch, self._batch = self._batch, Batch()
        if not self._ended:
            self._full.clear()
        for _ in range(len(batch)):
            self._room.release()
        return batch or None

    async def _run_all(self, targets: AsyncIterator[Target]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(self._work()) for _ in range(self._at_once)]
                stopping = group.create_task(self._stop.wait())
                all_done = group.create_task(self._feed(targets))
                await asyncio.wait([all_done, stopping], return_when=asyncio.FIRST_COMPLETED)
                for helper in (all_done, stopping, *workers):
                    helper.cancel()
        finally:
            self._ended = True
            self._full.set()

    async def _feed(self, targets: AsyncIterator[Target]) -> None:
        try:
            async for target in targets:
                self._progress.found += 1
                await self._waiting.put(target)
            self._progress.all_known = True
        except Exception as error:
            # What was found until here is fetched all the same.
            self.broken_by = error
        await self._waiting.join()

    async def _work(self) -> None:
        while not self._stop.is_set():
            target = await self._waiting.get()
            # Before the request: an answer that a sleeping worker reads hours later must not look fresh.
            asked_at = datetime.now(UTC)
            try:
                stats = await self._source.get_campaign_stats(target.campaign_id)
            except _HOPELESS as error:
                self.broken_by = error
                self._stop.set()
                return
            except TruepushError as error:
                await self._fail(target, str(error))
            else:
                await self._keep(target, stats, asked_at)
            self._waiting.task_done()

    async def _keep(self, target: Target, stats: CampaignStats | None, asked_at: datetime) -> None:
        if stats is not None and (counter := too_large(stats)):
            # An answer, if an odd one: it does not show that Truepush is down.
            self._failures = 0
            await self._record_failure(target, f"counter {counter} does not fit into 64 bits")
            return
        self._failures = 0
        await self._room.acquire()
        if stats is None:
            self._progress.missing += 1
            self._batch.missing.append(target.campaign_id)
        else:
            self._progress.rows += 1
            self._batch.rows.append(stats_row(self._run, target, stats, asked_at))
        self._hand_over_when_full()

    async def _fail(self, target: Target, reason: str) -> None:
        self._failures += 1
        await self._record_failure(target, reason)
        if self._failures >= self._give_up_after and not self._stop.is_set():
            self.broken_by = TruepushExportInterruptedError(
                f"{self._failures} fetches in a row have failed (the last: {reason}). The export was broken off; the "
                "rows fetched before are kept. Check whether Truepush is available; the next try continues."
            )
            self._stop.set()

    async def _record_failure(self, target: Target, reason: str) -> None:
        await self._room.acquire()
        self._progress.failed += 1
        self._batch.failed[target.campaign_id] = reason
        self._hand_over_when_full()

    def _hand_over_when_full(self) -> None:
        if len(self._batch) >= self._row_budget:
            self._full.set()


@asynccontextmanager
async def _reported(progress: Progress) -> AsyncIterator[None]:
    async def report() -> None:
        while True:
            await asyncio.sleep(EVERY)
            progress.report()

    reporting = asyncio.create_task(report())
    try:
        yield
    finally:
        reporting.cancel()
        progress.report()


def __getattr__(name: str) -> Any:
    return renamed(__name__, name, {"ExportBrokenOffError": TruepushExportInterruptedError})
