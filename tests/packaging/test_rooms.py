"""Imports go one way: from the faces over the rooms to the core, and never in a circle."""

from __future__ import annotations

from pathlib import Path

from tools import rooms

ROOT = Path(__file__).parents[2]
GRAPH = rooms.graph(ROOT)


#: The rooms of ``api/``: a reader looks behind each of them to find something.
MOST_DOORS = 7
#: The lines of a module.
MOST_LINES = 300


def test_no_arrow_points_up() -> None:
    assert rooms.upward(rooms.arrows(GRAPH), rooms.ROWS) == []


def test_no_arrow_points_up_within_the_core() -> None:
    assert rooms.upward(rooms.arrows(GRAPH, rooms.api_room), rooms.API_ROWS) == []


def test_the_core_has_few_doors() -> None:
    doors = {name for name in map(rooms.api_room, GRAPH) if name}
    assert len(doors) <= MOST_DOORS, sorted(doors)


def test_no_circle() -> None:
    assert rooms.circles(GRAPH) == []


def test_every_room_has_a_place() -> None:
    assert set(map(rooms.room, GRAPH)) - {name for row in rooms.ROWS for name in row} == {""}
    assert set(map(rooms.api_room, GRAPH)) - {name for row in rooms.API_ROWS for name in row} == {""}


def test_modules_are_small() -> None:
    for name, path in rooms.modules(ROOT).items():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES, name


def test_an_upward_arrow_and_a_circle_are_seen() -> None:
    edges = {"p.client.a": {"p.hooks.b"}, "p.hooks.b": {"p.client.a"}}
    assert rooms.upward(rooms.arrows(edges), rooms.ROWS) == ["client -> hooks (1)"]
    assert rooms.circles(edges) == [["p.client.a", "p.hooks.b", "p.client.a"]]
