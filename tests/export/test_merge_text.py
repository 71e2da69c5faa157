"""The SQL of databases that no test can reach, and the statements that BigQuery and Snowflake get."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.export.sql import merge_dialects
from airflow_provider_truepush.export.sql.bigquery import BigqueryEngine
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.merge import MergeEngine
from airflow_provider_truepush.export.sql.snowflake import SnowflakeEngine
from airflow_provider_truepush.export.sql.tables import tables
from tests.export.merge_statements import statements
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, row

RENDERED = {
    "mssql": merge_dialects.SQL_SERVER,
    "databricks": merge_dialects.DATABRICKS,
    "snowflake": merge_dialects.SNOWFLAKE,
    "redshift": merge_dialects.REDSHIFT,
}


@pytest.mark.parametrize("kind", list(RENDERED))
def test_the_record_of_a_connection(kind: str) -> None:
    hook = SimpleNamespace(conn_type=kind, placeholder="%s", get_conn=None, dialect_name="default")
    engine = engine_for(hook, "warehouse")
    assert isinstance(engine, MergeEngine)
    assert engine.described is RENDERED[kind]


def test_the_sql_of_sql_server() -> None:
    """No server of it runs in the tests: what is sent is looked at."""
    found = statements(merge_dialects.SQL_SERVER)
    assert "title NVARCHAR(max)" in found["create history"].replace("MAX", "max")
    assert "VARCHAR(200)" in found["create history"]
    assert "observed_at DATETIME2(6) NOT NULL" in found["create history"]
    merge = found["merge history"]
    assert merge.startswith(
        "MERGE INTO stats.truepush_campaign_stats WITH (HOLDLOCK) USING (SELECT * FROM OPENJSON(%s)"
    )
    assert merge.endswith(";")
    assert merge.count("%s") == 1
    assert "clicks BIGINT" in merge


def test_the_sql_of_databricks() -> None:
    found = statements(merge_dialects.DATABRICKS)
    assert "title STRING" in found["create history"]
    merge = found["merge latest"]
    assert "inline(from_json(%s, 'ARRAY<STRUCT<project: STRING, campaign_id: STRING" in merge
    assert "WHEN MATCHED AND (s.observed_at >= truepush_campaign_stats_latest.observed_at" in merge


def test_the_sql_of_redshift_has_only_what_redshift_knows() -> None:
    found = statements(merge_dialects.REDSHIFT)
    assert "JSONB" not in found["create history"]
    assert "TEXT" not in found["create history"]
    assert "project VARCHAR(800)" in found["create history"]
    assert "WHEN MATCHED AND" not in found["merge history"]


def written_by(engine: Engine, count: int) -> list[tuple[str, Any]]:
    """What an engine runs for a batch."""
    ran: list[tuple[str, Any]] = []
    cursor: Any = SimpleNamespace(execute=lambda statement, values=(): ran.append((statement, values)))
    engine.write(cursor, tables("truepush_", None), [row(number, 1) for number in range(count)])
    return ran


def test_bigquery_gets_a_batch_as_one_script_in_a_transaction() -> None:
    ((script, values),) = written_by(BigqueryEngine(SimpleNamespace(placeholder="?"), "marts"), 30)
    first, lock, *merges, last = [statement.strip() for statement in script.rstrip(";").split("; ")]
    assert (first, last) == ("BEGIN TRANSACTION", "COMMIT TRANSACTION")
    assert lock == "UPDATE truepush_export_lock SET batches = batches + 1 WHERE TRUE"
    assert [merge.split()[2] for merge in merges] == [HISTORY, LATEST, CAMPAIGNS]
    assert len(json.loads(values["batch"])) == 30


@pytest.mark.parametrize(("count", "files"), [(30, 0), (2001, 1)])
def test_snowflake_takes_the_lock_before_it_merges(count: int, files: int) -> None:
    words = [statement.split()[0] for statement, _ in written_by(SnowflakeEngine(SimpleNamespace()), count)]
    assert words == ["CREATE", "PUT", "COPY"] * files + ["BEGIN", "UPDATE", "MERGE", "MERGE", "MERGE"]


@pytest.mark.parametrize(("kind", "word"), [("clickhouse", "ClickHouse")])
def test_databases_that_would_get_a_statement_per_row_are_refused(kind: str, word: str) -> None:
    hook = SimpleNamespace(conn_type=kind, placeholder="%s", get_conn=None)
    with pytest.raises(TruepushSchemaError, match=rf"{word}[\s\S]*Nothing was fetched"):
        engine_for(hook, "warehouse")
