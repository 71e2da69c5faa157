"""Run an export in one blocking call: an event loop fetches, and one thread writes."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.export.batches import Batch, Checkpoint, Sink, SinkResult
from airflow_provider_truepush.export.collect import AT_ONCE, collect
from airflow_provider_truepush.export.progress import Progress
from airflow_provider_truepush.export.rows import ExportRun
from airflow_provider_truepush.export.selection import Selection, Selector
from airflow_provider_truepush.export.sends import OwnSends
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook

T = TypeVar("T")

log = logging.getLogger(__name__)

#: The maximum number of ids that are kept for messages. Further ids are only counted.
KEPT = 1000


@dataclass(slots=True)
class Outcome:
    """The result of an export.

    :param seen: number of campaigns that were considered.
    :param left_out: number of those that ``refresh_for`` or ``stop_after_unchanged`` excluded.
    :param rows: number of rows of this execution, including its earlier tries.
    :param resumed: number of rows that earlier tries wrote.
    :param missing: number of campaigns without statistics.
    :param failed: number of campaigns whose fetch failed.
    :param regressed: number of rows with a counter that is lower than before.
    :param missing_ids: the first ids of those without statistics.
    :param reasons: the errors of the first ids whose fetch failed.
    :param min_observed_at: when the first statistics were read; None before that.
    :param max_observed_at: when the last statistics were read; None before that.
    :param broken_by: the error that ended the export early; None if it was completed.
    :param sink: the report of the sink.
    """

    seen: int = 0
    left_out: int = 0
    rows: int = 0
    resumed: int = 0
    missing: int = 0
    failed: int = 0
    regressed: int = 0
    missing_ids: list[str] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    min_observed_at: datetime | None = None
    max_observed_at: datetime | None = None
    broken_by: Exception | None = None
    sink: SinkResult = field(default_factory=SinkResult)

    @property
    def campaigns(self) -> int:
        """Return the number of campaigns to fetch."""
        return self.rows + self.missing + self.failed

    def add_done(self, known: Checkpoint) -> None:
        """Count a row that an earlier try has written."""
        assert known.done_at is not None
        self.resumed += 1
        self.rows += 1
        self.regressed += known.done_regressed
        self._observed(known.done_at)

    def add(self, batch: Batch) -> None:
        """Count a batch that was written."""
        self.rows += len(batch.rows)
        self.missing += len(batch.missing)
        self.failed += len(batch.failed)
        self.missing_ids += batch.missing[: KEPT - len(self.missing_ids)]
        for campaign_id, reason in batch.failed.items():
            log.error("Could not fetch campaign %s: %s", campaign_id, reason)
            if len(self.reasons) < KEPT:
                self.reasons[campaign_id] = reason
        for row in batch.rows:
            self._observed(row.observed_at)

    def _observed(self, moment: datetime) -> None:
        self.min_observed_at = min(self.min_observed_at or moment, moment)
        self.max_observed_at = max(self.max_observed_at or moment, moment)


def export(
    hook: TruepushHook,
    selection: Selection,
    run: ExportRun,
    sink: Sink,
    *,
    sends: OwnSends | None = None,
    row_budget: int | None = None,
    at_once: int = AT_ONCE,
) -> Outcome:
    """Fetch the statistics of campaigns and write them, batch by batch.

    The sink is used from one thread, which is not the caller's.

    :param hook: provides the connection. The export opens its own session.
    :param selection: the campaigns to fetch.
    :param run: the values that all rows share.
    :param sink: the target of the rows. It is prepared and closed here.
    :param sends: adds the columns about own sends. Used from the sink's thread, and closed here.
    :param row_budget: maximum number of campaigns per batch; None for the sink's limit.
    :param at_once: maximum number of concurrent requests.
    :raises Exception: the sink failed. An error of the fetching is in the outcome instead.
    """
    settings = hook.settings
    with ThreadPoolExecutor(1, "truepush-export") as thread:
        context = contextvars.copy_context()

        def in_thread(call: Callable[[], T]) -> T:
            return thread.submit(context.run, call).result()

        try:
            in_thread(sink.prepare)
            sends = sends or OwnSends({})
            in_thread(sends.prepare)
            exporting = _Exporting(hook.truepush_conn_id, settings, run, sink, sends, thread)
            outcome = asyncio.run(exporting.run(selection, row_budget or sink.row_budget, at_once))
            complete = not outcome.failed and outcome.broken_by is None
            outcome.sink = in_thread(lambda: sink.finish(complete=complete))
            for observed_at in outcome.sink.unlisted:
                outcome.add_done(Checkpoint(done_at=observed_at))
        finally:
            if sends is not None:
                in_thread(sends.close)
            in_thread(sink.close)
    return outcome


class _Exporting:
    def __init__(
        self,
        conn_id: str,
        settings: Settings,
        run: ExportRun,
        sink: Sink,
        sends: OwnSends,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._conn_id = conn_id
        self._settings = settings
        self._run = run
        self._sink = sink
        self._sends = sends
        self._thread = thread
        self._outcome = Outcome()

    async def run(self, selection: Selection, row_budget: int, at_once: int) -> Outcome:
        outcome, resumes_from = self._outcome, self._run.resumes_from
        progress = Progress()

        async def lookup(ids: Sequence[str]) -> Mapping[str, Checkpoint]:
            unchanged = selection.stop_after_unchanged if selection.targets is None else None
            done = resumes_from is not None
            return await self._in_thread(lambda: self._sink.lookup(ids, done=done, unchanged=unchanged))

        selector = Selector(selection, lookup, resumes_from=resumes_from, on_done=outcome.add_done)
        hook = TruepushAsyncHook(self._conn_id)
        # The task has looked the connection up already.
        hook._settings = self._settings
        async with hook:
            targets = selector.targets(hook.list_campaigns(selector.since, with_older=True))
            batches = collect(hook, targets, self._run, progress, row_budget=row_budget, at_once=at_once)
            await self._write(batches)
        outcome.seen, outcome.left_out = selector.seen, selector.left_out
        return outcome

    async def _write(self, batches: AsyncIterator[Batch]) -> None:
        outcome = self._outcome
        async with aclosing(batches) as running:  # type: ignore[type-var]
            iterator = aiter(running)
            while True:
                try:
                    batch = await anext(iterator)
                except StopAsyncIteration:
                    return
                except Exception as error:
                    outcome.broken_by = error
                    return
                await self._in_thread(lambda fetched=batch: self._sink.write(self._sends.add(fetched)))  # type: ignore[misc]
                outcome.add(batch)

    async def _in_thread(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, contextvars.copy_context().run, call)
