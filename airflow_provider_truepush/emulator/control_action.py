"""The description of one control: its place, its keys, the function that carries it out, and an example."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.emulator.controls import Controls

#: The path of all controls.
ROOT = "/_emulator"
#: Takes the controls, the JSON body, the query, and the rest of the path.
Run = Callable[[Controls, dict[str, Any], dict[str, str], str], Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One control.

    :param methods: HTTP methods that do the same.
    :param name: the first part of the path below ``/_emulator/``.
    :param summary: what it does, for the manual.
    :param run: does it.
    :param keys: the keys of the JSON body.
    :param query: the keys of the query.
    :param argument: what follows the name in the path; empty for nothing.
    :param argument_optional: the argument can be left out.
    :param example: a body that works where the objects of Truepush's reference exist.
    :param sample: an argument that works there.
    """

    methods: tuple[str, ...]
    name: str
    summary: str
    run: Run
    keys: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    argument: str = ""
    argument_optional: bool = False
    example: dict[str, Any] | None = None
    sample: str = ""

    @property
    def path(self) -> str:
        """Return the path below the control address, with its argument in braces."""
        return f"{self.name}/{{{self.argument}}}" if self.argument else self.name

    @property
    def changes(self) -> bool:
        """True when it changes the emulator."""
        return "GET" not in self.methods
