"""Walking lists of unknown length and order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.protocol import endpoints
from airflow_provider_truepush.api.protocol.paging import Pages
from airflow_provider_truepush.exceptions import TruepushProtocolError
from airflow_provider_truepush.models import CampaignRef
from tests.api.support import LISTS, endpoint, quick


def refs(*numbers: int) -> list[CampaignRef]:
    return [CampaignRef(f"{number:024x}", f"Campaign {number}") for number in numbers]


def walk(server: Sequence[Sequence[CampaignRef]]) -> tuple[list[CampaignRef], int]:
    """As both clients walk: until a page is empty. Returns the rows and the number of requests."""
    pages, asked = Pages(endpoints.LIST_CAMPAIGNS), 0
    found: list[CampaignRef] = []
    while True:
        asked += 1
        assert pages.next_call().argument == str(asked)
        page = list(server[asked - 1]) if asked <= len(server) else []
        if not page:
            return found, asked
        found += pages.fresh(page)


@pytest.mark.parametrize("name", LISTS)
def test_pages_count_from_one(name: str) -> None:
    pages = Pages(endpoint(name))
    assert [str(pages.next_call()) for _ in range(3)] == [f"GET /api/v1/{name}/{page}" for page in (1, 2, 3)]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ([], []),
        ([[1, 2]], [1, 2]),
        ([[1, 2], [3, 4], [5]], [1, 2, 3, 4, 5]),
        ([[1, 2], [2, 3], [3, 4]], [1, 2, 3, 4]),  # a row was added while walking: each page begins with an old one
        ([[1, 1, 2]], [1, 2]),
        ([[1, 2], [1, 2], [2, 1], [3]], [1, 2, 3]),  # two stale pages are endured
        ([[2, 1], [3], [3], [3], [4], [4], [4]], [2, 1, 3, 4]),  # and counted anew after each fresh one
    ],
)
def test_each_row_once_in_order(server: list[list[int]], expected: list[int]) -> None:
    found, asked = walk([refs(*page) for page in server])
    assert found == refs(*expected)
    assert asked == len(server) + 1


def test_a_server_that_does_not_turn_the_page() -> None:
    with pytest.raises(TruepushProtocolError) as caught:
        walk([refs(1, 2)] * 10)
    assert caught.value.endpoint == "listCampaign"
    assert str(caught.value).startswith("listCampaign: page 4 and the 2 before it hold only rows seen already")
    assert "Nothing was changed" in str(caught.value)


def test_the_empty_page_at_the_end_is_no_stale_page() -> None:
    pages = Pages(endpoints.LIST_CAMPAIGNS)
    for _ in range(10):
        pages.next_call()
        assert pages.fresh([]) == []


def test_the_first_title_of_an_id_is_kept() -> None:
    pages = Pages(endpoints.LIST_CAMPAIGNS)
    first, second = CampaignRef("a" * 24, "before"), CampaignRef("a" * 24, "after")
    assert pages.fresh([first, second]) == [first]
    assert pages.fresh([second]) == []


@quick
@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), max_size=15))
def test_nothing_lost_nothing_twice(server: list[list[int]]) -> None:
    pages = Pages(endpoints.LIST_CAMPAIGNS)
    given_out: list[CampaignRef] = []
    seen: set[int] = set()
    stale = 0
    for page in server:
        stale = stale + 1 if seen.issuperset(page) else 0
        if stale == 3:
            with pytest.raises(TruepushProtocolError):
                pages.fresh(refs(*page))
            return
        given_out += pages.fresh(refs(*page))
        seen.update(page)
    assert sorted(ref.id for ref in given_out) == sorted(ref.id for ref in refs(*seen))
