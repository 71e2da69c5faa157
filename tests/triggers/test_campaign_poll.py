"""The poll that all watchers of a connection share."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect
from tests.contract.fixtures import emulator, own_emulator, plain_machine, quick
from tests.support.asset_state import Store
from tests.support.triggerer import CONN_ID, SOON, add, first_pages, polls, triggerer, until

__all__ = ["emulator", "own_emulator", "plain_machine", "quick"]


@pytest.fixture(autouse=True)
def connection(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, CONN_ID, max_attempts=1)


async def test_watchers_of_a_connection_share_a_poll_and_each_gets_the_event(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        for number in range(20):
            running.watch(Store(), project=f"p{number}", poll_interval=0.3 + number / 10)
        # The first list of an empty project is read twice.
        await polls(own_emulator, 3)
        before, began = first_pages(own_emulator), time.monotonic()
        await polls(own_emulator, 4)
        assert first_pages(own_emulator) - before <= (time.monotonic() - began) / 0.3 + 2
        campaign_id = add(own_emulator)
        await until(lambda: len(running.told) == 20)
        await polls(own_emulator)
        assert Counter(running.told) == Counter((f"p{number}", campaign_id) for number in range(20))


async def test_a_watcher_that_joins_may_poll_more_often(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        running.watch(Store(), project="slow", poll_interval=3600)
        await until(lambda: first_pages(own_emulator) >= 1)
        running.watch(Store(), project="fast")
        await polls(own_emulator, 3)


@pytest.mark.parametrize(
    "fault",
    [
        {"effect": "status", "status": 502},
        {"effect": "outcome", "code": "TOKEN-NOT-FOUND"},
        {"effect": "garbage"},
        {"effect": "rst"},
        {"effect": "429"},
    ],
)
async def test_failed_polls_are_logged_once_and_do_not_end_the_watcher(
    own_emulator: Emulator, fault: dict[str, Any], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        fault_id = own_emulator.fault("listCampaign", **fault)
        began, before = time.monotonic(), own_emulator.count()
        await polls(own_emulator, 6)
        assert own_emulator.count() - before <= (time.monotonic() - began) / SOON + 2
        campaign_id = add(own_emulator)
        own_emulator.clear_faults(fault_id)
        await until(lambda: running.ids == [campaign_id])
    said = [record.getMessage() for record in caplog.records if record.name.endswith("campaign_poll")]
    assert len([line for line in said if "Could not list campaigns" in line]) == 1
    assert len([line for line in said if "can be listed again" in line]) == 1


async def test_an_incomplete_list_yields_no_event(own_emulator: Emulator) -> None:
    """The first poll gets the first page only: what stands on the others is no news afterwards."""
    own_emulator.add_campaigns(100)
    own_emulator.fault("listCampaign", effect="status", status=500, nth=2)
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator, 3)
        assert running.ids == []


async def test_a_connection_that_is_missing_or_wrong_is_read_again(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(f"AIRFLOW_CONN_{CONN_ID.upper()}")
    async with triggerer() as running:
        running.watch(Store())
        await asyncio.sleep(4 * SOON)
        connect(monkeypatch, own_emulator, CONN_ID, token="not-this-projects")
        await polls(own_emulator)
        connect(monkeypatch, own_emulator, CONN_ID)
        await until(lambda: own_emulator.requests("listCampaign")[-1].authorised)
        campaign_id = await asyncio.to_thread(add, own_emulator)
        await until(lambda: running.ids == [campaign_id] or first_pages(own_emulator) > 200)
        # Which list was the first to be read is a matter of timing; nothing is told twice in any case.
        assert running.ids in ([], [campaign_id])


async def test_retry_after_is_waited_for(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        own_emulator.fault("listCampaign", effect="429", retry_after=1, times=1)
        await until(lambda: any(request.status == 429 for request in own_emulator.requests()))
        await polls(own_emulator, 1)
        requests = own_emulator.requests()
        (limited,) = [number for number, request in enumerate(requests) if request.status == 429]
        assert requests[limited + 1].monotonic - requests[limited].monotonic >= 0.99


@pytest.mark.parametrize("fault", [{"effect": "status", "status": 204}, {"effect": "bare_204"}])
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("order", ["inserted", "oldest", "newest", "shuffled"])
async def test_an_empty_answer_is_not_a_list(
    own_emulator: Emulator, fault: dict[str, Any], nth: int, order: str
) -> None:
    own_emulator.set_dialect(order=order)
    own_emulator.add_campaigns(100)
    own_emulator.fault("listCampaign", nth=nth, **fault)
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator, 4)
        assert running.ids == []
        new = add(own_emulator)
        await until(lambda: running.ids == [new])


@pytest.mark.parametrize(("order", "most"), [("newest", 2), ("oldest", 4), ("inserted", 4)])
@pytest.mark.parametrize("spread", [timedelta(days=1), timedelta(days=365)])
async def test_requests_of_a_poll_with_five_thousand_campaigns(
    own_emulator: Emulator, order: str, most: int, spread: timedelta
) -> None:
    own_emulator.set_dialect(order=order, page_size=25)
    own_emulator.add_campaigns(5_000, spread=spread)
    async with triggerer() as running:
        running.watch(Store(), poll_interval=0.2)
        await polls(own_emulator, 3)
        new = [add(own_emulator), add(own_emulator)]
        await until(lambda: running.ids == new)
        await polls(own_emulator, 3)
        own_emulator.clear_requests()
        await polls(own_emulator, 6)
    counts: list[int] = []
    for request in own_emulator.requests("listCampaign"):
        if request.argument == "1":
            counts.append(0)
        if counts:
            counts[-1] += 1
    assert max(counts[:-1]) <= most
