"""The MERGE engine: on PostgreSQL and DuckDB as references, and the SQL of databases that do not run here."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.merge import MergeEngine
from airflow_provider_truepush.export.sql.merge_dialects import DUCKDB, POSTGRESQL, REDSHIFT, MergeDialect
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.sql.warehouse import Warehouse
from tests.export.databases import CONN_ID, Database
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, START, campaign, row, run_of

Make = Callable[..., Warehouse]
#: Redshift's record, whose statements PostgreSQL takes but for the lock's short form and the size of texts.
AS_REDSHIFT = replace(REDSHIFT, types={**REDSHIFT.types, "text": "TEXT", "json": "TEXT"})
RECORDS = {"postgresql": POSTGRESQL, "redshift": AS_REDSHIFT, "duckdb": DUCKDB}


class Counted:
    """A cursor that counts its statements."""

    def __init__(self, cursor: Any, statements: list[str]) -> None:
        self._cursor = cursor
        self._statements = statements

    def execute(self, statement: str, *given: Any) -> Any:
        self._statements.append(statement)
        return self._cursor.execute(statement, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class CountingEngine(MergeEngine):
    def __init__(self, hook: Any, described: MergeDialect, statements: list[str]) -> None:
        super().__init__(hook, described)
        self._statements = statements

    def cursor(self, connection: Any) -> Any:
        return Counted(super().cursor(connection), self._statements)


class Place:
    """A database, written to by the MERGE engine."""

    def __init__(self, database: Database, described: MergeDialect) -> None:
        self.database = database
        self.described = described
        self.statements: list[str] = []

    def sink(self, run: Any = None, **given: Any) -> Warehouse:
        engine = CountingEngine(self.database.hook, self.described, self.statements)
        return Warehouse(
            engine,
            tables("truepush_", given.pop("schema", None)),
            run or run_of(),
            conn_id=CONN_ID,
            patience=20.0,
            **given,
        )

    def write(self, *rows: Any, run: Any = None, **given: Any) -> Warehouse:
        sink = self.sink(run or run_of(rows[0].snapshot_key, load_id=rows[0].load_id), **given)
        with closing(sink):
            sink.prepare()
            sink.write(Batch(rows=list(rows)))
        return sink


@pytest.fixture(params=list(RECORDS))
def place(request: pytest.FixtureRequest) -> Place:
    fixture = "duckdb" if request.param == "duckdb" else "postgres"
    return Place(request.getfixturevalue(fixture), RECORDS[request.param])


def test_a_row_comes_back_as_it_was_written(place: Place) -> None:
    written = row(1, 7, title="Größe 'A' 100% ? \N{SNOWMAN} \N{ROCKET}\t\\N\r\n:x", extra={"Bounces": [1, None]})
    place.write(written)
    (kept,) = place.database.rows(f"SELECT {', '.join(COLUMNS)} FROM {HISTORY}")
    found = dict(zip(COLUMNS, kept, strict=True))
    for moment in ("observed_at", "created_at", "logical_date"):
        found[moment] = place.database.moment(found[moment])
    assert found == dict(zip(COLUMNS, as_values(written), strict=True))
    ((title, first, last),) = place.database.rows(f"SELECT title, first_seen, last_seen FROM {CAMPAIGNS}")
    assert title == written.title
    assert [place.database.moment(one) for one in (first, last)] == [START, START]


def test_a_newer_observation_replaces_an_older_one_and_not_the_other_way(place: Place) -> None:
    place.write(row(1, 10, at=60))
    place.write(row(1, 5, at=0), row(2, 5, at=0))
    assert place.database.rows(f"SELECT clicks FROM {HISTORY} ORDER BY campaign_id") == [(10,), (5,)]
    place.write(row(1, 11, at=60))
    place.write(row(1, 12, at=61, title=None))
    for table in (HISTORY, LATEST):
        assert place.database.rows(f"SELECT clicks, title FROM {table} ORDER BY campaign_id") == [
            (12, "Campaign 1"),
            (5, "Campaign 2"),
        ]
    ((first, last),) = place.database.rows(f"SELECT first_seen, last_seen FROM {CAMPAIGNS} WHERE id = '{campaign(1)}'")
    assert (place.database.moment(first), place.database.moment(last)) == (START, START + timedelta(seconds=61))


def test_a_late_snapshot_joins_the_history_and_leaves_the_latest(place: Place) -> None:
    place.write(row(1, 10, at=60, run=run_of("day 2")))
    place.write(row(1, 5, at=0, run=run_of("day 1")))
    found = place.database.rows(f"SELECT snapshot_key, clicks FROM {HISTORY} ORDER BY 1")
    assert found == [("day 1", 5), ("day 2", 10)]
    assert place.database.rows(f"SELECT snapshot_key, clicks FROM {LATEST}") == [("day 2", 10)]
    assert place.database.rows("SELECT count(*) FROM truepush_campaign_stats_increments") == [(2,)]


@pytest.mark.parametrize("rounds", ["first run", "re-run"])
def test_a_batch_of_a_thousand_takes_at_most_twenty_statements(place: Place, rounds: str) -> None:
    rows = [row(number, 1) for number in range(1000)]
    if rounds == "re-run":
        place.write(*rows)
    with closing(place.sink()) as sink:
        sink.prepare()
        place.statements.clear()
        sink.write(Batch(rows=rows))
    assert len(place.statements) <= 20, place.statements
    assert place.database.rows(f"SELECT count(*) FROM {HISTORY}") == [(1000,)]
    assert place.database.rows(f"SELECT count(*) FROM {LATEST}") == [(1000,)]


def test_parameter_limits_are_respected(place: Place) -> None:
    place.described = replace(place.described, parameters=210, characters=2000)
    place.write(*(row(number, number, title="x" * 90) for number in range(50)))
    inserts = [statement for statement in place.statements if statement.startswith("INSERT INTO truepush_stage")]
    assert max(len(re.findall(r"%s|\?", statement)) for statement in inserts) <= 210
    assert place.database.rows(f"SELECT count(*), sum(clicks) FROM {HISTORY}") == [(50, sum(range(50)))]


def without_keys(place: Place) -> None:
    """Tables as a warehouse has them that does not enforce keys."""
    with closing(place.sink()) as sink:
        sink.prepare()
    for table in (HISTORY, LATEST, CAMPAIGNS):
        place.database.run(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")


@pytest.mark.parametrize("described", [POSTGRESQL, AS_REDSHIFT], ids=["guarded", "redshift"])
def test_two_exports_at_once_double_nothing_where_keys_are_not_enforced(
    postgres: Database, described: MergeDialect
) -> None:
    place = Place(postgres, described)
    without_keys(place)

    def export(number: int) -> None:
        run = run_of(load_id=f"load {number}")
        with closing(place.sink(run)) as sink:
            for start in range(0, 60, 20):
                rows = [row(one, number, at=number, run=run) for one in range(start, start + 20)]
                sink.write(Batch(rows=rows))

    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(export, range(4)))
    for table, key in ((HISTORY, "campaign_id"), (LATEST, "campaign_id"), (CAMPAIGNS, "id")):
        assert postgres.rows(f"SELECT count(*), count(DISTINCT {key}) FROM {table}") == [(60, 60)]
    assert postgres.rows(f"SELECT DISTINCT clicks FROM {HISTORY}") == [(3,)]


def test_the_states_of_campaigns(place: Place) -> None:
    for day in (1, 2, 3):
        rows = [row(1, 5, at=day, run=run_of(f"day {day}")), row(2, day, at=day, run=run_of(f"day {day}"))]
        place.write(*rows)
    with closing(place.sink(run_of("day 3"))) as sink:
        found = sink.lookup([campaign(1), campaign(2), campaign(9)], done=True, unchanged=9)
    assert {one: known.unchanged for one, known in found.items()} == {campaign(1): 1, campaign(2): 0}
    assert found[campaign(1)].done_at == START + timedelta(seconds=3)
    assert found[campaign(1)].first_seen == START + timedelta(seconds=1)


def test_columns_evolve(place: Place) -> None:
    place.write(row(1, 4))
    place.database.run("DROP VIEW truepush_campaign_stats_increments")
    for table in (HISTORY, LATEST):
        place.database.run(f"ALTER TABLE {table} DROP COLUMN clicks")
    with pytest.raises(TruepushSchemaError, match="lacks clicks"):
        place.write(row(1, 5, at=1), schema_contract="freeze")
    place.write(row(1, 5, at=1))
    assert place.database.rows(f"SELECT clicks FROM {LATEST}") == [(5,)]


def test_a_table_and_a_view_of_others_are_refused(place: Place) -> None:
    place.database.run(f"CREATE VIEW {HISTORY} AS SELECT 1 AS project")
    with pytest.raises(TruepushSchemaError, match="is a view"):
        place.write(row(1, 1))
    place.database.run(f"DROP VIEW {HISTORY}")
    place.database.run("CREATE TABLE truepush_campaign_stats_increments (a INTEGER)")
    with pytest.raises(TruepushSchemaError, match="is a table, but the view"):
        place.write(row(1, 1))


def test_tables_in_a_given_schema(place: Place) -> None:
    place.database.run('CREATE SCHEMA "My Schema"')
    for value in (1, 2):
        place.write(row(1, value, at=value), schema="My Schema")
    assert place.database.rows(f'SELECT clicks FROM "My Schema".{HISTORY}') == [(2,)]
