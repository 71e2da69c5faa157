"""The watcher of new campaigns: each told once, by one poll, over restarts of the triggerer."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger
from airflow_provider_truepush.triggers.seen_campaigns import SeenCampaigns
from tests.contract.driver import connect
from tests.contract.fixtures import emulator, own_emulator, plain_machine, quick

__all__ = ["emulator", "own_emulator", "plain_machine", "quick"]

shared_streams = pytest.importorskip("airflow.triggers.shared_stream", reason="Airflow 3.3 brings shared streams")

CONN_ID = "truepush_default"
SOON = 0.05


class Store:
    """Airflow's asset state of one asset, kept here: the real one needs an API server, see the test beside this."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False
        self.writes = 0

    async def aget(self, key: str, default: Any = None) -> Any:
        if self.broken:
            raise ConnectionError("the API server is away")
        return json.loads(self.kept[key]) if key in self.kept else default

    async def aset(self, key: str, value: Any) -> None:
        if self.broken:
            raise ConnectionError("the API server is away")
        self.writes += 1
        self.kept[key] = json.dumps(value)


class Triggerer:
    """What a triggerer does with watchers, with Airflow's own manager of shared streams.

    Events are stored only when the test says so, as far as the watchers can tell.
    """

    def __init__(self, *, storing: bool = True) -> None:
        self.manager = shared_streams.SharedStreamManager()
        self.told: list[tuple[str, str]] = []
        self.titles: list[str] = []
        self.times: list[float] = []
        self.unstored: list[int] = []
        self.storing = storing
        self.spacing = 0.0
        self.tasks: list[asyncio.Task[None]] = []

    def watch(self, store: Store | None = None, **kwargs: Any) -> TruepushNewCampaignsTrigger:
        trigger = TruepushNewCampaignsTrigger(**{"poll_interval": SOON, **kwargs})
        trigger.event_spacing = self.spacing
        trigger.asset_state_store = store  # type: ignore[assignment]
        number = len(self.tasks)
        self.tasks.append(asyncio.create_task(self._run(number, trigger)))
        return trigger

    async def _run(self, number: int, trigger: TruepushNewCampaignsTrigger) -> None:
        """As ``TriggerRunner.run_trigger``."""
        key = trigger.shared_stream_key()
        stream = self.manager.subscribe(trigger_id=number, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                seq = self.manager.bind_pending_event(trigger_id=number, key=key)
                self.told.append((trigger.project, event.payload["campaign_id"]))
                self.titles.append(event.payload["title"])
                self.times.append(time.monotonic())
                self.unstored.append(seq)
                if self.storing:
                    self.store_events()
        finally:
            await self.manager.unsubscribe(number, key)

    def store_events(self) -> None:
        asyncio.get_running_loop().call_soon(self.manager.confirm_persisted, list(self.unstored))
        self.unstored.clear()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.manager.stop_all()

    @property
    def ids(self) -> list[str]:
        return [campaign_id for _, campaign_id in self.told]


@asynccontextmanager
async def triggerer(*, storing: bool = True) -> AsyncIterator[Triggerer]:
    running = Triggerer(storing=storing)
    try:
        yield running
    finally:
        await running.stop()


@pytest.fixture(autouse=True)
def connection(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, CONN_ID, max_attempts=1)


async def until(done: Callable[[], Any], what: str = "") -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, f"waited in vain {what}"
        await asyncio.sleep(0.01)


async def polls(emulator: Emulator, more: int = 3) -> None:
    """Until the list was read anew so many times. The first poll reads an empty one twice."""
    target = first_pages(emulator) + more
    await until(lambda: first_pages(emulator) >= target, "for polls")


async def wait_for_state(store: Store, campaign_id: str) -> None:
    await until(lambda: campaign_id in str(store.kept), "for the state")


def first_pages(emulator: Emulator) -> int:
    return sum(request.argument == "1" for request in emulator.requests("listCampaign"))


def add(emulator: Emulator, title: str = "New") -> str:
    return emulator.seed({"campaigns": [{"title": title}]})["campaigns"][0]


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
        running.watch(Store())
        await until(lambda: first_pages(own_emulator) >= 2)
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


async def test_watchers_of_a_connection_share_a_poll_and_each_gets_the_event(own_emulator: Emulator) -> None:
    async with triggerer() as running:
        for number in range(20):
            running.watch(Store(), project=f"p{number}", poll_interval=0.3 + number / 10)
        await asyncio.sleep(0.1)
        own_emulator.clear_requests()
        began = time.monotonic()
        await asyncio.sleep(1.2)
        passed = time.monotonic() - began
        assert own_emulator.count("listCampaign") <= passed / 0.3 + 1
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


# What is remembered


def rows(ids: Sequence[str]) -> list[CampaignRef]:
    return [CampaignRef(campaign_id, "t") for campaign_id in ids]


def made(second: int, number: int = 0) -> str:
    return f"{second:08x}{number:016x}"


async def test_the_state_is_bounded_and_keeps_the_newest() -> None:
    store = Store()
    ids = [made(1000 + number) for number in range(5000)] + [made(6000, number) for number in range(1500)]
    seen = SeenCampaigns(store, "key")
    assert await seen.news(rows(ids)) == []
    assert len(store.kept["key"]) <= 10_000
    again = SeenCampaigns(store, "key")
    late = made(6000, 9999)
    assert await again.news(rows([*ids, late])) == rows([late])


@pytest.mark.parametrize("count", [0, 1, 340, 341, 100_000])
async def test_the_state_never_exceeds_ten_kilobytes(count: int) -> None:
    store = Store()
    seen = SeenCampaigns(store, "key")
    for _ in range(2):
        await seen.news(rows([made(number) for number in range(count)]))
    for number in range(1000):
        seen.add(made(count + number))
    await seen.save()
    assert len(store.kept["key"]) <= 10_000


async def test_the_state_has_every_campaign_of_a_small_project() -> None:
    store = Store()
    ids = [made(number * 1_000_000) for number in range(1, 50)]
    seen = SeenCampaigns(store, "key")
    await seen.news(rows(ids))
    assert seen.need == ""
    old = made(500)
    assert await SeenCampaigns(store, "key").news(rows([*ids, old])) == rows([old])


@pytest.mark.parametrize(
    ("mark", "count"),
    [("", 3), (f"{5000:08x}", 1500), (f"{5999:08x}", 1)],
)
async def test_the_state_of_version_0_1_0_is_read(mark: str, count: int) -> None:
    """A mark of eight digits, and up to a thousand ids or those of one second."""
    store = Store()
    store.kept["key"] = json.dumps({"mark": mark, "ids": [made(6000, number) for number in range(count)]})
    seen = SeenCampaigns(store, "key")
    new = [made(6000, 5000), made(6001)]
    assert await seen.news(rows([made(6000, count - 1), *new])) == rows(new)
    need = seen.need
    assert need is not None
    assert need <= made(6000)
    if mark:
        assert await seen.news(rows([made(4999)])) == []
    for campaign_id in new:
        seen.add(campaign_id)
    await seen.save()
    assert len(store.kept["key"]) <= 10_000
    assert await SeenCampaigns(store, "key").news(rows(new)) == []


async def test_a_list_that_is_too_short_is_completed_by_the_next() -> None:
    store = Store()
    await SeenCampaigns(store, "key").news(rows([made(number * 4000) for number in range(1, 100)]))
    seen = SeenCampaigns(store, "key")
    newest = [made(500_000 + number) for number in range(30)]
    assert await seen.news(rows(newest[5:]), floor=newest[4]) == []
    assert await seen.news(rows(newest), floor=seen.need or "") == rows(newest)


async def test_an_empty_first_list_needs_a_second_one() -> None:
    """A proxy's bare HTTP 204 is no baseline: the campaigns of the next list existed before."""
    seen = SeenCampaigns(Store(), "key", clock=lambda: 9000)
    assert await seen.news([]) == []
    old, new = [made(100), made(8999)], [made(9000), made(9030)]
    assert await seen.news(rows(old + new)) == rows(new)


async def test_a_campaign_of_the_seconds_in_which_the_state_was_read_is_new() -> None:
    """A busy triggerer reads the state long after the list was requested."""
    seen = SeenCampaigns(Store(), "key", clock=lambda: 9012)
    assert await seen.news([], requested_at=9000.9) == []
    assert await seen.news(rows([made(9005)]), requested_at=9030.9) == rows([made(9005)])


@pytest.mark.parametrize("existed", [[], [made(100), made(9000)], [made(12_600)]])
async def test_a_campaign_is_new_although_the_state_could_not_be_read_at_first(existed: list[str]) -> None:
    store = Store()
    seen = SeenCampaigns(store, "key")
    store.broken = True
    assert await seen.news(rows(existed), requested_at=9000.9) == []
    store.broken = False
    new = [made(9005), made(9006)]
    assert await seen.news(rows([*existed, *new]), requested_at=9030.9) == rows(new)


async def test_an_empty_project_is_a_baseline_once_it_was_listed_twice() -> None:
    """The clocks of Truepush may be an hour behind."""
    seen = SeenCampaigns(Store(), "key", clock=lambda: 9000)
    assert await seen.news([]) == []
    assert await seen.news([]) == []
    assert await seen.news(rows([made(5000), made(5400)])) == rows([made(5400)])


async def test_a_single_empty_list_repeats_no_event() -> None:
    told = SeenCampaigns(Store(), "key")
    ids = [made(1), made(2)]
    await told.news(rows(ids))
    assert await told.news([]) == []
    assert await told.news(rows(ids)) == []


async def test_a_watcher_of_several_assets_keeps_its_state_in_each() -> None:
    from airflow.sdk.execution_time.context import AssetStateStoreAccessors

    first, second = Store(), Store()
    accessors = AssetStateStoreAccessors(inlets=[])
    accessors._by_name.update({"first": first})  # type: ignore[dict-item]
    await SeenCampaigns(accessors, "key").news(rows([made(1)]))
    accessors._by_name.update({"second": second})  # type: ignore[dict-item]
    told = SeenCampaigns(accessors, "key")
    assert await told.news(rows([made(1), made(2)])) == rows([made(2)])
    told.add(made(2))
    await told.save()
    assert first.kept == second.kept
