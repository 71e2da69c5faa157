"""The tables on real databases: what is written, what replaces what."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from airflow_provider_truepush.exceptions import TruepushWarehouseError
from airflow_provider_truepush.export.batches import Batch
from tests.export import checks
from tests.export.databases import Database
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, START, campaign, row, run_of, warehouse, write


def test_a_row_comes_back_as_it_was_written(database: Database) -> None:
    checks.a_row_comes_back_as_it_was_written(database)


def test_a_newer_observation_replaces_an_older_one_and_not_the_other_way(database: Database) -> None:
    checks.a_newer_observation_replaces_an_older_one_and_not_the_other_way(database)


def test_a_late_snapshot_joins_the_history_and_leaves_the_latest(database: Database) -> None:
    write(database, row(1, 10, at=60, run=run_of("day 2")))
    write(database, row(1, 5, at=0, run=run_of("day 1")))
    assert sorted(database.rows(f"SELECT snapshot_key, clicks FROM {HISTORY}")) == [("day 1", 5), ("day 2", 10)]
    assert database.rows(f"SELECT snapshot_key, clicks FROM {LATEST}") == [("day 2", 10)]


def test_an_export_without_titles_keeps_those_that_are_known(database: Database) -> None:
    checks.an_export_without_titles_keeps_those_that_are_known(database)


def test_keys_that_differ_in_case_or_accents_are_two(database: Database) -> None:
    for key in ("a", "A", "ä"):
        write(database, row(1, 1, run=run_of(key)))
    assert len(database.rows(f"SELECT snapshot_key FROM {HISTORY}")) == 3


def test_a_campaign_that_comes_twice_in_a_batch_counts_once(database: Database) -> None:
    write(database, row(1, 9, at=9), row(1, 5, at=5))
    assert database.rows(f"SELECT clicks FROM {HISTORY}") == [(9,)]


def test_a_counter_that_fell_is_kept_and_flagged(database: Database) -> None:
    checks.a_counter_that_fell_is_kept_and_flagged(database)


def test_a_batch_is_written_whole_or_not_at_all(database: Database) -> None:
    """The last of its tables was removed: what was written into the others before is rolled back."""
    sink = warehouse(database)
    sink.prepare()
    sink.write(Batch(rows=[row(1, 1)]))
    database.run(f"DROP TABLE {CAMPAIGNS}")
    with pytest.raises(TruepushWarehouseError, match=CAMPAIGNS):
        sink.write(Batch(rows=[row(1, 999, at=9), row(2, 1)]))
    sink.close()
    for table in (HISTORY, LATEST):
        assert database.rows(f"SELECT campaign_id, clicks FROM {table}") == [(campaign(1), 1)]


def test_the_view_shows_what_each_snapshot_added(database: Database) -> None:
    for day, value in enumerate((5, 8, 8), 1):
        write(database, row(1, value, at=60 * day, run=run_of(f"day {day}")))
    found = database.rows(
        "SELECT snapshot_key, since, clicks, reach FROM truepush_campaign_stats_increments ORDER BY snapshot_key"
    )
    assert [(key, clicks, reach) for key, _, clicks, reach in found] == [
        ("day 1", 5, 5),
        ("day 2", 3, 3),
        ("day 3", 0, 0),
    ]
    assert found[0][1] is None
    assert database.moment(found[1][1]) == START + timedelta(seconds=60)


def test_the_states_of_campaigns(database: Database) -> None:
    checks.what_is_known_of_campaigns(database)


def test_statements_are_not_prepared(postgres: Database) -> None:
    """A pooler gives the next transaction another session, which knows nothing of them."""
    sink = warehouse(postgres)
    sink.prepare()
    for second in range(12):
        sink.write(Batch(rows=[row(1, second, at=second)]))
    with closing(sink._session.connection.cursor()) as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert cursor.fetchall() == []
    sink.close()


def test_a_row_that_another_thread_committed_meanwhile_is_a_passing_conflict(duckdb: Database) -> None:
    upsert = "INSERT INTO t VALUES (1, 1) ON CONFLICT (k) DO UPDATE SET v = excluded.v"
    with closing(duckdb.hook.get_conn()) as connection, closing(connection.cursor()) as other:
        connection.execute("CREATE TABLE t (k int PRIMARY KEY, v int CHECK (v < 2))")
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM t").fetchall()
        other.execute(upsert)
        with pytest.raises(Exception, match="Duplicate key") as caught:
            connection.execute(upsert)
        assert duckdb.engine().is_transient(caught.value)
        with pytest.raises(Exception, match="CHECK") as caught:
            other.execute("UPDATE t SET v = 3")
        assert not duckdb.engine().is_transient(caught.value)
