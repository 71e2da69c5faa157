"""Hundreds of histories in `make test`, thousands in `make prove`: none with a duplicate."""

from __future__ import annotations

import os

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.sending.exploring import LONG, explore
from tests.sending.world import Setup, World, ledger_hook

HISTORIES = int(os.environ.get(LONG, "250"))


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.timeout(7200)
def test_no_history_has_a_duplicate(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    endings = explore(world, HISTORIES)
    print("histories on all journals:", dict(endings.most_common()))
    assert endings["histories"] >= HISTORIES
    assert min(endings[how] for how in ("sent", "same id", "adopted", "person", "retry", "killed")) > 0


@pytest.mark.usefixtures("silence", "postgres")
@pytest.mark.skipif(LONG not in os.environ, reason="for `make prove`")
@pytest.mark.timeout(7200)
def test_no_history_on_postgresql_has_a_duplicate(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(emulator, ledger=ledger_hook)
    world.only = Setup(journal="ledger", siblings=True)
    world.patch(monkeypatch)
    endings = explore(world, HISTORIES // 10)
    print("histories on PostgreSQL:", dict(endings.most_common()))
    assert endings["histories"] >= HISTORIES // 10
