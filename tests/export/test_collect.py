"""Collecting: batches of a bounded size, nothing asked twice, and what is told on the way."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from airflow_provider_truepush.exceptions import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushExportInterruptedError,
    TruepushServerError,
)
from airflow_provider_truepush.export import collect as collecting
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.collect import collect
from airflow_provider_truepush.export.progress import Progress
from airflow_provider_truepush.export.rows import Target
from airflow_provider_truepush.models import CampaignStats
from tests.export.support import campaign, run_of, stats


class Source:
    """Answers at once, and keeps what was asked and how much of it at a time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.taken = 0
        self.under_way = 0
        self.most = 0

    async def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
        self.asked.append(campaign_id)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return self.answer(campaign_id)

    def answer(self, campaign_id: str) -> CampaignStats | None:
        return stats(1)

    async def targets(self, number: int) -> AsyncIterator[Target]:
        for one in range(number):
            self.taken += 1
            yield Target(campaign(one))


async def read(source: Source, number: int, **given: Any) -> list[Batch]:
    batches = []
    async with aclosing(collect(source, source.targets(number), run_of(), Progress(), **given)) as running:  # type: ignore[type-var]
        async for batch in running:
            batches.append(batch)
            # What waits is bounded, however slowly it is taken.
            await asyncio.sleep(0.005)
            fetched = len(source.asked) - sum(map(len, batches))
            assert fetched <= given["row_budget"] + given["at_once"]
            assert source.taken - len(source.asked) <= 3 * given["at_once"] + 1
    return batches


@pytest.mark.parametrize("number", [0, 1, 20, 5000])
async def test_everything_is_asked_once_and_comes_in_bounded_batches(number: int) -> None:
    source = Source()
    batches = await read(source, number, row_budget=100, at_once=10)
    assert sorted(source.asked) == sorted(campaign(one) for one in range(number))
    assert sorted(row.campaign_id for batch in batches for row in batch.rows) == sorted(source.asked)
    assert all(len(batch) <= 100 for batch in batches)
    assert source.most <= 10
    assert number < 100 or source.most == 10


async def test_fetching_ends_when_the_caller_stops_reading() -> None:
    source = Source()
    async with aclosing(collect(source, source.targets(10**6), run_of(), Progress(), row_budget=10)) as batches:  # type: ignore[type-var]
        async for _ in batches:
            break
    asked = len(source.asked)
    await asyncio.sleep(0.02)
    assert len(source.asked) == asked < 200
    assert len(asyncio.all_tasks()) == 1


async def test_slow_results_are_handed_over_before_a_batch_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "LONGEST_WAIT", 0.05)

    class Slow(Source):
        async def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
            await asyncio.sleep(0.04 * len(self.asked))
            return await super().get_campaign_stats(campaign_id)

    batches = await read(Slow(), 6, row_budget=1000, at_once=1)
    assert len(batches) > 1
    assert sum(map(len, batches)) == 6


async def test_failures_in_a_row_end_it_and_single_ones_do_not() -> None:
    class Failing(Source):
        def __init__(self, works: set[int]) -> None:
            super().__init__()
            self.works = works

        def answer(self, campaign_id: str) -> CampaignStats | None:
            if int(campaign_id[8:], 16) % 10 in self.works:
                return None
            raise TruepushServerError("down")

    sometimes = Failing({0})
    batches = await read(sometimes, 300, row_budget=50, at_once=5, give_up_after=15)
    assert sum(len(batch.failed) for batch in batches) == 270
    assert sum(len(batch.missing) for batch in batches) == 30
    never = Failing(set())
    with pytest.raises(TruepushExportInterruptedError, match=r"15 fetches in a row failed.*down"):
        await read(never, 300, row_budget=50, at_once=5, give_up_after=15)
    assert len(never.asked) <= 20


async def test_a_mistake_in_the_code_is_not_taken_for_a_failed_fetch() -> None:
    class Broken(Source):
        def answer(self, campaign_id: str) -> CampaignStats | None:
            raise KeyError("a mistake")

    with pytest.raises(BaseExceptionGroup) as caught:
        await read(Broken(), 3, row_budget=50, at_once=5)
    assert caught.group_contains(KeyError)


async def test_progress_is_logged_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(collecting, "EVERY", 0.01)
    caplog.set_level(logging.INFO)
    await read(Source(), 3000, row_budget=100, at_once=10)
    lines = [record.getMessage() for record in caplog.records if record.name.endswith("progress")]
    assert len(lines) > 3
    assert re.fullmatch(r"Fetched 3,000 of 3,000 \(100%\), [\d,]+ campaigns/s\.", lines[-1])


def test_progress_estimates_once_the_list_has_ended() -> None:
    seconds = iter((0.0, 10.0, 10.0, 20.0))
    progress = Progress(lambda: next(seconds))
    progress.found, progress.rows, progress.missing = 500, 90, 10
    assert progress.line() == (
        "Fetched 100 of 500 found so far (still reading the list), 10 campaigns/s, 10 without statistics."
    )
    progress.all_known, progress.failed = True, 100
    assert progress.line() == (
        "Fetched 200 of 500 (40%), 20 campaigns/s, about 15 s left, 10 without statistics, 100 failed."
    )


async def test_one_campaign_that_is_refused_does_not_stop_the_others_and_a_token_does() -> None:
    class Refusing(Source):
        error: Exception = TruepushBadRequestError("refused")

        def answer(self, campaign_id: str) -> CampaignStats | None:
            if campaign_id == campaign(3):
                raise self.error
            return stats(1)

    batches = await read(Refusing(), 100, row_budget=50, at_once=5)
    assert [list(batch.failed) for batch in batches if batch.failed] == [[campaign(3)]]
    assert sum(len(batch.rows) for batch in batches) == 99
    no_token = Refusing()
    no_token.error = TruepushAuthError("no token")
    with pytest.raises(TruepushAuthError):
        await read(no_token, 100, row_budget=50, at_once=5)
    assert len(no_token.asked) < 20
