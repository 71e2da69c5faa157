"""Imports go one way: from the faces over the rooms to the core, and never in a circle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import rooms

ROOT = Path(__file__).parents[2]
Graph = dict[str, set[str]]

#: The rooms of ``api/``: a reader looks behind each of them to find something.
MOST_DOORS = 7
#: The lines of a module.
MOST_LINES = 300


@pytest.fixture(scope="module", name="graph")
def read_graph() -> Graph:
    """The imports of all modules; each process of the suite imports this module, and one of them needs them."""
    return rooms.graph(ROOT)


def test_no_arrow_points_up(graph: Graph) -> None:
    assert rooms.upward(rooms.arrows(graph), rooms.ROWS) == []


def test_no_arrow_points_up_within_the_core(graph: Graph) -> None:
    assert rooms.upward(rooms.arrows(graph, rooms.api_room), rooms.API_ROWS) == []


def test_the_core_has_few_doors(graph: Graph) -> None:
    doors = {name for name in map(rooms.api_room, graph) if name}
    assert len(doors) <= MOST_DOORS, sorted(doors)


def test_no_circle(graph: Graph) -> None:
    assert rooms.circles(graph) == []


def test_every_room_has_a_place(graph: Graph) -> None:
    assert set(map(rooms.room, graph)) - {name for row in rooms.ROWS for name in row} == {""}
    assert set(map(rooms.api_room, graph)) - {name for row in rooms.API_ROWS for name in row} == {""}


def test_modules_are_small() -> None:
    for name, path in rooms.modules(ROOT).items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, name


def test_an_upward_arrow_and_a_circle_are_seen() -> None:
    edges = {"p.client.a": {"p.hooks.b"}, "p.hooks.b": {"p.client.a"}}
    assert rooms.upward(rooms.arrows(edges), rooms.ROWS) == ["client -> hooks (1)"]
    assert rooms.circles(edges) == [["p.client.a", "p.hooks.b", "p.client.a"]]
