"""Fixtures for the suites that drive the hooks; their folders' conftest files pass them on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_truepush.client import shared_rate
from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import FLAVOURS, Flavour, clean, hurry
from tests.support.tokens import SESSION_TOKEN


@pytest.fixture(params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """Which of the two hooks."""
    hook: Flavour = request.param
    return hook


@pytest.fixture
def emulator(kept_emulator: Emulator) -> Iterator[Emulator]:
    """An emulator at its beginning, which has told nobody to slow down."""
    kept_emulator.reset()
    shared_rate._projects.clear()
    yield kept_emulator
    kept_emulator.reset()


@pytest.fixture
def own_emulator() -> Iterator[Emulator]:
    """An emulator that no other test has connections to, for counting those."""
    with Emulator(token=SESSION_TOKEN) as emulator:
        yield emulator


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxies and certificates but those of a test."""
    clean(monkeypatch)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short back-offs."""
    hurry(monkeypatch)
