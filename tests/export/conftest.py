"""Databases and an emulator for the tests of this folder."""

from __future__ import annotations

from tests.contract.fixtures import emulator, own_emulator, plain_machine, quick
from tests.export.databases import (
    database,
    duckdb,
    mariadb,
    other,
    postgres,
    postgres_by_driver,
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
    "postgres_by_driver",
    "quick",
    "sqlite",
]
