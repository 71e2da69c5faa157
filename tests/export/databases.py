"""Real databases for the tests of exports, each with an Airflow connection of its own."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.engines import engine_for

CONN_ID = "warehouse"
VARIABLE = f"AIRFLOW_CONN_{CONN_ID.upper()}"


class Database:
    """A database without tables.

    :param kind: as the parameters of the fixture ``database`` name it.
    """

    conn_id = CONN_ID

    def __init__(self, kind: str) -> None:
        self.kind = kind

    @property
    def hook(self) -> Any:
        """A new hook."""
        return BaseHook.get_connection(CONN_ID).get_hook()

    def engine(self) -> Engine:
        """A new engine."""
        return engine_for(self.hook, CONN_ID)

    def run(self, statement: str) -> None:
        """Carry a statement out."""
        with closing(self.hook.get_conn()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            connection.commit()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(self.hook.get_conn()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def moment(self, value: Any) -> Any:
        """A moment as the database gives it, aware."""
        return Engine.moment(value)


def connect(monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
    """Declare the connection as a user does."""
    monkeypatch.setenv(VARIABLE, json.dumps(given))


@pytest.fixture
def sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    connect(monkeypatch, conn_type="sqlite", host=str(tmp_path / "warehouse.db"))
    return Database("sqlite")


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that nothing special is known of: SQLite, treated so."""
    from airflow.providers.sqlite.hooks.sqlite import SqliteHook  # the environments of warehouses have none

    connect(monkeypatch, conn_type="sqlite", host=str(tmp_path / "warehouse.db"))
    # The hook says so itself: a replaced function would stay in each module that is first imported meanwhile.
    monkeypatch.setattr(SqliteHook, "conn_type", "unheard_of")
    monkeypatch.setattr(SqliteHook, "dialect_name", "unheard_of")
    return Database("other")


@pytest.fixture
def postgres(postgres_folder: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    connect(monkeypatch, conn_type="postgres", host=postgres_folder, login="postgres", schema="postgres")
    empty = 'DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS "My Schema" CASCADE'
    Database("postgres").run(empty)
    return Database("postgres")


DRIVERS = ("psycopg", "psycopg2")


@pytest.fixture(params=DRIVERS)
def postgres_by_driver(request: pytest.FixtureRequest, postgres: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """PostgreSQL through each of the two drivers that Airflow's hook knows; it takes the newer where it can."""
    from airflow.providers.postgres.hooks import postgres as hooks

    if request.param == "psycopg2":
        monkeypatch.setattr(hooks, "USE_PSYCOPG3", False, raising=False)
    elif not getattr(hooks, "USE_PSYCOPG3", False):
        pytest.skip("Airflow's provider for PostgreSQL uses psycopg2 here")
    with closing(postgres.hook.get_conn()) as connection:
        assert type(connection).__module__.partition(".")[0] == request.param
    return postgres


@pytest.fixture
def mariadb(mariadb_socket: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    given = {"conn_type": "mysql", "host": "localhost", "login": "root", "extra": {"unix_socket": mariadb_socket}}
    connect(monkeypatch, **given)
    Database("mariadb").run("CREATE OR REPLACE DATABASE warehouse")
    connect(monkeypatch, schema="warehouse", **given)
    return Database("mariadb")


@pytest.fixture
def duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    pytest.importorskip("airflow.providers.duckdb.hooks.duckdb", reason="the extra duckdb is not installed")
    connect(monkeypatch, conn_type="duckdb", host=str(tmp_path / "warehouse.duckdb"))
    return Database("duckdb")


ALL = ("sqlite", "postgres", "mariadb", "duckdb", "other")


@pytest.fixture(params=ALL)
def database(request: pytest.FixtureRequest) -> Database:
    """Each of them."""
    found: Database = request.getfixturevalue(request.param)
    return found
