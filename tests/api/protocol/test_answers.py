"""What the data of a success turns into."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import answers
from airflow_provider_truepush.api.protocol.answers import UnreadableDataError, created_id
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushBadRequestError
from airflow_provider_truepush.models import CampaignRef, SegmentRef, TemplateRef, TriggerRef
from tests.api.support import COUNTERS, ID, OTHER_ID, quick, unchained, without


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (f"Campaign Created Successfully with id:{ID}", ID),
        (f"Trigger Added successfully with\n    id:{ID}", ID),
        (f"Trigger Added successfully with\r\n\r\n\t id:{ID}", ID),
        (f"with id: {ID}", ID),
        (f"with id :\n {ID}\n", ID),
        (f"id:{ID}", ID),
        (f"id:{ID}.", ID),
        (f"(id:{ID})", ID),
        (f"id:{ID.upper()}", ID),
        (f"id:{ID}, not id:{OTHER_ID}", ID),
        ("Campaign Created Successfully", None),
        ("", None),
        (ID, None),  # an id that nobody calls one
        (f"paid:{ID}", None),
        (f"id:{ID}0", None),
        (f"id:{ID[:-1]}", None),
        (f"id:{ID[:-1]}g", None),
        (f"id={ID}", None),
        ("id:undefined", None),
    ],
)
def test_id_in_message(message: str, found: str | None) -> None:
    assert created_id(message, None) == found


@quick
@given(
    st.text(st.characters(exclude_categories=["L", "N", "Pc"])),
    st.text(" \r\n\t"),
    st.text(" \r\n\t"),
    st.text("0123456789abcdef", min_size=24, max_size=24),
)
def test_id_amid_blanks_and_breaks(before: str, gap: str, second_gap: str, wanted: str) -> None:
    assert created_id(f"{before}id{gap}:{second_gap}{wanted}", "ignored") == wanted


ROWS_OF: list[tuple[Any, dict[str, str]]] = [
    (CampaignRef, {"_id": ID, "title": "T"}),
    (TemplateRef, {"_id": ID, "name": "N"}),
    (SegmentRef, {"_id": ID, "name": "N"}),
    (TriggerRef, {"_id": ID, "name": "N", "status": "active"}),
]


@pytest.mark.parametrize(("ref", "given_row"), ROWS_OF)
def test_rows(ref: Any, given_row: dict[str, str]) -> None:
    read = answers.rows(ref)
    expected = ref(ID, *list(given_row.values())[1:])
    assert read("", [given_row]) == [expected]
    assert read("", []) == []
    assert read("", [{**given_row, "unknown": 1}, given_row]) == [expected, expected]


@pytest.mark.parametrize(("ref", "given_row"), ROWS_OF)
def test_a_row_lacks_nothing(ref: Any, given_row: dict[str, str]) -> None:
    for name in given_row:
        for broken in (without(given_row, name), {**given_row, name: None}, {**given_row, name: 5}):
            with pytest.raises(UnreadableDataError, match="expected a row with id, "):
                answers.rows(ref)("", [given_row, broken])


@pytest.mark.parametrize("data", [None, "text", {}, 5, True])
def test_a_page_is_a_list(data: Any) -> None:
    with pytest.raises(UnreadableDataError, match=f"expected a list of rows, got {type(data).__name__}"):
        answers.rows(CampaignRef)("", data)


@pytest.mark.parametrize("broken", [None, "text", 5, [], "\ud800", "x" * 10_000_000, {"_id": ["y" * 1000] * 1000}])
def test_an_error_shows_a_little_of_the_row(broken: Any) -> None:
    with pytest.raises(UnreadableDataError) as caught:
        answers.rows(CampaignRef)("", [broken])
    assert len(str(caught.value)) < 300
    assert str(caught.value).encode()


def test_no_rows() -> None:
    assert answers.no_rows(CampaignRef)("any message") == []


def test_stats() -> None:
    assert answers.stats("", COUNTERS) == CampaignStats(200, 100, 80, 40, 8, 3, 2, 4)
    assert answers.nothing("No Stats Found") is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("data", [None, [], "CAMPAIGN-STATS", 5])
def test_stats_are_an_object(data: Any) -> None:
    with pytest.raises(UnreadableDataError, match=f"expected an object of counters, got {type(data).__name__}"):
        answers.stats("", data)


def test_stats_lack_nothing() -> None:
    with pytest.raises(UnreadableDataError, match="counter Views is missing") as caught:
        answers.stats("", without(COUNTERS, "Views"))
    unchained(caught.value)


def test_changes() -> None:
    assert answers.done("message", None) is True
    assert answers.not_done("message") is False


@pytest.mark.parametrize(("message", "said"), [("Name is taken", "(Name is taken)"), ("", "(no message)")])
def test_what_a_failed_create_says(message: str, said: str) -> None:
    with pytest.raises(TruepushAmbiguousError) as doubt:
        answers.doubtful_create(message)
    assert str(doubt.value) == f"says that creating failed {said}"
    with pytest.raises(TruepushBadRequestError) as taken:
        answers.name_taken(message)
    assert str(taken.value).startswith(f"added no trigger {said}: a trigger of this name exists already")
