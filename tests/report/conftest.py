"""A database for the tests of this folder."""

from __future__ import annotations

from tests.export.databases import sqlite

__all__ = ["sqlite"]
