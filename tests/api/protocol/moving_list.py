"""A list that may change between any two requests, and what a walk makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.reading import Found, Page, Pause
from airflow_provider_truepush.models import CampaignRef

Order = Literal["newest", "oldest", "title", "shuffled"]
NOW = 1_790_000_000
YEAR = 365 * 86_400


@dataclass(slots=True)
class Row:
    """A campaign of the model.

    :param made: when it was created.
    :param skew: by how much the clock was ahead that made its id, in seconds.
    """

    number: int
    made: int
    skew: int = 0
    title: str = "t"

    @property
    def id(self) -> str:
        return f"{self.made + self.skew:08x}{self.number:016x}"

    @property
    def ref(self) -> CampaignRef:
        return CampaignRef(self.id, self.title)


@dataclass(slots=True)
class MovingList:
    """The server. Pages count from 1.

    :param changes: one is made after each page; they may add, delete and move rows.
    :param overlap: this many rows of each page are on the page before it as well.
    """

    order: Order
    page_size: int
    rows: list[Row] = field(default_factory=list)
    changes: Sequence[Callable[[MovingList], object]] = ()
    asked: list[int] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    seed: int = 0
    waited: float = 0.0
    overlap: int = 0
    _shown: list[Row] | None = None

    def shown(self) -> list[Row]:
        if self._shown is None or len(self._shown) != len(self.rows):
            self._shown = self._sorted()
        return self._shown

    def _sorted(self) -> list[Row]:
        if self.order == "newest":
            return sorted(self.rows, key=lambda row: (-row.made, -row.number))
        if self.order == "oldest":
            return sorted(self.rows, key=lambda row: (row.made, row.number))
        if self.order == "title":
            return sorted(self.rows, key=lambda row: (row.title, row.number))
        return sorted(self.rows, key=lambda row: sha256(f"{self.seed} {row.number}".encode()).digest())

    def page(self, number: int) -> list[CampaignRef]:
        first = (number - 1) * self.page_size
        rows = [row.ref for row in self.shown()[max(0, first - self.overlap) : first + self.page_size]]
        self.asked.append(number)
        if len(self.asked) <= len(self.changes):
            self.changes[len(self.asked) - 1](self)
            self._shown = None
        return rows

    def add(self, made: int = NOW, title: str = "new") -> None:
        number = 1 + max((row.number for row in self.rows), default=0) + len(self.deleted)
        self.rows.append(Row(number, made, 0, title))

    def delete(self, place: int) -> None:
        if self.rows:
            self._shown = None
            row = self.shown()[place % len(self.rows)]
            self.rows.remove(row)
            self.deleted.add(row.id)

    def grow_by_pages(self, pages: int) -> None:
        for _ in range(pages * self.page_size):
            self.add()

    def shrink_by_pages(self, pages: int, place: int) -> None:
        """Delete neighboring rows."""
        for _ in range(pages * self.page_size):
            self.delete(min(place, len(self.rows) - 1))

    def move(self, place: int, title: str) -> None:
        """Move a row in a list that is in order of titles."""
        if self.rows:
            self.rows[place % len(self.rows)].title = title


def rows(count: int, *, spread: int = YEAR, titles: Iterable[str] = ("t",), until: int = NOW) -> list[Row]:
    """Rows created evenly over the time up to now."""
    names = list(titles)
    step = spread / max(1, count)
    return [Row(n + 1, int(until - step * (count - 1 - n)), 0, names[n % len(names)]) for n in range(count)]


@dataclass(slots=True)
class Walked:
    """What a walk came to."""

    found: list[CampaignRef]
    result: Any
    asked: list[int]

    @property
    def ids(self) -> set[str]:
        return {row.id for row in self.found}


def drive(walk: Any, server: MovingList) -> Walked:
    """Answer a walk until it ends."""
    found: list[CampaignRef] = []
    before = len(server.asked)
    try:
        step = next(walk)
        while True:
            answer: Sequence[CampaignRef] = ()
            if isinstance(step, Page):
                answer = server.page(step.number)
                assert len(server.asked) < 20_000, "the walk does not end"
            elif isinstance(step, Pause):
                server.waited += step.seconds
            else:
                assert isinstance(step, Found)
                found += step.rows
            step = walk.send(answer)
    except StopIteration as end:
        return Walked(found, end.value, server.asked[before:])


def hint() -> Hint:
    return Hint()
