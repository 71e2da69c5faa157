"""The fixtures of the tests of transfers."""

from __future__ import annotations

from tests.transfers.conftest import (
    database,
    duckdb,
    emulator,
    kept_emulator,
    mariadb,
    mariadb_socket,
    other,
    own_emulator,
    plain_machine,
    postgres,
    postgres_folder,
    sqlite,
    truepush,
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
    "postgres_folder",
    "sqlite",
    "truepush",
]
