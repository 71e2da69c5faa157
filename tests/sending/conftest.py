"""An emulator, ledgers and tasks for the tests of this folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.sending.sql_store import TABLE
from tests.contract.driver import connect, hurry
from tests.contract.fixtures import emulator, own_emulator, plain_machine
from tests.sending.tasks import Tasks
from tests.support.postgres import postgres_server

__all__ = ["emulator", "own_emulator", "plain_machine"]


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of an SQL connection to an empty database."""
    path = str(tmp_path / "ledger.db")
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps({"conn_type": "sqlite", "host": path}))
    return "ledger"


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A PostgreSQL for ledgers only: the tests of exports change what its schemas allow."""
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture
def postgres(postgres_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same, in a database without tables."""
    folder = parse_qs(urlsplit(postgres_uri).query)["host"][0]
    given = {"conn_type": "postgres", "host": folder, "login": "postgres", "schema": "postgres"}
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps(given))
    yield "ledger"
    BaseHook.get_hook("ledger").run(f"DROP TABLE IF EXISTS {TABLE}")


@pytest.fixture
def duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, in DuckDB, where each statement is a transaction of its own."""
    pytest.importorskip("airflow.providers.duckdb.hooks.duckdb", reason="the extra duckdb is not installed")
    path = str(tmp_path / "ledger.duckdb")
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps({"conn_type": "duckdb", "host": path}))
    return "ledger"


@pytest.fixture(params=["sqlite", "postgres", "duckdb"])
def sql(request: pytest.FixtureRequest) -> str:
    """The id of an SQL connection to each."""
    conn_id: str = request.getfixturevalue(request.param)
    return conn_id


@pytest.fixture
def tasks(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """Tasks that send to the emulator."""
    hurry(monkeypatch)
    connect(monkeypatch, emulator, "truepush_default", timezone="Europe/Berlin", max_attempts=2, timeout=10)
    return Tasks(emulator)


@pytest.fixture
def silence() -> Iterator[None]:
    """No logs: thousands of histories write millions of lines."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
