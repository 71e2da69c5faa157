"""Names that resemble one that was not found."""

from __future__ import annotations

from hypothesis import given, strategies as st

from airflow_provider_truepush.api.checks.near_matches import near_matches, shown

NAMES = ["Returning customers", "New customers", "Weekly digest", "VIP"]


def test_the_closest_comes_first() -> None:
    assert near_matches("returning  Customer", NAMES)[0] == "Returning customers"
    assert near_matches("Weekly", ["Weekly digest", "weekly"]) == ["weekly", "Weekly digest"]
    assert near_matches("something else", NAMES) == []
    assert near_matches("x", []) == []


@given(st.text(), st.lists(st.text()))
def test_at_most_five_and_only_existing_ones(name: str, candidates: list[str]) -> None:
    found = near_matches(name, candidates)
    assert len(found) <= 5
    assert set(found) <= set(candidates)


def test_long_lists_and_long_names_are_bounded() -> None:
    endless = (f"Segment {number}" for number in range(10**9))
    assert len(near_matches("Segment 7", endless)) == 5
    assert near_matches("a" * 100_000, ["a" * 100_000]) == ["a" * 100_000]
    assert len(shown("a" * 100_000)) < 100


def test_rows_without_a_name_are_passed_over() -> None:
    assert near_matches("VIP", [None, "VIP "]) == ["VIP "]
