"""Databases and an emulator for the tests of this folder."""

from __future__ import annotations

from tests.contract.fixtures import emulator, kept_emulator, own_emulator, plain_machine, quick
from tests.export.databases import (
    database,
    duckdb,
    mariadb,
    mariadb_socket,
    other,
    postgres,
    postgres_by_driver,
    postgres_folder,
    sqlite,
)

__all__ = [
    "database",
    "duckdb",
    "emulator",
    "kept_emulator",
    "mariadb",
    "mariadb_socket",
    "other",
    "own_emulator",
    "plain_machine",
    "postgres",
    "postgres_by_driver",
    "postgres_folder",
    "quick",
    "sqlite",
]
