"""Lists in every order, of any length, and lists that move while they are read."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator, TruepushEmulatorError
from airflow_provider_truepush.emulator.listing import ORDERS, Listing
from airflow_provider_truepush.emulator.records import Campaign
from tests.emulator.support import CAMPAIGN, START, Api, control

LISTS = ("listCampaign", "listTemplate", "listTrigger", "listSegment")


def in_order(emulator: Emulator, order: str, kind: str) -> list[str]:
    """The ids of a kind as an order promises them, computed from the truth."""
    rows: list[dict[str, Any]] = getattr(emulator, kind)("project-1")
    if order == "title":
        return [row["id"] for row in sorted(rows, key=lambda row: row.get("title", row.get("name")))]
    if order in ("oldest", "newest"):
        rows.sort(key=lambda row: row["id"][:8])
        return [row["id"] for row in (rows if order == "oldest" else rows[::-1])]
    return [row["id"] for row in rows]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [1, 7, 500])
def test_each_order_shows_every_row_once(emulator: Emulator, api: Api, order: str, size: int) -> None:
    emulator.set_dialect(order=order, page_size=size)
    numbers = random.Random(order).sample(range(40), 40)
    for number in numbers:
        emulator.seed({
            "campaigns": [{"title": f"No. {number:02d}", "created_at": (START - timedelta(hours=number)).isoformat()}],
            "templates": [{"name": f"T {number:02d}"}],
            "triggers": [{"name": f"R {number:02d}"}],
        })  # fmt: skip
    for endpoint, kind in zip(LISTS, ("campaigns", "templates", "triggers", "segments"), strict=True):
        ids = api.ids(endpoint)
        if order == "shuffled":
            assert sorted(ids) == sorted(in_order(emulator, "inserted", kind))
            assert ids == api.ids(endpoint)
        else:
            assert ids == in_order(emulator, order, kind)
    if order == "shuffled":
        assert api.ids("listCampaign") not in (
            in_order(emulator, "oldest", "campaigns"), in_order(emulator, "newest", "campaigns"),
        )  # fmt: skip


@pytest.mark.parametrize("order", ORDERS)
def test_any_changes_leave_each_order_sorted(order: str) -> None:
    """A random history of puts, replacements, moves and deletions, compared with a list that is sorted anew."""
    draws, listing, fresh = random.Random(order), Listing(7), 0
    kept: dict[str, Campaign] = {}
    for _ in range(600):
        listing.page(order, 1, 5)
        deed = draws.choice(["put", "put", "put", "replace", "remove", "move", "same"])
        if deed == "put" or len(kept) < 3:
            fresh += 1
            moment = draws.randrange(50)
            made = Campaign(f"{moment:08x}{fresh:016x}", "p", f"Title {draws.randrange(20)}", moment, moment, 1)
            kept[made.id] = made
            listing.put([made])
            continue
        chosen = draws.choice(list(kept))
        if deed == "replace":
            kept[chosen] = Campaign(chosen, "p", f"Title {draws.randrange(20)}", 0, 0, 1)
            listing.put([kept[chosen]])
        elif deed == "remove":
            del kept[chosen]
            listing.remove(chosen)
        elif deed == "move":
            listing.move(chosen, draws.choice([other for other in kept if other != chosen]))
        else:
            listing.put([kept[chosen]])
        size = draws.choice([1, 3, 50])
        pages = [listing.page(order, page, size) for page in range(1, len(kept) // size + 3)]
        assert [row.id for rows in pages for row in rows] == listing.ids(order)
        assert sorted(listing.ids(order)) == sorted(kept)
        assert all(listing.get(row.id) is kept[row.id] for rows in pages for row in rows)


def test_a_moved_row_stands_behind_the_other_one_in_every_order(emulator: Emulator, api: Api) -> None:
    ids = emulator.add_campaigns(6, title="Campaign {number}")
    control(emulator, "POST", "move", {"kind": "campaigns", "id": ids[0], "beside": ids[3]})
    for order in ORDERS:
        emulator.set_dialect(order=order)
        listed = api.ids("listCampaign")
        assert abs(listed.index(ids[0]) - listed.index(ids[3])) == 1
        assert sorted(listed) == sorted(ids)
    for wrong in ({"beside": ids[0]}, {"kind": "people"}, {"id": "x"}):
        body = {"kind": "campaigns", "id": ids[0], "beside": ids[1], **wrong}
        assert "error" in control(emulator, "POST", "move", body, status=400)


def test_a_deleted_campaign_leaves_the_list(emulator: Emulator, api: Api) -> None:
    ids = emulator.add_campaigns(3)
    emulator.delete("campaigns", ids[1])
    assert control(emulator, "DELETE", f"campaigns/{ids[0]}") == {"deleted": ids[0]}
    assert api.ids("listCampaign") == ids[2:]
    assert "none of them" in control(emulator, "DELETE", f"campaigns/{ids[0]}", status=400)["error"]
    with pytest.raises(TruepushEmulatorError, match="Accepted values: segments, templates, triggers, campaigns"):
        emulator.delete("people", ids[2])


@pytest.mark.parametrize("order", ORDERS)
def test_rows_at_the_start_that_go_between_pages_hide_others(emulator: Emulator, api: Api, order: str) -> None:
    """What makes a careless walk miss rows: this is what the churn is for."""
    emulator.set_dialect(order=order, page_size=5)
    before = emulator.add_campaigns(30)
    emulator.churn("listCampaign", delete=2, where="start")
    seen = api.ids("listCampaign")
    survivors = {row["id"] for row in emulator.campaigns()}
    assert survivors < set(before)
    missed = survivors - set(seen)
    assert missed
    emulator.end_churn()
    assert set(api.ids("listCampaign")) == survivors


def test_churn_adds_and_moves_for_a_number_of_pages(emulator: Emulator, api: Api) -> None:
    emulator.add_campaigns(30)
    churn = {"endpoint": "listCampaign", "add": 3, "move": 2, "where": "start", "times": 2}
    assert control(emulator, "POST", "churn", churn)["times"] == 2
    emulator.set_dialect(page_size=10)
    api.ids("listTemplate")
    first = [row["id"] for row in emulator.campaigns("project-1")]
    api.ids("listCampaign")
    after = [row["id"] for row in emulator.campaigns("project-1")]
    assert len(after) == 36
    assert set(first) < set(after)
    assert [row for row in after if row in first] != first
    assert control(emulator, "GET", "churn")[0]["times"] == 0
    api.ids("listCampaign")
    assert len(emulator.campaigns()) == 36
    assert control(emulator, "DELETE", "churn") == []


@pytest.mark.parametrize("kind", ["listTemplate", "listTrigger", "listSegment"])
def test_every_list_can_move(emulator: Emulator, api: Api, kind: str) -> None:
    emulator.seed({"templates": [{}] * 4, "triggers": [{}] * 4})
    emulator.set_dialect(page_size=2)
    emulator.churn(kind, add=1, delete=1, move=1, times=3)
    api.ids(kind)
    assert emulator.churns()[0].times == 0


def test_anything_can_happen_between_two_pages(emulator: Emulator, api: Api) -> None:
    ids = emulator.add_campaigns(4)
    seen: list[tuple[str, int]] = []

    def between(endpoint: str, page: int) -> None:
        seen.append((endpoint, page))
        if page == 1:
            emulator.delete("campaigns", ids[0])
            emulator.seed({"campaigns": [{"_id": "f" * 24}]})

    emulator.set_dialect(page_size=2)
    emulator.between_pages(between)
    assert api.ids("listCampaign") == [ids[0], ids[1], ids[3], "f" * 24]
    assert seen == [("listCampaign", page) for page in (1, 2, 3)]
    emulator.between_pages(None)
    assert api.ids("listCampaign") == [*ids[1:], "f" * 24]
    assert len(seen) == 3


def test_anything_can_happen_before_a_request(emulator: Emulator, api: Api) -> None:
    first, second = emulator.add_campaigns(2)
    read: list[list[str]] = []

    def before() -> None:
        emulator.before_request("listCampaign", None)
        read.append(api.ids("listCampaign"))
        emulator.delete("campaigns", first)

    emulator.before_request("listCampaign", before)
    assert api.ids("listCampaign") == [second]
    assert read == [[first, second]]
    emulator.before_request("listCampaign", before)
    emulator.reset()
    assert api.ids("listCampaign") == []
    assert len(read) == 1
    with pytest.raises(TruepushEmulatorError, match="before_request: endpoint is 'campaigns'"):
        emulator.before_request("campaigns", before)


@pytest.mark.parametrize(
    "settings",
    [{"endpoint": "createCampaign"}, {"where": "middle"}, {"add": -1}, {"move": True}, {"delete": "1"}, {"nosuch": 1}],
)
def test_what_no_churn_has_is_refused(emulator: Emulator, settings: dict[str, Any]) -> None:
    assert "Accepted" in control(emulator, "POST", "churn", settings, status=400)["error"] or "whole number" in str(
        control(emulator, "POST", "churn", settings, status=400)
    )
    with pytest.raises(TruepushEmulatorError):
        emulator.churn(**settings)
    assert emulator.churns() == []


@pytest.mark.parametrize("order", ORDERS)
def test_many_campaigns_with_ids_and_times_of_their_own(order: str) -> None:
    # The order that has most to compare shows that a hundred thousand are not too many.
    count = 100_000 if order == "title" else 10_000
    pages = count // 100
    with Emulator(start=START, page_size=100) as emulator:
        client = Api(emulator)
        emulator.set_dialect(order=order)
        moments = [START.timestamp() - number for number in range(count)]
        ids = [f"{int(moment):08x}{number:016x}" for number, moment in enumerate(moments)]
        assert emulator.add_campaigns(count, ids=ids, created_at=moments, title="Push {number}") == ids
        first = client.call("listCampaign", 1).json()["data"]
        assert len(first) == 100
        wanted = {"inserted": ids[0], "oldest": ids[-1], "newest": ids[0], "title": ids[0]}
        if order in wanted:
            assert first[0]["_id"] == wanted[order]
        assert client.call("listCampaign", pages).status_code == 200
        # New campaigns find their place at once.
        made = client.create("createCampaign", {**CAMPAIGN, "title": "!"})
        last = {"inserted": pages + 1, "oldest": pages + 1, "newest": 1, "title": 1}
        if order in last:
            assert made in {row["_id"] for row in client.call("listCampaign", last[order]).json()["data"]}
        assert client.call("listCampaign", pages + 2).status_code == 204
        client.session.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"n": -1}, {"n": "3"}, {"n": 2, "ids": ["a" * 24]}, {"n": 1, "ids": ["x"]}, {"n": 1, "titles": "x"},
        {"n": 1, "created_at": ["2026-01-01T00:00:00"]}, {"n": 1, "nosuch": 1}, {"n": 1, "spread": "soon"}, {},
    ],
)  # fmt: skip
def test_what_add_campaigns_does_not_accept(emulator: Emulator, settings: dict[str, Any]) -> None:
    assert "error" in control(emulator, "POST", "seed", {"add_campaigns": settings}, status=400)
    assert emulator.campaigns() == []


def test_moves_survive_other_requests(emulator: Emulator) -> None:
    """The control address and the API are served while lists move."""
    emulator.add_campaigns(50)
    emulator.churn(add=1, delete=1, move=3)
    headers = {"Authorization": emulator.token}
    for page in range(1, 6):
        assert requests.get(f"{emulator.url}/api/v1/listCampaign/{page}", headers=headers, timeout=5).ok
    assert len(emulator.campaigns()) == 50


def fail(*_: object) -> None:
    raise AssertionError("the list was empty")


def request_with_failing_action(emulator: Emulator, place: str) -> None:
    if place == "between pages":
        emulator.between_pages(fail)
    else:
        emulator.before_request("listCampaign", fail)
    address = f"{emulator.url}/api/v1/listCampaign/1"
    assert requests.get(address, headers={"Authorization": emulator.token}, timeout=10).status_code == 500


@pytest.mark.parametrize("place", ["before a request", "between pages"])
def test_an_error_of_an_action_is_raised_when_the_emulator_stops(place: str) -> None:
    with pytest.raises(AssertionError, match="the list was empty"), Emulator() as emulator:
        request_with_failing_action(emulator, place)
    emulator.stop()


@pytest.mark.parametrize("place", ["before a request", "between pages"])
def test_an_error_of_an_action_is_raised_once_when_the_emulator_starts_again(place: str) -> None:
    with Emulator() as emulator:
        request_with_failing_action(emulator, place)
        with pytest.raises(AssertionError, match="the list was empty"):
            emulator.reset()
        assert emulator.requests() == []
        emulator.reset()


def test_an_error_of_an_action_does_not_hide_that_of_the_test() -> None:
    with pytest.raises(ValueError, match="of the test") as caught, Emulator() as emulator:  # noqa: PT012
        request_with_failing_action(emulator, "before a request")
        raise ValueError("of the test")
    assert caught.value.__notes__ == ["While the emulator stopped: AssertionError: the list was empty"]
