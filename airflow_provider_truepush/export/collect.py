"""Fetch the statistics of many campaigns concurrently, in batches of bounded size."""

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

#: The maximum number of concurrent requests. The client allows no more.
AT_ONCE = 50
#: Seconds after which a batch is written although it is not full. A killed worker loses at most this much work.
LONGEST_WAIT = 15.0
#: After this many consecutive failures Truepush is considered down: trying every campaign would take hours.
GIVE_UP_AFTER = 3 * AT_ONCE

#: Errors that every other campaign would meet as well.
_HOPELESS = (TruepushAuthError, TruepushValidationError)


class StatsSource(Protocol):
    """The source of statistics: :class:`~airflow_provider_truepush.hooks.truepush.TruepushAsyncHook`."""

    async def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
        """Return the counters of a campaign, or None if it has none: ``campaignStats``."""


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
    """Fetch the statistics of campaigns, with one request each and the client's retries.

    Fetching continues while a batch is being written, until a second full batch is waiting.

    :param source: the hook.
    :param targets: the campaigns. The iterator is advanced as requests become possible.
    :param run: the values that all rows share.
    :param progress: counts the results, and is logged every few seconds.
    :param row_budget: maximum number of campaigns per batch.
    :param at_once: maximum number of concurrent requests.
    :param give_up_after: number of consecutive failures that end the export.
    :raises TruepushError: after the last batch, if an error ended the export early.
    """
    collector = _Collector(source, run, progress, row_budget, at_once, give_up_after)
    async with collector.running(targets), _reported(progress):
        while batch := await collector.next_batch():
            yield batch
    if collector.broken_by is not None:
        raise collector.broken_by


class _Collector:
    """Runs the coroutines that fetch, and holds their results."""

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
        """Fetch in the background. Leaving the context cancels what is unfinished."""
        whole = asyncio.create_task(self._run_all(targets))
        try:
            yield
        finally:
            whole.cancel()
            with suppress(asyncio.CancelledError):
                await whole

    async def next_batch(self) -> Batch | None:
        """Return the next batch; None after the last one."""
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
            # The campaigns that were listed before the error are still fetched.
            self.broken_by = error
        await self._waiting.join()

    async def _work(self) -> None:
        while not self._stop.is_set():
            target = await self._waiting.get()
            # Taken before the request: a worker that was suspended may read the answer hours later, and its rows must
            # not look fresh.
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
            # This is an answer, although an odd one, so Truepush is not down.
            self._failures = 0
            await self._record_failure(target, f"The counter {counter} does not fit into 64 bits.")
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
                f"{self._failures} fetches in a row failed. The latest error: {reason} The export was interrupted; the "
                "rows fetched before are kept. Check whether Truepush is available; the next try fetches the rest."
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
