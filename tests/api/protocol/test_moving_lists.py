"""Walks over lists that change while they are read: no row is missed that existed throughout."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_truepush.api.protocol import list_limits as limits
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.newest import walk_newest
from airflow_provider_truepush.api.protocol.reading import Pause
from airflow_provider_truepush.api.protocol.recent import walk_recent
from airflow_provider_truepush.api.protocol.search import search
from airflow_provider_truepush.api.protocol.wanted import Wanted
from airflow_provider_truepush.exceptions import (
    TruepushListMovedError,
    TruepushValidationError,
)
from airflow_provider_truepush.models import CampaignRef
from tests.api.protocol.moving_list import NOW, YEAR, MovingList, drive, rows
from tests.api.protocol.recent_walks import HOUR, NAME, recent, since, wanted_rows

often = settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Lists that move

sizes = st.sampled_from([1, 2, 3, 5, 7, 25])
orders = st.sampled_from(["newest", "oldest", "title", "shuffled"])
no_skew = st.just(0)


@st.composite
def moving_lists(draw: st.DrawFn, order: Any = orders, skews: Any = no_skew, *, moves: bool = True) -> MovingList:
    """A list, and changes that are made between its first requests."""
    count = draw(st.integers(0, 40))
    spread = draw(st.sampled_from([0, 100, 2 * HOUR, 86_400, YEAR]))
    made = rows(count, spread=spread, titles=draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=5)))
    for row in made:
        row.skew = draw(skews)
    place = st.integers(0, 60)
    kinds = [
        st.just(None),
        st.builds(lambda title: ("add", title), st.sampled_from("abcdef")),
        st.builds(lambda at: ("delete", at), place),
        st.builds(lambda pages: ("grow_by_pages", pages), st.integers(1, 3)),
        st.builds(lambda pages, at: ("shrink_by_pages", pages, at), st.integers(1, 3), place),
    ]
    if moves:
        kinds.append(st.builds(lambda at, title: ("move", at, title), place, st.sampled_from("abcdef")))
    drawn = draw(st.lists(st.lists(st.one_of(*kinds), max_size=3), max_size=30))
    server = MovingList(draw(order), draw(sizes), made, [_change(one) for one in drawn], seed=draw(st.integers(0, 9)))
    server.overlap = draw(st.sampled_from([0, 0, 0, 1]))
    return server


def _change(steps: list[Any]) -> Any:
    def change(server: MovingList) -> None:
        for step in steps:
            if step is None:
                continue
            if step[0] == "add":
                server.add(title=step[1])
            else:
                getattr(server, step[0])(*step[1:])

    return change


@often
@given(moving_lists(), st.sampled_from("abcdef"))
def test_a_search_never_misses_a_row_that_existed_throughout(server: MovingList, title: str) -> None:
    before = {row.number for row in server.rows if row.title == title}
    changed: set[int] = set()

    def spy(change: Any) -> Any:
        def run(server: MovingList) -> None:
            change(server)
            changed.update({row.number for row in server.rows if row.title != title})

        return run

    server.changes = [spy(change) for change in server.changes]
    pages = len(server.rows) + 40
    try:
        walked = drive(search(NAME, Wanted(label=title), Hint(whole_walks_explained=True)), server)
    except TruepushListMovedError:
        assert server.changes, "the list held still"
        assert len(server.asked) <= limits.MAX_LOOKS * (pages + 4)
        return
    there = {row.id for row in server.rows if row.number in before - changed}
    assert there <= {row.id for row in walked.result}
    assert len(walked.asked) <= limits.MAX_LOOKS * (pages + 4)


@often
@given(moving_lists(), st.integers(0, 39))
def test_a_search_by_id_never_misses_a_row_that_existed_throughout(server: MovingList, place: int) -> None:
    if not server.rows:
        return
    row = server.rows[place % len(server.rows)]
    try:
        walked = drive(search(NAME, Wanted(id=row.id.upper()), Hint(whole_walks_explained=True)), server)
    except TruepushListMovedError:
        return
    assert [found.id for found in walked.result] == [row.id] or row.id in server.deleted


@often
@given(
    moving_lists(st.sampled_from(["newest", "oldest"]), moves=False),
    st.sampled_from([0, 50, HOUR, 86_400, 30 * 86_400, 2 * YEAR]),
)
def test_a_walk_since_a_moment_never_misses_a_row_that_existed_throughout(server: MovingList, seconds: int) -> None:
    before = wanted_rows(server, seconds)
    walked = recent(server, seconds, Hint(whole_walks_explained=True))
    if walked.result:
        assert before - server.deleted <= walked.ids
    assert all(int(found.id[:8], 16) >= NOW - seconds for found in walked.found)
    assert len(walked.found) == len(walked.ids)


@often
@given(
    moving_lists(orders, st.sampled_from([0, 0, 0, 60, HOUR]), moves=False),
    st.sampled_from([0, 50, HOUR, 86_400, 30 * 86_400, 2 * YEAR]),
)
def test_an_unchanging_list_is_read_in_any_order(server: MovingList, seconds: int) -> None:
    server.changes = ()
    assert recent(server, seconds, Hint(whole_walks_explained=True)).ids == wanted_rows(server, seconds)
    if not any(row.skew for row in server.rows):
        newest = drive(walk_newest(NAME, Hint(whole_walks_explained=True)), server).result
        assert {row.id for row in newest.rows} >= {row.id for row in server.rows if row.id > newest.floor}


@often
@given(moving_lists(st.sampled_from(["newest", "oldest"]), moves=False))
def test_the_newest_rows_are_complete_above_their_floor(server: MovingList) -> None:
    before = {row.id for row in server.rows}
    newest = drive(walk_newest(NAME, Hint(whole_walks_explained=True)), server).result
    assert {row.id for row in newest.rows} >= {found for found in before - server.deleted if found > newest.floor}


def test_the_last_row_is_not_overlooked_on_a_page_that_existed_only_for_a_moment() -> None:
    server = MovingList("newest", 3, rows(8, spread=0))
    server.changes = [
        lambda server: (server.delete(4), server.delete(5), server.add()),
        lambda server: server.delete(0),
        MovingList.add,
    ]
    last = server.shown()[-1].id
    assert last in {row.id for row in drive(walk_newest(NAME, Hint()), server).result.rows}
    assert last not in server.deleted


def test_an_absence_in_a_list_that_changes_constantly_is_an_error() -> None:
    server = MovingList("newest", 5, rows(40), [lambda server: (server.add(), server.delete(20))] * 10_000)
    with pytest.raises(TruepushListMovedError, match="It may exist nevertheless"):
        drive(search(NAME, Wanted(label="nowhere"), Hint(whole_walks_explained=True)), server)
    assert server.waited < 20


def test_an_existing_row_is_found_in_a_list_that_changes_constantly() -> None:
    server = MovingList("newest", 5, rows(40), [lambda server: (server.add(), server.delete(20))] * 10_000)
    target = server.rows[-1].id
    assert drive(search(NAME, Wanted(id=target), Hint(whole_walks_explained=True)), server).result


def test_all_rows_are_found_that_have_a_name_which_should_be_unique() -> None:
    server = MovingList("oldest", 5, rows(40, titles=["a", "b", "c", "d"]))
    walk = search(NAME, Wanted(label="b"), Hint(whole_walks_explained=True), is_unique=True)
    assert len(drive(walk, server).result) == 10


def test_a_search_does_not_follow_a_list_that_keeps_doubling() -> None:
    server = MovingList("newest", 5, rows(40), [lambda server: [server.add() for _ in range(3)]] * 100_000)
    with pytest.raises(TruepushListMovedError, match="nothing was concluded"):
        drive(search(NAME, Wanted(label="nowhere"), Hint(whole_walks_explained=True)), server)
    assert len(server.asked) < 2_000


def test_a_poll_that_catches_up_misses_no_row_below_a_deleted_one() -> None:
    server = MovingList("newest", 5, rows(100), [lambda server: server.delete(0)])
    before = wanted_rows(server, YEAR // 4)
    walk = walk_recent(NAME, since(YEAR // 4), Hint(), is_poll=True)
    assert drive(walk, server).ids >= before - server.deleted


def test_a_search_for_nothing_is_refused() -> None:
    with pytest.raises(TruepushValidationError, match="must be given"):
        Wanted().require_something()


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(TruepushValidationError, match="aware"):
        Wanted(since=datetime(2026, 1, 1))


def test_a_row_that_only_the_check_of_the_first_page_has_shown_breaks_no_search() -> None:
    """Rows are added at the top as fast as pages are read, and deleted again."""
    stays, added = (CampaignRef(f"{number:024x}", "a") for number in (1, 2))
    stale = limits.MAX_STALE_PAGES
    first_look: list[list[CampaignRef]] = [[stays]] * (stale + 1) + [[added], []]
    answers = iter([*first_look, *[[stays], []] * 20])
    walk = search(NAME, Wanted(id=f"{9:024x}"), Hint(whole_walks_explained=True))
    assert finish(walk, answers) == []


def finish(walk: Any, answers: Iterator[list[CampaignRef]]) -> Any:
    """Answer every page that a walk requests; its result."""
    step = next(walk)
    try:
        while True:
            step = walk.send([] if isinstance(step, Pause) else next(answers))
    except StopIteration as end:
        return end.value
