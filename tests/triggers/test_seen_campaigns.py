"""What a watcher remembers of the campaigns that it has seen."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.triggers.seen_campaigns import SeenCampaigns
from tests.support.asset_state import Store
from tests.support.versions import needs_state_store


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


@pytest.mark.parametrize("odd", ["f" * 24, made(10**9 + 86_400)])
async def test_an_id_from_the_future_does_not_hide_later_campaigns(odd: str) -> None:
    now = 10**9
    seen = SeenCampaigns(Store(), "key", clock=lambda: now)
    await seen.news(rows([*(made(now - 60 * number) for number in range(100)), odd]))
    need = seen.need
    assert need is not None
    assert need <= made(now)
    assert await seen.news(rows([made(now + 1)]), floor=need) == rows([made(now + 1)])


@pytest.mark.parametrize("back", [0, 86_400])
async def test_a_list_that_goes_back_as_far_as_asked_is_never_too_short(back: int) -> None:
    """The last campaigns are days old, or the clock is set back."""
    now = 10**9
    seen = SeenCampaigns(Store(), "key", clock=lambda: now)
    await seen.news(rows([made(now - 86_400 * number) for number in range(1, 60)]), floor=made(now - 3600))
    for number in range(3):
        now += 1800 - back
        need = seen.need
        assert need is not None
        new = made(10**9, number)
        assert await seen.news(rows([new]), floor=need) == rows([new])
        seen.add(new)


async def test_half_an_hour_later_a_list_must_have_what_a_clock_behind_has_hidden() -> None:
    now = 10**9
    seen = SeenCampaigns(Store(), "key", clock=lambda: now)
    await seen.news(rows([made(now - number) for number in range(300)]), floor=made(now - 7200))
    assert seen.need == made(now - 4)
    now += 1800
    assert seen.need == made(now - 1800 - 3600)
    behind = made(now - 3600)
    assert await seen.news(rows([behind]), floor=seen.need) == rows([behind])
    assert seen.need == made(now - 1800 - 4)


@pytest.mark.parametrize("count", [400, 4999])
async def test_a_campaign_from_a_clock_behind_is_seen_in_a_busy_project(count: int) -> None:
    """So many campaigns in ten minutes, and then one by a server whose clock is twenty minutes behind."""
    store, now = Store(), 10**9
    seen = SeenCampaigns(store, "key", clock=lambda: now)
    await seen.news(rows([made(now - 7200)]), floor=made(now - 7200))
    new = [made(now + number * 600 // count, number) for number in range(count)]
    now += 600
    assert await seen.news(rows(new), floor=seen.need or "") == rows(new)
    for campaign_id in new:
        seen.add(campaign_id)
    await seen.save()
    assert len(store.kept["key"]) <= 10_000
    behind = made(now - 1200)
    now += 1800
    assert await seen.news(rows([*new, behind]), floor=seen.need or "") == rows([behind])


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
    old, new = [made(100), made(5399)], [made(5400), made(9030)]  # clocks may be an hour apart
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


@needs_state_store
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
