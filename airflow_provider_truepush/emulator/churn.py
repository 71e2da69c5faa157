"""Lists that move while they are read: rows that are added, deleted and moved between two pages."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from typing import Any

from airflow_provider_truepush.emulator.effects import ENDPOINTS_OF
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_choice
from airflow_provider_truepush.emulator.outcomes import BY_NAME

#: The lists by the name of their endpoint, each with the name of its rows in ``seed``.
LISTS: dict[str, str] = {name: f"{BY_NAME[name].resource}s" for name in ENDPOINTS_OF["endless_list"]}
PLACES = ("start", "end", "random")


@dataclass(slots=True)
class Churn:
    """Changes that follow each page of a list that is read.

    :param endpoint: a list, such as ``listTrigger``; ``*`` for all four.
    :param delete: rows to delete after each page.
    :param add: rows to add after each page.
    :param move: rows to move after each page, each beside another row drawn at random.
    :param where: which rows are deleted and moved: those at the ``start`` or the ``end`` of the list as it is
        shown, or at ``random``.
    :param times: after how many pages the changes end; None for never.
    """

    endpoint: str = "*"
    delete: int = 0
    add: int = 0
    move: int = 0
    where: str = "random"
    times: int | None = None

    def __post_init__(self) -> None:
        check_choice("churn: endpoint", self.endpoint, ("*", *LISTS))
        check_choice("churn: where", self.where, PLACES)
        for name in ("delete", "add", "move", "times"):
            value: Any = getattr(self, name)
            if value is None and name == "times":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
                raise TruepushEmulatorError(f"churn: {name} is {value!r}. It must be a whole number from 0 to 10000.")

    def as_dict(self) -> dict[str, Any]:
        """Return its settings."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def take_turn(self, endpoint: str) -> bool:
        """Return whether it acts after this page, and count it."""
        if self.endpoint not in ("*", endpoint) or self.times == 0:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def pick(self, length: int, count: int, draws: random.Random) -> list[int]:
        """Choose rows; return their places in the list as it is shown.

        :param length: of the list.
        :param count: how many rows.
        """
        count = min(count, length)
        if self.where == "random":
            return draws.sample(range(length), count)
        return list(range(count) if self.where == "start" else range(length - count, length))
