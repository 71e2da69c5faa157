"""PostgreSQL through psycopg 3, to which rows go in binary, and through psycopg2, to which they go as text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

import pytest

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.rows import COLUMNS, as_values
from tests.export import test_contract as contracts, test_warehouse as warehouses
from tests.export.databases import VARIABLE, Database
from tests.export.support import HISTORY, LATEST, campaign, row, run_of, warehouse, write


@pytest.mark.parametrize(
    "check",
    [
        warehouses.test_a_row_comes_back_as_it_was_written,
        warehouses.test_a_newer_observation_replaces_an_older_one_and_not_the_other_way,
        warehouses.test_an_export_without_titles_keeps_those_that_are_known,
        warehouses.test_a_counter_that_fell_is_kept_and_flagged,
        warehouses.test_what_is_known_of_campaigns,
        contracts.test_missing_columns_are_added_as_nullable_ones,
        contracts.test_odd_prefixes_work,
    ],
)
def test_what_holds_for_every_database(postgres_by_driver: Database, check: Callable[[Database], None]) -> None:
    check(postgres_by_driver)


def test_many_rows_of_every_kind(postgres_by_driver: Database) -> None:
    """More than one slice of text, with all that text has to escape."""
    titles = (None, "", "\\.", "\\N", "a\tb", "a\\\nb\r", "'\"%s $1 {}", "Größe \N{ROCKET}")
    rows = [
        replace(
            row(number, number, at=number / 7, title=titles[number % len(titles)], extra={"n": number, "t": "\\\n"}),
            created_at=None if number % 5 == 0 else row(number, 0).created_at,
            past_interval=number % 3 == 0,
        )
        for number in range(1700)
    ]
    write(postgres_by_driver, *rows)
    for table in (HISTORY, LATEST):
        kept = postgres_by_driver.rows(f"SELECT {', '.join(COLUMNS)} FROM {table} ORDER BY observed_at")
        place = COLUMNS.index("raw")
        expected = [list(as_values(one)) for one in rows]
        for values in expected:
            values[place] = json.loads(values[place])
        assert [list(values) for values in kept] == expected


def test_a_row_that_cannot_be_sent_ends_its_batch_and_nothing_else(postgres_by_driver: Database) -> None:
    sink = warehouse(postgres_by_driver)
    with closing(sink):
        sink.prepare()
        broken = replace(row(900, 1), title="half \ud83d")
        with pytest.raises(Exception, match=r"surrogates not allowed|UnicodeEncodeError"):
            sink.write(Batch(rows=[*(row(number, 1) for number in range(1, 1200)), broken]))
        assert postgres_by_driver.rows(f"SELECT * FROM {HISTORY}") == []
        sink.write(Batch(rows=[row(1, 2)]))
    assert postgres_by_driver.rows(f"SELECT campaign_id, clicks FROM {HISTORY}") == [(campaign(1), 2)]


def test_a_connection_that_the_server_ended_is_made_anew(postgres_by_driver: Database) -> None:
    sink = warehouse(postgres_by_driver)
    with closing(sink):
        sink.prepare()
        sink.write(Batch(rows=[row(1, 1)]))
        with closing(sink._connection.cursor()) as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        postgres_by_driver.run(f"SELECT pg_terminate_backend({pid})")
        sink.write(Batch(rows=[row(1, 2, at=1)]))
    assert postgres_by_driver.rows(f"SELECT clicks FROM {HISTORY}") == [(2,)]


@pytest.mark.parametrize("cursor", ["dictcursor", "namedtuplecursor", "realdictcursor"])
def test_a_connection_that_is_set_to_another_kind_of_rows(
    postgres_by_driver: Database, cursor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(postgres_by_driver.hook.get_conn()) as connection:
        if cursor == "realdictcursor" and not type(connection).__module__.startswith("psycopg2"):
            pytest.skip("psycopg 3 has no such rows")
    given = json.loads(os.environ[VARIABLE])
    monkeypatch.setenv(VARIABLE, json.dumps({**given, "extra": {"cursor": cursor}}))
    for second in (1, 2):
        write(postgres_by_driver, row(1, second, at=second))
    with closing(warehouse(postgres_by_driver, run_of("day 2"))) as sink:
        assert sink.lookup([campaign(1)], done=True, unchanged=1)[campaign(1)].first_seen == row(1, 0, at=1).observed_at
