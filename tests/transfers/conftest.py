"""Databases, an emulator and tasks for the tests of transfers."""

from __future__ import annotations

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect, hurry
from tests.contract.fixtures import emulator, own_emulator, plain_machine
from tests.export.databases import (
    database,
    duckdb,
    mariadb,
    other,
    postgres,
    sqlite,
)

__all__ = [
    "database",
    "duckdb",
    "emulator",
    "mariadb",
    "other",
    "own_emulator",
    "plain_machine",
    "postgres",
    "sqlite",
    "truepush",
]


@pytest.fixture
def truepush(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, behind the connection ``truepush_default``, with short back-offs."""
    hurry(monkeypatch)
    # After a 429 a connection goes slowly for a while, as long as the process lives.
    monkeypatch.setattr("airflow_provider_truepush.client.rate_limit.FLOOR", 5000.0)
    connect(monkeypatch, emulator, "truepush_default", max_attempts=3, timeout=5)
    return emulator
