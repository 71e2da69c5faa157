"""PostgreSQL through psycopg 3, to which rows go in binary, and through psycopg2, to which they go as text."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import psutil
import pytest

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.tables import tables
from tests.export import checks
from tests.export.databases import VARIABLE, Database
from tests.export.support import HISTORY, LATEST, campaign, row, run_of, warehouse, write


@pytest.mark.parametrize(
    "check",
    [
        checks.a_row_comes_back_as_it_was_written,
        checks.a_newer_observation_replaces_an_older_one_and_not_the_other_way,
        checks.an_export_without_titles_keeps_those_that_are_known,
        checks.a_counter_that_fell_is_kept_and_flagged,
        checks.what_is_known_of_campaigns,
        checks.missing_columns_are_added_as_nullable_ones,
        checks.odd_prefixes_work,
    ],
)
def test_checks_for_every_database(postgres_by_driver: Database, check: Callable[[Database], None]) -> None:
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
        broken = replace(row(900, 1), campaign_id="half \ud83d")
        with pytest.raises(Exception, match=r"surrogates not allowed|UnicodeEncodeError"):
            sink.write(Batch(rows=[*(row(number, 1) for number in range(1, 1200)), broken]))
        assert postgres_by_driver.rows(f"SELECT * FROM {HISTORY}") == []
        sink.write(Batch(rows=[row(1, 2)]))
    assert postgres_by_driver.rows(f"SELECT campaign_id, clicks FROM {HISTORY}") == [(campaign(1), 2)]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGQUIT])
def test_a_connection_that_the_server_ended_is_opened_again(
    postgres_by_driver: Database, end: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    """Alone, or with all others, as in a crash; psycopg2 has other words and another class of errors for that."""
    sink = warehouse(postgres_by_driver)
    with closing(sink):
        sink.prepare()
        sink.write(Batch(rows=[row(1, 1)]))
        pid = sink._do(backend)
        os.kill(pid, end)
        while psutil.pid_exists(pid):
            time.sleep(0.01)
        sink.write(Batch(rows=[row(1, 2, at=1)]))
    assert "next attempt in" in caplog.text
    assert postgres_by_driver.rows(f"SELECT clicks FROM {HISTORY}") == [(2,)]


def backend(cursor: Any) -> int:
    """The process of the server that serves a connection."""
    cursor.execute("SELECT pg_backend_pid()")
    (pid,) = cursor.fetchone()
    return int(pid)


class Interrupted(list[Any]):
    """Rows, half-way of which something happens."""

    def __init__(self, rows: list[Any], happens: Callable[[], None]) -> None:
        super().__init__(rows)
        self._at = len(rows) // 2
        self._happens = happens

    def __iter__(self) -> Iterator[Any]:
        for number, one in enumerate(super().__iter__()):
            if number == self._at:
                self._happens()
            yield one

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice) and place.start == self._at:
            self._happens()
        return super().__getitem__(place)


def test_a_crash_of_the_server_within_a_transaction_is_waited_for(postgres_by_driver: Database) -> None:
    tries: list[int] = []

    def work(cursor: Any) -> None:
        tries.append(backend(cursor))
        if len(tries) == 1:
            os.kill(tries[0], signal.SIGQUIT)
            while psutil.pid_exists(tries[0]):
                time.sleep(0.01)
            time.sleep(0.1)  # for psycopg2 to find the end of the connection and not a broken one
        cursor.execute(f"UPDATE {HISTORY} SET clicks = 2")

    write(postgres_by_driver, row(1, 1))
    with closing(warehouse(postgres_by_driver)) as sink:
        sink._do(work)
    assert len(tries) == 2
    assert postgres_by_driver.rows(f"SELECT clicks FROM {HISTORY}") == [(2,)]


def test_what_psycopg2_raises_of_some_connections_that_a_crash_has_ended_passes(postgres: Database) -> None:
    """Which class it takes hangs on milliseconds: the test above does not see this one each time."""
    psycopg2 = pytest.importorskip("psycopg2")
    engine = postgres.engine()
    assert engine.is_transient(psycopg2.DatabaseError("server closed the connection unexpectedly"))
    for other in (psycopg2.DataError, psycopg2.IntegrityError, psycopg2.ProgrammingError, psycopg2.Error):
        assert not engine.is_transient(other("no"))


def test_a_connection_that_is_lost_within_the_rows_is_opened_again(postgres_by_driver: Database) -> None:
    with closing(warehouse(postgres_by_driver)) as sink:
        sink.prepare()
        engine = sink._engine
        with closing(engine.connect()) as connection:
            with engine.transaction(connection) as cursor:
                pid = backend(cursor)
            some = [as_values(row(number, 1)) for number in range(20_000)]
            rows = Interrupted(some, lambda: os.kill(pid, signal.SIGTERM))
            with pytest.raises(Exception, match=r"\w") as caught:  # noqa: SIM117
                with engine.transaction(connection) as cursor:
                    engine.upsert(cursor, tables("truepush_", None).history, rows)
        assert engine.is_transient(caught.value), repr(caught.value)
    assert postgres_by_driver.rows(f"SELECT * FROM {HISTORY}") == []


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
