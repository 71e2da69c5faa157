"""Tables to report on, and the page that is written from them."""

from __future__ import annotations

import pytest

from tests.export.databases import Database
from tests.report.tables import prepare

EVIL = "<script>document.title='taken'</script></script><img src=x onerror=\"document.title='taken'\"> & 20 % off"


@pytest.fixture
def tables(sqlite: Database) -> Database:
    """The empty tables behind the connection ``warehouse``."""
    prepare(sqlite)
    return sqlite
