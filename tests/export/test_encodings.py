"""Databases of other encodings and settings than the usual ones."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from tests.export.databases import VARIABLE, Database, connect
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, START, campaign, row, run_of, warehouse, write

ROCKET = "Größe \N{ROCKET}!"


@pytest.fixture
def encoded(postgres_by_driver: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Database]:
    """Makes a PostgreSQL database of an encoding."""

    def make(encoding: str) -> Database:
        given = json.loads(os.environ[VARIABLE])
        name = f"in_{encoding.lower()}"
        with closing(postgres_by_driver.hook.get_conn()) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0")
        connect(monkeypatch, **{**given, "schema": name})
        return Database("postgres")

    return make


KEYS = {HISTORY: "campaign_id", LATEST: "campaign_id", CAMPAIGNS: "id"}


def as_exported(database: Database, statement: str) -> list[Any]:
    """Return the rows of a query to a session with the settings of an export, the last column left out."""
    engine = database.engine()
    with closing(engine.connect()) as connection, closing(engine.cursor(connection)) as cursor:
        cursor.execute(statement)
        return [row[:-1] for row in cursor.fetchall()]


def titles(database: Database, table: str = HISTORY) -> list[Any]:
    return [title for (title,) in as_exported(database, f"SELECT title, {KEYS[table]} FROM {table} ORDER BY 2")]


def flags(database: Database) -> list[bool]:
    found = database.rows(f"SELECT CAST(raw AS CHAR(200)) FROM {HISTORY} ORDER BY campaign_id")
    return ["title_replaced" in str(raw) for (raw,) in found]


def test_a_database_of_ascii_holds_every_text(encoded: Callable[[str], Database]) -> None:
    database = encoded("SQL_ASCII")
    for value in (1, 2):
        write(database, row(1, value, at=value, title=ROCKET))
    assert titles(database) == [ROCKET]
    with closing(warehouse(database, run_of("day 2"))) as sink:
        assert set(sink.lookup([campaign(1)], done=True, unchanged=3)) == {campaign(1)}
    assert flags(database) == [False]


@pytest.mark.parametrize(
    ("encoding", "title", "stored"),
    [
        ("LATIN1", ROCKET, "Größe ?!"),
        ("LATIN2", "Łódź \N{ROCKET}", "Łódź ?"),
        ("WIN1252", "5 \N{EURO SIGN} \N{ROCKET}", "5 \N{EURO SIGN} ?"),
        ("EUC_JP", "セール \N{ROCKET}", "セール ?"),
        ("KOI8R", "Скидка \N{ROCKET}", "Скидка ?"),
    ],
)
def test_a_title_that_the_encoding_lacks_is_replaced_and_flagged(
    encoded: Callable[[str], Database], encoding: str, title: str, stored: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = encoded(encoding)
    with caplog.at_level(logging.WARNING):
        sink = write(database, row(1, 1, title=title, extra={title: title}), row(2, 1, title="plain"))
    assert sink.finish(complete=True).titles_replaced == 1
    for table in (HISTORY, LATEST, CAMPAIGNS):
        assert titles(database, table) == [stored, "plain"]
    assert flags(database) == [True, False]
    assert f"such as that of campaign {campaign(1)}" in caplog.text


def test_a_key_that_the_encoding_lacks_is_refused_before_anything_is_fetched(
    encoded: Callable[[str], Database],
) -> None:
    database = encoded("LATIN1")
    with closing(warehouse(database, run_of(project="магазин"))) as sink, pytest.raises(TruepushSchemaError) as caught:
        sink.prepare()
    assert "project: 'магазин'" in str(caught.value)
    assert "Nothing was fetched" in str(caught.value)


SETTINGS = ("datestyle = 'SQL, DMY'", "datestyle = 'German'", "timezone = '<+03>-3'", "client_encoding = 'LATIN1'")


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_a_database_do_not_matter(encoded: Callable[[str], Database], setting: str) -> None:
    database = encoded("UTF8")
    database.run(f"ALTER DATABASE in_utf8 SET {setting}")
    for value in (1, 2):
        write(database, row(1, value, at=value, title=ROCKET, run=run_of(f"day {value}")))
    with closing(warehouse(database, run_of("day 2"))) as sink:
        found = sink.lookup([campaign(1)], done=True, unchanged=3)[campaign(1)]
    assert found.first_seen == row(1, 1, at=1).observed_at
    assert found.done_at == row(1, 1, at=2).observed_at
    query = f"SELECT title, extract(epoch FROM observed_at)::float8, 1 FROM {LATEST}"
    assert as_exported(database, query) == [(ROCKET, START.timestamp() + 2)]


def test_a_title_longer_than_its_column_is_shortened(postgres_by_driver: Database) -> None:
    write(postgres_by_driver, row(1, 1))
    postgres_by_driver.run(f"ALTER TABLE {LATEST} ALTER COLUMN title TYPE varchar(20)")
    sink = write(postgres_by_driver, row(1, 2, at=1, title="x" * 50))
    assert sink.finish(complete=True).titles_replaced == 1
    assert titles(postgres_by_driver) == ["x" * 20]


@pytest.mark.parametrize(
    ("charset", "stored"), [("latin1", "Größe ?!"), ("utf8mb3", "Größe \ufffd!"), ("ascii", "Gr??e ?!")]
)
def test_a_column_of_another_charset(mariadb: Database, charset: str, stored: str) -> None:
    write(mariadb, row(1, 1))
    for table in (HISTORY, LATEST, CAMPAIGNS):
        mariadb.run(f"ALTER TABLE {table} MODIFY title TEXT CHARACTER SET {charset}")
    sink = write(mariadb, row(1, 2, at=1, title=ROCKET), row(2, 1, title="plain"))
    assert sink.finish(complete=True).titles_replaced == 1
    for table in (HISTORY, LATEST, CAMPAIGNS):
        assert titles(mariadb, table) == [stored, "plain"]
    assert flags(mariadb) == [True, False]


def test_a_title_longer_than_a_text_of_mariadb_is_shortened(mariadb: Database) -> None:
    sink = write(mariadb, row(1, 1, title="ß" * 40_000))
    assert sink.finish(complete=True).titles_replaced == 1
    assert titles(mariadb) == ["ß" * 32_767]


def test_a_character_that_only_python_has_in_an_encoding_falls_back_to_ascii(
    encoded: Callable[[str], Database],
) -> None:
    """PostgreSQL has no pound sign in EUC_JP, and refuses what Python took for one of its characters."""
    database = encoded("EUC_JP")
    sink = write(database, row(1, 1, title="Grüße für £9"), row(2, 1, title="plain"))
    assert sink.finish(complete=True).titles_replaced == 1
    assert titles(database) == ["Gr??e f?r ?9", "plain"]
