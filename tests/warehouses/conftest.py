"""Warehouses: tested by ``make test-warehouses`` in environments of their own, and not collected otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect, hurry
from tests.contract.fixtures import emulator, plain_machine
from tests.warehouses.standins import StandIn, bigquery, redshift, snowflake, wanted

__all__ = ["emulator", "place", "plain_machine", "truepush"]

collect_ignore_glob = [] if wanted() else ["test_*.py"]


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """The stand-in of this environment."""
    if wanted() == "redshift":
        with redshift() as found:
            yield found
    elif wanted() == "bigquery":
        with pytest.MonkeyPatch.context() as patch, bigquery(tmp_path_factory.mktemp("bigquery"), patch) as found:
            yield found
    else:
        with snowflake(tmp_path_factory.mktemp("snowflake")) as found:
            yield found


@pytest.fixture
def place(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A warehouse without tables, behind the connection ``warehouse``."""
    stand_in.declare(monkeypatch)
    stand_in.empty()
    return stand_in


@pytest.fixture
def truepush(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, behind the connection ``truepush_default``, with short back-offs."""
    hurry(monkeypatch)
    monkeypatch.setattr("airflow_provider_truepush.client.rate_limit.FLOOR", 5000.0)
    connect(monkeypatch, emulator, "truepush_default", max_attempts=3, timeout=5)
    return emulator
