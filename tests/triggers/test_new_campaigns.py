"""The watcher of new campaigns: each told once, by one poll, over restarts of the triggerer."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger
from tests.contract.driver import connect
from tests.contract.fixtures import emulator, own_emulator, plain_machine, quick
from tests.support.asset_state import Store
from tests.support.triggerer import CONN_ID, SOON, add, first_pages, polls, triggerer, until, wait_for_state

__all__ = ["emulator", "own_emulator", "plain_machine", "quick"]


@pytest.fixture(autouse=True)
def connection(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, CONN_ID, max_attempts=1)


async def test_each_new_campaign_is_one_event(own_emulator: Emulator) -> None:
    own_emulator.add_campaigns(30)
    async with triggerer() as running:
        running.watch(Store(), project="shop")
        await polls(own_emulator)
        assert running.ids == []
        first, second = add(own_emulator), add(own_emulator)
        await until(lambda: len(running.ids) == 2)
        third = add(own_emulator)
        await until(lambda: len(running.ids) == 3)
        await polls(own_emulator, 4)
        assert running.ids == [first, second, third]


async def test_a_campaign_that_appears_right_after_an_empty_first_list_is_told(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        running.watch(Store(), poll_interval=2)
        await until(lambda: first_pages(own_emulator) == 2)
        await asyncio.sleep(0.2)  # the second page is read; the next poll is far
        new = add(own_emulator)
        await until(lambda: running.ids == [new])


async def test_the_payload_is_json_and_names_the_campaign(own_emulator: Emulator) -> None:
    trigger = TruepushNewCampaignsTrigger(poll_interval=SOON, project="shop")
    events = trigger.run()
    waiting = asyncio.ensure_future(anext(events))
    await polls(own_emulator)
    campaign_id = add(own_emulator, "Boots – 20 % off")
    payload = (await asyncio.wait_for(waiting, 30)).payload
    await events.aclose()  # type: ignore[attr-defined]
    assert json.loads(json.dumps(payload)) == {
        "campaign_id": campaign_id,
        "title": "Boots – 20 % off",
        "created_at": datetime.fromtimestamp(int(campaign_id[:8], 16), UTC).isoformat(),
        "project": "shop",
        "uri": f"truepush://shop/campaigns/{campaign_id}",
    }


async def test_a_campaign_created_by_the_api_is_an_event(own_emulator: Emulator) -> None:
    from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook

    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        created = await TruepushAsyncHook().create_campaign({"title": "t", "message": "m", "link": "https://a.de/"})
        await until(lambda: running.ids == [created])


async def test_the_order_of_the_list_does_not_matter(own_emulator: Emulator) -> None:
    """A campaign older than all the others, on whatever page, is as new as any when it turns up."""
    own_emulator.add_campaigns(45, spread=timedelta(days=2))
    long_ago = "2020-01-01T00:00:00Z"
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        old = own_emulator.seed({"campaigns": [{"created_at": long_ago, "send_at": long_ago}]})["campaigns"]
        await until(lambda: running.ids == old)


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_a_server_whose_clock_is_behind_hides_no_campaign(own_emulator: Emulator, order: str) -> None:
    own_emulator.set_dialect(order=order)
    own_emulator.add_campaigns(60, spread=timedelta(days=60))
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        news = [add(own_emulator) for _ in range(6)]
        await until(lambda: len(running.ids) == 6)
        behind = datetime.fromtimestamp(int(news[0][:8], 16) - 600, UTC).isoformat()
        late = own_emulator.seed({"campaigns": [{"created_at": behind, "send_at": behind}]})["campaigns"]
        await until(lambda: running.ids == [*news, *late])


async def test_a_first_list_of_ids_from_the_future_hides_no_campaign(own_emulator: Emulator) -> None:
    own_emulator.set_dialect(order="oldest")
    own_emulator.add_campaigns(50, spread=timedelta(days=2))
    own_emulator.seed({"campaigns": [{"_id": f"ffffffff{number:016x}"} for number in range(6)]})
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        new = add(own_emulator)
        await until(lambda: running.ids == [new])


async def test_a_restart_reports_only_the_campaigns_since(own_emulator: Emulator) -> None:
    store = Store()
    told: list[str] = []
    own_emulator.add_campaigns(12)
    waiting: list[str] = []
    for _ in range(3):
        async with triggerer() as running:
            running.watch(store)
            await polls(own_emulator)
            waiting.append(add(own_emulator))
            await wait_for_state(store, waiting[-1])
            assert running.ids == waiting
            told += running.ids
        waiting = [add(own_emulator), add(own_emulator)]
    assert len(told) == len(set(told)) == 7


async def test_an_event_that_was_not_stored_is_repeated_by_the_next_triggerer(own_emulator: Emulator) -> None:
    """At least once: the mark follows the event, never the other way about."""
    store = Store()
    async with triggerer(storing=False) as running:
        running.watch(store)
        await polls(own_emulator)
        lost = add(own_emulator)
        await until(lambda: running.ids == [lost])
        await polls(own_emulator, 4)
        assert running.ids == [lost]
        assert lost not in str(store.kept)
    async with triggerer() as running:
        running.watch(store)
        await until(lambda: running.ids == [lost])
        await until(lambda: lost in str(store.kept))
    async with triggerer() as running:
        running.watch(store)
        await polls(own_emulator)
        assert running.ids == []


async def test_the_saved_state_has_only_stored_events(own_emulator: Emulator) -> None:
    """The word that the first event is stored comes while the second one is still under way."""
    store = Store()
    async with triggerer(storing=False) as running:
        running.watch(store)
        await polls(own_emulator)
        first = add(own_emulator)
        await until(lambda: running.ids == [first])
        stored = list(running.unstored)
        second = add(own_emulator)
        await until(lambda: running.ids == [first, second])
        running.manager.confirm_persisted(stored)
        await until(lambda: first in str(store.kept))
        await polls(own_emulator)
        assert second not in str(store.kept)


async def test_reading_and_writing_the_asset_state_is_retried(
    own_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store()
    old = add(own_emulator)
    async with triggerer() as running:
        running.watch(store)
        await until(lambda: old in str(store.kept))
    store.broken = True
    missed = add(own_emulator)
    async with triggerer() as running:
        running.watch(store)
        await polls(own_emulator, 4)
        assert running.ids == []
        store.broken = False
        await until(lambda: running.ids == [missed])
        store.broken = True
        other = add(own_emulator)
        await until(lambda: running.ids == [missed, other])
        await polls(own_emulator, 4)
        store.broken = False
        await until(lambda: other in str(store.kept))
        assert running.ids == [missed, other]
    complaints = [record.getMessage() for record in caplog.records if "seen so far" in record.getMessage()]
    assert len(complaints) == 2


async def test_the_state_is_not_written_without_new_campaigns(own_emulator: Emulator) -> None:
    store = Store()
    async with triggerer() as running:
        running.watch(store)
        await polls(own_emulator, 5)
        assert store.writes == 1


async def test_without_an_asset_state_the_first_list_is_the_baseline(own_emulator: Emulator) -> None:
    """Airflow before 3.3, and ``run`` as it calls it."""
    own_emulator.add_campaigns(12)
    told: list[str] = []

    async def watch() -> None:
        async for event in TruepushNewCampaignsTrigger(poll_interval=SOON).run():
            told.append(event.payload["campaign_id"])  # noqa: PERF401 (told as they come)

    task = asyncio.create_task(watch())
    await polls(own_emulator)
    new = [add(own_emulator), add(own_emulator)]
    await until(lambda: len(told) == 2)
    await polls(own_emulator, 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told == new


async def test_without_confirmation_of_events_the_state_is_one_poll_behind(own_emulator: Emulator) -> None:
    """``run`` where there is an asset state: an event had the time of a poll to be stored before it counts as told."""
    store = Store()
    trigger = TruepushNewCampaignsTrigger(poll_interval=SOON)
    trigger.asset_state_store = store  # type: ignore[assignment]
    events = trigger.run()
    waiting = asyncio.ensure_future(anext(events))
    await polls(own_emulator)
    first = add(own_emulator)
    assert (await waiting).payload["campaign_id"] == first
    assert first not in str(store.kept)
    waiting = asyncio.ensure_future(anext(events))
    await wait_for_state(store, first)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


def test_the_arguments_survive_a_round_trip() -> None:
    trigger = TruepushNewCampaignsTrigger(truepush_conn_id="c", poll_interval=timedelta(minutes=2), project="shop")
    path, kwargs = json.loads(json.dumps(trigger.serialize()))
    assert path == "airflow_provider_truepush.triggers.campaign.TruepushNewCampaignsTrigger"
    assert kwargs == {"truepush_conn_id": "c", "poll_interval": 120.0, "project": "shop"}
    assert TruepushNewCampaignsTrigger(**kwargs).serialize() == trigger.serialize()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"poll_interval": 0}, "poll_interval"),
        ({"poll_interval": -1}, "poll_interval"),
        ({"poll_interval": float("nan")}, "poll_interval"),
        ({"poll_interval": "often"}, "poll_interval"),
        ({"project": "a/b"}, "a/b"),
        ({"project": ""}, "project"),
    ],
)
def test_bad_arguments_are_refused_in_the_dag_file(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(TruepushValidationError, match=name):
        TruepushNewCampaignsTrigger(**arguments)


def test_an_asset_watcher_accepts_the_trigger() -> None:
    sdk = pytest.importorskip("airflow.sdk")
    watcher = sdk.AssetWatcher(name="new", trigger=TruepushNewCampaignsTrigger())
    assert sdk.Asset("truepush://shop/campaigns", watchers=[watcher]).watchers == [watcher]


async def test_a_title_that_an_event_cannot_hold_is_made_writable(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        running.watch(Store())
        await polls(own_emulator)
        own_emulator.seed({"campaigns": [{"title": "cut \ud83d"}]})
        await until(lambda: running.titles)
        assert running.titles == ["cut \ufffd"]
        json.dumps(running.titles, ensure_ascii=False).encode()


async def test_the_last_of_several_events_comes_later(own_emulator: Emulator) -> None:
    """Airflow's scheduler gives a run the events up to the first; the last one starts the run of the others."""
    async with triggerer() as running:
        running.spacing = 1.0
        running.watch(Store(), poll_interval=0.2)
        await polls(own_emulator)
        new = own_emulator.seed({"campaigns": [{"title": str(number)} for number in range(4)]})["campaigns"]
        await until(lambda: running.ids == new)
        times = running.times
        assert times[2] - times[0] < 0.5
        assert times[3] - times[0] >= 1.0


def test_events_of_a_slow_poll_are_half_an_interval_apart() -> None:
    spacings = [TruepushNewCampaignsTrigger(poll_interval=interval).event_spacing for interval in (1, 30, 3600)]
    assert spacings == [5.0, 15.0, 30.0]
