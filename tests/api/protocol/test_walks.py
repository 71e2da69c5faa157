"""Walks over lists, counted in requests and tried against lists that change between any two of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol import answers, list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.newest import walk_newest
from airflow_provider_truepush.api.protocol.reading import walk_all
from airflow_provider_truepush.api.protocol.recent import walk_recent
from airflow_provider_truepush.api.protocol.search import search
from airflow_provider_truepush.api.protocol.wanted import Wanted
from airflow_provider_truepush.exceptions import (
    TruepushProtocolError,
)
from airflow_provider_truepush.models import CampaignRef
from tests.api.protocol.moving_list import NOW, YEAR, MovingList, Row, drive, rows
from tests.api.protocol.recent_walks import HOUR, NAME, recent, since, wanted_rows

# All rows


@pytest.mark.parametrize(("count", "size"), [(0, 25), (3, 1), (45, 25), (50, 25), (500, 500)])
def test_all_rows_once_in_order_and_one_empty_page(count: int, size: int) -> None:
    server = MovingList("oldest", size, rows(count))
    walked = drive(walk_all(NAME), server)
    assert walked.found == [row.ref for row in server.shown()]
    assert walked.asked == list(range(1, -(-count // size) + 2))


def test_rows_that_move_to_a_later_page_are_yielded_once() -> None:
    server = MovingList("newest", 2, rows(6), [MovingList.add, MovingList.add])
    walked = drive(walk_all(NAME), server)
    assert len(walked.found) == len(walked.ids) == 6


def test_a_server_that_repeats_one_page_is_refused() -> None:
    class Stuck(MovingList):
        def page(self, number: int) -> list[CampaignRef]:
            return super().page(1)

    server = Stuck("newest", 2, rows(6))
    with pytest.raises(TruepushProtocolError, match="has the same rows on every page") as caught:
        drive(walk_all(NAME), server)
    assert caught.value.endpoint == NAME
    assert len(server.asked) == 2 + limits.MAX_STALE_PAGES


WALKS: dict[str, Callable[[], Any]] = {
    "all": lambda: walk_all(NAME),
    "recent": lambda: walk_recent(NAME, since(HOUR), Hint()),
    "newest": lambda: walk_newest(NAME, Hint()),
    "search": lambda: search(NAME, Wanted(label="x"), Hint()),
}


@pytest.mark.parametrize("kind", WALKS)
def test_an_endless_list_is_refused_soon(kind: str) -> None:
    class Endless(MovingList):
        def page(self, number: int) -> list[CampaignRef]:
            self.asked.append(number)
            return [Row(number * 25 + n, NOW - (number * 25 + n) ** 3 * 7919 % YEAR).ref for n in range(25)]

    server = Endless("shuffled", 25)
    with pytest.raises(TruepushProtocolError, match="no end"):
        drive(WALKS[kind](), server)
    assert len(server.asked) <= limits.PROBE_AFTER_PAGE + 1


@pytest.mark.parametrize("kind", WALKS)
def test_an_endless_list_without_any_valid_id_is_refused_soon(kind: str) -> None:
    class Odd(MovingList):
        def page(self, number: int) -> list[CampaignRef]:
            self.asked.append(number)
            assert len(self.asked) < 200
            return answers.rows(CampaignRef)("", [{"title": "x"}])

    server = Odd("newest", 25)
    with pytest.raises(TruepushProtocolError, match="the list has no valid ids: page 3 and the 2 read before it"):
        drive(WALKS[kind](), server)


def test_a_list_of_a_hundred_thousand_rows_is_not_endless() -> None:
    server = MovingList("shuffled", 500, rows(100_000))
    assert len(drive(walk_all(NAME), server).found) == 100_000


# Since a moment: requests


@pytest.mark.parametrize("count", [5_000, 100_000])
@pytest.mark.parametrize(("order", "most"), [("newest", 1), ("oldest", 19)])
def test_requests_since_an_hour_ago(count: int, order: Any, most: int) -> None:
    server = MovingList(order, 25, rows(count))
    hint = Hint()
    walked = recent(server, HOUR, hint)
    assert walked.ids == wanted_rows(server, HOUR)
    assert walked.ids
    more = 0 if count == 5_000 else 5
    assert len(walked.asked) <= most + more
    again = recent(server, HOUR, hint)
    assert again.ids == walked.ids
    assert len(again.asked) <= (1 if order == "newest" else 4)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_requests_for_three_hundred_rows_of_a_hundred_thousand(order: Any) -> None:
    server = MovingList(order, 25, [*rows(99700, until=NOW - 32 * 86400)])
    server.rows += [Row(100_000 + n, NOW - 29 * 86_400 + n * 8_000) for n in range(300)]
    walked = recent(server, 30 * 86_400)
    assert len(walked.ids) == 300
    assert len(walked.asked) <= 300 / 25 + (10 if order == "newest" else 32)


@pytest.mark.parametrize("order", ["title", "shuffled"])
def test_a_list_without_order_is_read_whole_and_logged_once(order: Any, caplog: pytest.LogCaptureFixture) -> None:
    names = [f"{n * 7919 % 1000:04d}" for n in range(1000)]
    server = MovingList(order, 25, rows(1000, titles=names))
    hint = Hint()
    for _ in range(2):
        walked = recent(server, 10 * 86_400, hint)
        assert walked.ids == wanted_rows(server, 10 * 86_400)
        assert len(walked.asked) == 41
    (said,) = [record.getMessage() for record in caplog.records]
    assert "no usable order" in said
    assert "41 requests for 1000 rows" in said


def test_ids_of_one_second_in_any_order_cost_no_requests() -> None:
    """Several servers create campaigns within one second, each with random digits of its own."""
    made = [NOW - 60 * (place - (place % 12 == 1)) for place in range(1000)]
    titles = [f"{place:04d}" for place in range(1000)]
    server = MovingList("title", 25, [Row(place, made[place], 0, titles[place]) for place in range(1000)])
    walked = recent(server, 120)
    assert walked.ids == wanted_rows(server, 120)
    assert walked.asked == [1]


def test_a_list_whose_order_is_contradicted_is_read_whole() -> None:
    """Oldest first for ten pages only."""
    server = MovingList("title", 10, rows(100, titles=[f"a{n:03d}" for n in range(100)]))
    server.rows += [Row(1000 + n, NOW - n * 40_000, 0, f"b{n:03d}") for n in range(60)]
    walked = recent(server, HOUR)
    assert walked.ids == wanted_rows(server, HOUR)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_wrong_hint_costs_requests_only(order: Any) -> None:
    server = MovingList(order, 25, rows(1000))
    for last_page in (1, 3, 39, 40, 41, 42, 500):
        hint = Hint(last_page)
        assert recent(server, 5 * 86_400, hint).ids == wanted_rows(server, 5 * 86_400)
        assert hint.last_page == 40 or order == "newest"


def test_an_hour_between_the_clocks_of_servers_is_tolerated() -> None:
    server = MovingList("newest", 25, rows(4000, spread=4000 * 60))
    for row in server.rows[::3]:
        row.skew = HOUR
    walked = recent(server, 2 * HOUR)
    assert walked.ids == wanted_rows(server, 2 * HOUR)
    assert len(walked.asked) < 30


# The newest rows


@pytest.mark.parametrize("count", [5_000, 100_000])
@pytest.mark.parametrize("spread", [100, 86_400, YEAR])
@pytest.mark.parametrize(("order", "most"), [("newest", 2), ("oldest", 19)])
def test_requests_for_the_newest_rows(count: int, spread: int, order: Any, most: int) -> None:
    server = MovingList(order, 25, rows(count, spread=spread))
    hint = Hint()
    walked = drive(walk_newest(NAME, hint), server)
    assert len(walked.asked) <= most + (0 if count == 5_000 else 5)
    assert {row.id for row in walked.result.rows} >= {row.id for row in server.rows if row.id > walked.result.floor}
    assert walked.result.floor < max(row.id for row in server.rows)
    assert len(drive(walk_newest(NAME, hint), server).asked) <= (2 if order == "newest" else 4)


@pytest.mark.parametrize("number", range(0, 120, 7))
def test_a_hundred_creates_in_one_second_cost_at_most_three_lists_each(number: int) -> None:
    server = MovingList("newest", 25, rows(200) + [Row(1000 + n, NOW + 5) for n in range(number)])
    walked = drive(walk_newest(NAME, Hint()), server)
    assert len(walked.asked) == 2
    assert {row.id for row in walked.result.rows} >= {row.id for row in server.rows if row.id > walked.result.floor}


def test_one_page_does_not_prove_an_order() -> None:
    titles = [f"A {40 - n:03d}" for n in range(40)] + [f"B {n:03d}" for n in range(30)]
    made = rows(70, spread=70 * 60, titles=titles)
    newest = drive(walk_newest(NAME, Hint()), MovingList("title", 25, made)).result
    assert {row.id for row in newest.rows} >= {row.id for row in made if row.id > newest.floor}


@pytest.mark.parametrize("order", ["title", "newest"])
def test_a_list_that_changes_constantly_proves_nothing_about_older_rows(order: Any) -> None:
    made = rows(40, titles=["a", "b", "c", "d", "e", "f"])
    server = MovingList(order, 2, made, [lambda server: (server.add(), server.delete(20))] * 10_000)
    newest = drive(walk_newest(NAME, Hint(whole_walks_explained=True)), server).result
    assert newest.floor == max(row.id for row in newest.rows)


def test_an_oldest_first_list_that_shrinks_by_pages_is_read_further() -> None:
    server = MovingList("oldest", 25, rows(400, spread=400))
    shrunk = False

    def shrink(server: MovingList) -> None:
        nonlocal shrunk
        if not shrunk and server.asked.count(16) >= 2 and server.asked[-1] == 16:
            shrunk = True
            for _ in range(60):
                server.delete(len(server.rows) - 1)

    server.changes = [shrink] * 1_000
    walked = recent(server, 300)
    assert shrunk
    assert walked.ids >= wanted_rows(server, 300)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_the_newest_rows_of_a_small_list_are_all_rows(count: int) -> None:
    walked = drive(walk_newest(NAME, Hint()), MovingList("oldest", 25, rows(count)))
    assert (len(walked.result.rows), walked.result.floor) == (count, "")
    assert len(walked.asked) == (3 if count else 1)
