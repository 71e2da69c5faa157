"""The chart at the end of ``make demo``."""

from __future__ import annotations

import pytest
from rich.console import Console

from local_airflow.funnel import chart, share

STATS = {
    "reach": 31_000,
    "sent": 31_000,
    "delivered": 29_888,
    "views": 7_000,
    "clicks": 500,
    "button0": 120,
    "button1": 60,
    "unsubscribers": 3,
}
NOTHING = dict.fromkeys(STATS, 0)


def draw(stats: dict[str, int], width: int) -> list[str]:
    console = Console(width=width, record=True)
    with console.capture() as capture:
        console.print(chart(stats, "Campaign", width))
    return capture.get().splitlines()


@pytest.mark.parametrize("width", [80, 110, 200])
def test_one_line_per_counter_in_a_box_that_fits(width: int) -> None:
    lines = draw(STATS, width)
    assert len(lines) == len(STATS) + 2
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) <= width


def test_the_few_are_seen_too() -> None:
    unsubscribed = next(line for line in draw(STATS, 110) if "Unsubscribed" in line)
    assert "▏" in unsubscribed


def test_a_reach_of_0_is_shown() -> None:
    assert len(draw(NOTHING, 110)) == len(NOTHING) + 2
    assert share(NOTHING, "views", "delivered") == ""


def test_shares_are_of_the_stage_before() -> None:
    assert share(STATS, "delivered", "sent") == "96.4% of sent"
