"""The queries of the documentation, on each warehouse."""

from __future__ import annotations

from tests.export import documented_queries
from tests.warehouses.standins import StandIn


def test_each_query_answers_what_it_says(place: StandIn) -> None:
    documented_queries.write(place)
    for name in documented_queries.NAMES:
        assert documented_queries.answer(place, name) == documented_queries.expected(name), name
