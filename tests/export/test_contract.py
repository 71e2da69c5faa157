"""Tables that are there already: used, completed, or refused before anything is fetched."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.export.columns import COUNTER_COLUMNS
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError, TruepushWarehouseError
from airflow_provider_truepush.export.sql.tables import tables
from tests.export import checks
from tests.export.checks import made, prepare, without
from tests.export.databases import Database
from tests.export.support import HISTORY, LATEST, campaign, row, run_of, warehouse, write

VIEW = "truepush_campaign_stats_increments"
NATIVE = ("sqlite", "postgres", "mariadb", "duckdb")


@pytest.fixture(params=NATIVE)
def native(request: pytest.FixtureRequest) -> Database:
    """A database with upserts of its own."""
    found: Database = request.getfixturevalue(request.param)
    return found


def test_a_table_is_used_as_it_is_the_second_time(native: Database) -> None:
    for contract_ in ("evolve", "freeze"):
        prepare(native, schema_contract=contract_)
    prepare(native, create_table=False, schema_contract="freeze")


def test_a_missing_table_is_named_with_its_definition(native: Database) -> None:
    with pytest.raises(TruepushSchemaError, match=r"(?s)create_table is False.*create the table: CREATE TABLE "):
        prepare(native, create_table=False)


def test_missing_columns_are_added_as_nullable_ones(native: Database) -> None:
    checks.missing_columns_are_added_as_nullable_ones(native)


def test_a_counter_whose_column_came_later_is_unknown_before(native: Database) -> None:
    write(native, row(1, 5, run=run_of("day 1")), row(2, 5, run=run_of("day 1")))
    native.run(f"DROP VIEW {VIEW}")
    for table in (HISTORY, LATEST):
        native.run(f"ALTER TABLE {table} DROP COLUMN clicks")
    write(native, row(1, 7, at=60, run=run_of("day 2")), row(3, 7, at=60, run=run_of("day 2")))
    write(native, row(1, 9, at=120, run=run_of("day 3")))
    found = native.rows(f"SELECT campaign_id, snapshot_key, reach, clicks FROM {VIEW} ORDER BY 1, 2")
    assert found == [
        (campaign(1), "day 1", 5, None),
        (campaign(1), "day 2", 2, None),
        (campaign(1), "day 3", 2, 2),
        (campaign(2), "day 1", 5, None),
        (campaign(3), "day 2", 7, 7),
    ]


def earlier_view(database: Database) -> None:
    """The view of the versions before, in place of the present one."""
    over = "OVER (PARTITION BY h.project, h.campaign_id ORDER BY h.observed_at, h.snapshot_key)"
    added = ", ".join(f"h.{name} - coalesce(lag(h.{name}) {over}, 0) AS {name}" for name in COUNTER_COLUMNS)
    database.run(f"DROP VIEW {VIEW}")
    database.run(
        f"CREATE VIEW {VIEW} AS SELECT h.project, h.campaign_id, h.snapshot_key, lag(h.observed_at) {over} AS since,"
        f" h.observed_at, {added}, h.past_interval, h.counter_regressed FROM {HISTORY} AS h"
    )


def increments(database: Database) -> list[tuple[Any, ...]]:
    """What is told of a counter that was not known at the first of two snapshots."""
    database.run(f"UPDATE {HISTORY} SET clicks = NULL WHERE snapshot_key = 'day 1'")
    return database.rows(f"SELECT reach, clicks FROM {VIEW} ORDER BY snapshot_key")


@pytest.fixture
def with_earlier_view(database: Database) -> Database:
    """Two snapshots, in tables that let a counter be unknown, and the view of the versions before."""
    nullable = without("clicks")
    for table in ("history", "latest"):
        made(database, nullable, table)
    for day in (1, 2):
        write(database, row(1, 5 * day, at=60 * day, run=run_of(f"day {day}")))
    earlier_view(database)
    assert increments(database) == [(5, None), (5, 10)]
    return database


def test_a_view_of_an_earlier_version_is_replaced(
    with_earlier_view: Database, caplog: pytest.LogCaptureFixture
) -> None:
    database = with_earlier_view
    before = database.rows(f"SELECT * FROM {HISTORY}")
    prepare(database)
    if database.kind == "other":
        # Nobody knows how that is done there: a person is told.
        assert increments(database) == [(5, None), (5, 10)]
        assert "was created by an earlier version and was not replaced" in caplog.text
        return
    assert increments(database) == [(5, None), (5, None)]
    assert database.rows(f"SELECT * FROM {HISTORY}") == before
    caplog.clear()
    prepare(database)
    assert "earlier version" not in caplog.text


@pytest.mark.parametrize("given", [{"schema_contract": "freeze"}, {"create_table": False}])
def test_a_view_of_an_earlier_version_is_left_where_nothing_may_be_changed(
    with_earlier_view: Database, given: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    prepare(with_earlier_view, **given)
    assert increments(with_earlier_view) == [(5, None), (5, 10)]
    assert f"The view {VIEW} was created by an earlier version and was not replaced" in caplog.text


def test_a_view_that_a_user_created_is_kept(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    write(database, row(1, 5))
    database.run(f"DROP VIEW {VIEW}")
    database.run(f"CREATE VIEW {VIEW} AS SELECT campaign_id, coalesce(clicks, 0) AS clicks FROM {HISTORY} AS h")
    prepare(database)
    assert database.rows(f"SELECT * FROM {VIEW}") == [(campaign(1), 5)]
    assert "earlier version" not in caplog.text


def test_columns_of_others_are_left_alone_or_refused(native: Database) -> None:
    made(native, lambda ddl: ddl.replace("reach BIGINT", "note VARCHAR(20) DEFAULT 'mine', reach BIGINT", 1))
    with pytest.raises(TruepushSchemaError, match=r"unknown columns note.*'evolve'"):
        prepare(native, schema_contract="freeze")
    write(native, row(1, 4))
    native.run(f"UPDATE {HISTORY} SET note = 'edited'")
    write(native, row(1, 5, at=9))
    assert native.rows(f"SELECT clicks, note FROM {HISTORY}") == [(5, "edited")]


def test_a_column_of_others_that_needs_a_value_is_refused(native: Database) -> None:
    made(native, lambda ddl: ddl.replace("reach BIGINT", "note VARCHAR(20) NOT NULL, reach BIGINT", 1))
    with pytest.raises(TruepushSchemaError, match=r"requires values for columns.*: note"):
        prepare(native)


def test_a_table_without_the_key_is_refused(native: Database) -> None:
    key = "PRIMARY KEY (project, campaign_id, snapshot_key)"
    made(native, lambda ddl: ddl.replace(f", \n\t{key}", ""))
    with pytest.raises(TruepushSchemaError, match=r"no unique key on exactly \(project, campaign_id, snapshot_key\)"):
        prepare(native)


def test_a_table_with_another_key_is_refused(native: Database) -> None:
    made(native, lambda ddl: ddl.replace("(project, campaign_id, snapshot_key)", "(campaign_id)"))
    with pytest.raises(TruepushSchemaError, match="no unique key"):
        prepare(native)


@pytest.mark.parametrize(
    ("column", "declared"), [("clicks", "VARCHAR(20)"), ("clicks", "REAL"), ("observed_at", "BIGINT")]
)
def test_columns_of_another_type_are_refused(native: Database, column: str, declared: str) -> None:
    ours = {"clicks": "clicks BIGINT", "observed_at": "observed_at "}[column]

    def change(ddl: str) -> str:
        lines = [
            f"\t{column} {declared} NOT NULL," if one.strip().startswith(ours) else one for one in ddl.splitlines()
        ]
        return "\n".join(lines)

    made(native, change)
    with pytest.raises(TruepushSchemaError, match=f"has the column {column} of type "):
        prepare(native)


def test_a_moment_without_a_zone_is_refused_on_postgres(postgres: Database) -> None:
    made(postgres, lambda ddl: ddl.replace("observed_at TIMESTAMP WITH TIME ZONE", "observed_at TIMESTAMP"))
    with pytest.raises(TruepushSchemaError, match="has the column observed_at of type timestamp without time zone"):
        prepare(postgres)


def test_a_view_in_the_place_of_a_table_is_refused(database: Database) -> None:
    database.run(f"CREATE VIEW {HISTORY} AS SELECT 1 AS project")
    with pytest.raises(TruepushSchemaError, match="is a view"):
        prepare(database)


def test_a_table_in_the_place_of_the_view_is_refused(native: Database) -> None:
    native.run("CREATE TABLE truepush_campaign_stats_increments (a INTEGER)")
    with pytest.raises(TruepushSchemaError, match="is a table, but the view"):
        prepare(native)


def test_what_another_owner_does_not_share_is_refused(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(postgres)
    postgres.run("DROP ROLE IF EXISTS guest; CREATE ROLE guest")
    postgres.run("GRANT USAGE ON SCHEMA public TO guest; GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
    get_conn = type(postgres.hook).get_conn

    def as_guest(self: Any) -> Any:
        connection = get_conn(self)
        connection.cursor().execute("SET ROLE guest")
        connection.commit()
        return connection

    monkeypatch.setattr(type(postgres.hook), "get_conn", as_guest)
    with pytest.raises(TruepushWarehouseError, match=r"permission denied.*Nothing was fetched"):
        prepare(postgres)
    monkeypatch.undo()


def test_odd_prefixes_work(native: Database) -> None:
    checks.odd_prefixes_work(native)


def test_tables_in_a_given_schema(native: Database) -> None:
    schema = "My Schema"
    engine = native.engine()
    if native.kind == "sqlite":
        schema = "main"
    else:
        native.run(f"CREATE {'DATABASE' if native.kind == 'mariadb' else 'SCHEMA'} {engine.quote(schema)}")
    try:
        write(native, row(1, 1), schema=schema)
        write(native, row(1, 7, at=1), row(2, 7), schema=schema)
        described = tables("truepush_", schema)
        assert native.rows(f"SELECT clicks FROM {engine.name_of(described.history)}") == [(7,), (7,)]
        sink = warehouse(native, run_of("day 9"), schema=schema)
        assert set(sink.lookup([campaign(1)], done=True, unchanged=1)) == {campaign(1)}
        sink.close()
        assert len(native.rows(f"SELECT clicks FROM {engine.qualified(described.increments, schema)}")) == 2
    finally:
        if native.kind == "mariadb":
            native.run(f"DROP DATABASE {engine.quote(schema)}")
        if native.kind == "postgres":
            native.run(f"DROP SCHEMA {engine.quote(schema)} CASCADE")
