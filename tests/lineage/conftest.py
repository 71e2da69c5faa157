"""The fixtures of the tests of transfers."""

from __future__ import annotations

from tests.transfers.conftest import (
    database,
    duckdb,
    emulator,
    mariadb,
    other,
    own_emulator,
    plain_machine,
    postgres,
    sqlite,
    truepush,
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
