"""Databases for the tests of this folder."""

from __future__ import annotations

from tests.export.databases import database, duckdb, mariadb, mariadb_socket, other, postgres, postgres_folder, sqlite

__all__ = ["database", "duckdb", "mariadb", "mariadb_socket", "other", "postgres", "postgres_folder", "sqlite"]
