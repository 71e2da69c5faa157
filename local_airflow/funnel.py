"""A campaign's delivery funnel as a chart in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.bar import Bar
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

# Each stage with the stage that its share is of, and its color.
STAGES = (
    ("reach", "Reached by the segment", None, "blue"),
    ("sent", "Sent", "reach", "cyan"),
    ("delivered", "Delivered", "sent", "green"),
    ("views", "Viewed", "delivered", "yellow"),
    ("clicks", "Clicked", "delivered", "magenta"),
    ("button0", "First button", "clicks", "magenta"),
    ("button1", "Second button", "clicks", "magenta"),
    ("unsubscribers", "Unsubscribed", "delivered", "red"),
)


def share(stats: Mapping[str, int], counter: str, whole: str | None) -> str:
    """Return a share such as ``97.1% of sent``; an empty text when the divisor is 0."""
    if whole is None or not stats[whole]:
        return ""
    return f"{100 * stats[counter] / stats[whole]:.1f}% of {whole}"


def chart(stats: Mapping[str, int], title: str, width: int = 110) -> Panel:
    """Return the funnel: one bar per stage, whose length is its share of the reach.

    :param width: columns at most.
    """
    bars = max(10, min(40, width - 60))
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column("stage", no_wrap=True)
    table.add_column("bar", width=bars, no_wrap=True)
    table.add_column("people", justify="right", no_wrap=True)
    table.add_column("share", style="dim", no_wrap=True)
    reach = max(stats["reach"], 1)
    for counter, label, whole, color in STAGES:
        # Small counters show too: an eighth of a column is the least that a bar can be.
        length = max(stats[counter], reach / bars / 8) if stats[counter] else 0
        bar = Bar(size=reach, begin=0, end=length, width=bars, color=color)
        table.add_row(label, bar, f"{stats[counter]:,}", share(stats, counter, whole))
    return Panel(table, title=Text(title), box=box.ROUNDED, expand=False)


def show(stats: Mapping[str, int], title: str) -> None:
    """Print the funnel."""
    console = Console()
    if not console.is_terminal:  # in a pipe the width is a guess
        console = Console(width=110)
    console.print(chart(stats, title, console.width))
