"""What OpenLineage is told of exports, when its own provider asks; the names are as its rules have them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.export.databases import CONN_ID, Database, connect as declare
from tests.transfers.lineage import lineage, names
from tests.transfers.tasks import CAMPAIGNS, HISTORY, LATEST

TABLES = (HISTORY, LATEST, CAMPAIGNS)


def expected(database: Database, tmp_path: Path) -> tuple[str, str]:
    """What the tables of a database are called: the namespace, and what their names begin with."""
    if database.kind == "postgres":
        return "postgres://localhost:5432", "postgres.public."
    if database.kind == "mariadb":
        return "mysql://localhost:3306", "warehouse."
    if database.kind == "duckdb":
        return f"duckdb://{tmp_path}/warehouse.duckdb", "warehouse.main."
    return f"sqlite://{tmp_path}/warehouse.db", ""


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb", "duckdb"])
def test_tables(truepush: Emulator, kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(kind)
    truepush.add_campaigns(2)
    told = lineage(TruepushStatsToSqlOperator(task_id="export", sql_conn_id=CONN_ID, project="shop"))
    assert names(told.inputs) == [("truepush://shop", "campaigns")]
    namespace, begin = expected(database, tmp_path)
    assert names(told.outputs) == [(namespace, begin + table) for table in TABLES]
    # They are plain strings: events are written as JSON.
    assert {type(part) for pair in names(told.outputs) for part in pair} == {str}


@pytest.fixture
def port(postgres_folder: str) -> Iterator[int]:
    """A port of this machine behind which PostgreSQL is; the server itself has a socket only."""

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{postgres_folder}/.s.PGSQL.5432")
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]


def test_tables_of_another_schema_behind_a_port(
    truepush: Emulator, postgres: Database, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.run('CREATE SCHEMA "My Schema"')
    # Without a database in the connection, which is the login's own then.
    declare(monkeypatch, conn_type="postgres", host="127.0.0.1", port=port, login="postgres")
    truepush.add_campaigns(1)
    told = lineage(TruepushStatsToSqlOperator(task_id="export", sql_conn_id=CONN_ID, schema="My Schema"))
    assert names(told.outputs) == [(f"postgres://127.0.0.1:{port}", f"postgres.My Schema.{one}") for one in TABLES]
    assert names(told.inputs) == [("truepush://truepush_default", "campaigns")]


def test_a_database_of_its_own_on_mysql(truepush: Emulator, mariadb: Database) -> None:
    mariadb.run("CREATE OR REPLACE DATABASE elsewhere")
    truepush.add_campaigns(1)
    told = lineage(TruepushStatsToSqlOperator(task_id="export", sql_conn_id=CONN_ID, schema="elsewhere"))
    assert names(told.outputs) == [("mysql://localhost:3306", f"elsewhere.{table}") for table in TABLES]
    mariadb.run("DROP DATABASE elsewhere")


def test_files(truepush: Emulator, tmp_path: Path) -> None:
    truepush.add_campaigns(2)
    told = lineage(
        TruepushStatsToObjectStorageOperator(task_id="export", path=str(tmp_path), format="jsonl", project="shop")
    )
    assert names(told.outputs) == [("file", f"{tmp_path}/campaign_stats")]
    assert names(told.inputs) == [("truepush://shop", "campaigns")]


def test_these_are_the_names_that_openlineage_makes() -> None:
    naming = pytest.importorskip(
        "openlineage.client.naming.dataset", reason="this openlineage-python has no classes for names yet"
    )
    place = {"host": "localhost", "database": "warehouse", "table": HISTORY}
    made = [
        naming.Postgres(port="5432", schema="public", **place),
        naming.MySQL(port="3306", **place),
        naming.LocalFileSystem(path="/srv/stats/campaign_stats"),
        naming.S3("warehouse", "truepush/campaign_stats"),
    ]
    assert [(one.get_namespace(), one.get_name()) for one in made] == [
        ("postgres://localhost:5432", f"warehouse.public.{HISTORY}"),
        ("mysql://localhost:3306", f"warehouse.{HISTORY}"),
        ("file", "/srv/stats/campaign_stats"),
        ("s3://warehouse", "truepush/campaign_stats"),
    ]


def test_a_database_that_went_away_takes_only_the_tables_with_it(
    truepush: Emulator, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    truepush.add_campaigns(1)
    operator = TruepushStatsToSqlOperator(task_id="export", sql_conn_id=CONN_ID, project="shop")
    finish = type(operator).publish_export

    def gone(*given: object) -> object:
        declare(monkeypatch, conn_type="sqlite", host="/nowhere/at/all.db")
        return finish(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(type(operator), "publish_export", gone)
    told = lineage(operator)
    assert names(told.inputs) == [("truepush://shop", "campaigns")]
    assert told.outputs == []


def test_an_export_that_failed_has_no_openlineage_facets(truepush: Emulator, sqlite: Database) -> None:
    truepush.add_campaigns(1)
    truepush.fault("campaignStats", effect="status", status=503)
    told = lineage(TruepushStatsToSqlOperator(task_id="export", sql_conn_id=CONN_ID), failure=Exception)
    assert (told.inputs, told.outputs) == ([], [])
