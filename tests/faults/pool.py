"""A project per endpoint, so that thirteen calls can wait for their timeouts at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.contract.driver import Flavour, Told, attempt, connect
from tests.contract.world import USES, commits, furnish
from tests.support.tokens import SESSION_TOKEN


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one call, at its caller and at the emulator.

    :param endpoint: which.
    :param emulator: its own.
    :param told: the result.
    :param connections: how many TCP connections were made for it.
    :param seconds: how long it took.
    """

    endpoint: str
    emulator: Emulator
    told: Told
    connections: int
    seconds: float

    @property
    def requests(self) -> int:
        """How many requests there were on the socket."""
        return self.emulator.count()

    @property
    def commits(self) -> int:
        """How many of them changed something."""
        return len(commits(self.emulator, self.endpoint))


@dataclass(frozen=True, slots=True)
class Pool:
    """An emulator for each endpoint."""

    emulators: dict[str, Emulator] = field(
        default_factory=lambda: {name: Emulator(token=SESSION_TOKEN).start() for name in USES}
    )

    def stop(self) -> None:
        """End them all."""
        for emulator in self.emulators.values():
            emulator.stop()

    def call_all(
        self,
        monkeypatch: pytest.MonkeyPatch,
        flavour: Flavour,
        arrange: Callable[[Emulator, str], None],
        names: Sequence[str] = tuple(USES),
        **extra: Any,
    ) -> list[Seen]:
        """Call every endpoint once, each against its own emulator, at the same time.

        :param arrange: puts the faults in place.
        :param names: call these endpoints only.
        :param extra: extras of the connections.
        """
        opened = {}
        for name in names:
            emulator = self.emulators[name]
            furnish(emulator)
            arrange(emulator, name)
            opened[name] = emulator.connections_opened
            connect(monkeypatch, emulator, f"faults_{name}", timezone="UTC", **extra)

        # Airflow 2.11 imports its models at the first use of a connection; in several threads at once that never ends.
        with TruepushHook(f"faults_{names[0]}") as hook:
            hook.get_conn()

        def one(name: str) -> Seen:
            use, emulator, start = USES[name], self.emulators[name], time.monotonic()
            told = attempt(flavour, f"faults_{name}", use.method, *use.args)
            seconds = time.monotonic() - start
            return Seen(name, emulator, told, emulator.connections_opened - opened[name], seconds)

        with ThreadPoolExecutor(len(names)) as threads:
            return list(threads.map(one, names))


def table(seen: list[Seen], column: Callable[[Seen], Any]) -> dict[str, Any]:
    """One number or word by endpoint: compared whole, it shows every endpoint that differs."""
    return {row.endpoint: column(row) for row in seen}
