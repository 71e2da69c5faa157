"""Imports go one way: from the faces over the rooms to the core, and never in a circle."""

from __future__ import annotations

from pathlib import Path

from tools import rooms

ROOT = Path(__file__).parents[2]
GRAPH = rooms.graph(ROOT)


def test_no_arrow_points_up() -> None:
    assert rooms.upward(rooms.arrows(GRAPH), rooms.ROWS) == []


def test_no_arrow_points_up_within_the_core() -> None:
    assert rooms.upward(rooms.arrows(GRAPH, rooms.api_room), rooms.API_ROWS) == []


def test_no_circle() -> None:
    assert rooms.circles(GRAPH) == []


def test_every_room_has_a_place() -> None:
    assert set(map(rooms.room, GRAPH)) - {name for row in rooms.ROWS for name in row} == {""}
    assert set(map(rooms.api_room, GRAPH)) - {name for row in rooms.API_ROWS for name in row} == {""}


def test_the_front_of_the_core_has_at_most_seven_doors() -> None:
    """What other rooms import of ``api/``: its four folders, and errors, checks and templated."""
    doors = {rooms.api_room(other) for name, others in GRAPH.items() for other in others if rooms.room(name) != "api"}
    assert len(doors - {""}) <= 7, sorted(doors)


def test_modules_are_small() -> None:
    long = {
        name: lines
        for name, path in rooms.modules(ROOT).items()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }
    assert long == {}


def test_an_upward_arrow_and_a_circle_are_seen() -> None:
    edges = {"p.client.a": {"p.hooks.b"}, "p.hooks.b": {"p.client.a"}}
    assert rooms.upward(rooms.arrows(edges), rooms.ROWS) == ["client -> hooks (1)"]
    assert rooms.circles(edges) == [["p.client.a", "p.hooks.b", "p.client.a"]]
