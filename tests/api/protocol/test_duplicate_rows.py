"""Walks over lists with duplicate rows: one that does not change is complete, one that moves proves nothing."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.newest import walk_newest
from airflow_provider_truepush.api.protocol.search import search
from airflow_provider_truepush.api.protocol.wanted import Wanted
from airflow_provider_truepush.exceptions import TruepushListMovedError
from airflow_provider_truepush.models import CampaignRef
from tests.api.protocol.moving_list import YEAR, MovingList, Row, drive, rows
from tests.api.protocol.recent_walks import NAME, recent, wanted_rows


class Repeating(MovingList):
    """The last page has the first row of the list again."""

    def page(self, number: int) -> list[CampaignRef]:
        found = super().page(number)
        return [*found, self.shown()[0].ref] if 0 < len(found) < self.page_size else found


def overlapping(order: Any, size: int, made: list[Row]) -> MovingList:
    return MovingList(order, size, made, overlap=1)


KINDS: dict[str, Any] = {"repeating": Repeating, "overlapping": overlapping}
ORDERS = ["newest", "oldest", "title", "shuffled"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ORDERS)
def test_an_absence_is_proven_by_four_readings(kind: str, order: Any, caplog: pytest.LogCaptureFixture) -> None:
    server, hint = KINDS[kind](order, 10, rows(35)), Hint()
    for _ in range(2):
        assert drive(search(NAME, Wanted(label="nowhere"), hint), server).result == []
    assert server.asked == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5] * 2
    assert server.waited < 1
    (said,) = caplog.messages
    assert "more than once" in said
    assert f"in {limits.STILL_READINGS} readings" in said


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_is_listed_twice_is_found_once(kind: str) -> None:
    server = KINDS[kind]("newest", 10, rows(35, titles=["a", "b", "c"]))
    found = drive(search(NAME, Wanted(label=server.shown()[0].title), Hint()), server).result
    assert len(found) == 12
    assert len({row.id for row in found}) == 12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", [35, 505])
def test_rows_since_a_moment_are_complete(kind: str, order: Any, count: int, caplog: pytest.LogCaptureFixture) -> None:
    server = KINDS[kind](order, 10, rows(count))
    walked = recent(server, 2 * YEAR, Hint(whole_walks_explained=True))
    assert walked.ids == wanted_rows(server, 2 * YEAR)
    assert len(walked.found) == len(walked.ids)
    assert walked.result or count > limits.SECOND_LOOK_ROWS
    assert "may be missing" not in caplog.text
    assert len(walked.asked) <= 4 * (count // 10 + 2) + 10


@pytest.mark.parametrize("kind", KINDS)
def test_the_newest_rows_of_a_small_list_are_all_rows(kind: str) -> None:
    newest = drive(walk_newest(NAME, Hint()), KINDS[kind]("title", 10, rows(35, titles="abcdef"))).result
    assert (len(newest.rows), newest.floor) == (35, "")


class InStep(MovingList):
    """The row "a" moves to the end after one page and back after the last one, so each reading has it twice.

    The first row of the page after that is hidden from a reader that goes forward.
    """

    after, last, moves = 1, 4, 0

    def page(self, number: int) -> list[CampaignRef]:
        found = super().page(number)
        if self.moves > 0 and number == (self.after if self.rows[0].title == "a" else self.last):
            self.moves -= 1
            self.rows[0].title = "z" if self.rows[0].title == "a" else "a"
            self._shown = None
        return found


def in_step(readings: int, after: int, last: int) -> tuple[MovingList, Row]:
    made = rows(25, titles=["a", *(f"b{number:02}" for number in range(24))])
    server = InStep("title", 10, made)
    server.after, server.last, server.moves = after, last, 2 * readings
    return server, made[10 * after]


@pytest.mark.parametrize("readings", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("after", [1, 2])
def test_no_row_is_missing_when_another_one_moves_in_step_with_a_search(readings: int, after: int) -> None:
    server, hidden = in_step(readings, after, last=4)
    try:
        found = drive(search(NAME, Wanted(label=hidden.title), Hint()), server).result
    except TruepushListMovedError:
        return
    assert [row.id for row in found] == [hidden.id]


@pytest.mark.parametrize("readings", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("after", [1, 2])
def test_no_row_is_missing_when_another_one_moves_in_step_with_a_walk(readings: int, after: int) -> None:
    server, hidden = in_step(readings, after, last=3)
    walked = recent(server, 2 * YEAR)
    assert hidden.id in walked.ids or not walked.result


def test_a_short_page_before_others_is_not_the_end_of_a_list() -> None:
    """Two readings overlook a row, and as many rows are known as the short page 2 seems to count."""
    a, b, c, d, e, f, hidden = (CampaignRef(f"{number:024x}", "t") for number in range(7))
    first = [[a, b], [c], [d, e], []]
    second = [[a, b], [c], [d, f], []]
    later = [[a, b], [c], [d, f], [hidden], []]

    class Uneven(MovingList):
        def page(self, number: int) -> list[CampaignRef]:
            self.asked.append(number)
            return [first, second, *[later] * 50][(len(self.asked) - 1) // 4][number - 1]

    found = drive(search(NAME, Wanted(label="t"), Hint()), Uneven("oldest", 2)).result
    assert hidden in found


def test_a_list_that_has_stopped_moving_is_read_until_it_is_proven() -> None:
    """The first readings differ, and the list has a duplicate all the time."""
    server = overlapping("newest", 10, rows(35))
    server.changes = [lambda server: (server.add(), server.delete(20))] * 12
    assert drive(search(NAME, Wanted(label="nowhere"), Hint()), server).result == []
    assert len(server.asked) > 20
