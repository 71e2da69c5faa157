"""Write the statistics of all recent campaigns into the tables of a warehouse every night.

Truepush reports current counters only. A run that is more than one interval late, in a backfill or after a long pause,
is therefore skipped: today's counters must not be written under an old date. A run that is cleared fetches everything
again and replaces its own rows; a retry fetches only the campaigns that the failed try has left. The asset event starts
the Dags that read the tables. After ten days without any change a campaign is no longer fetched.

It needs a connection of type ``truepush`` called ``truepush_default``, and one to an SQL database called
``warehouse``, such as PostgreSQL, MySQL, SQLite or DuckDB. The first run creates the tables.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

with DAG(
    dag_id="example_truepush_stats_to_sql",
    schedule="0 1 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,  # True is harmless: past runs are skipped
    max_active_runs=1,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=5)},
    tags=["truepush", "example"],
    doc_md=__doc__,
):
    TruepushStatsToSqlOperator(
        task_id="export_stats",
        sql_conn_id="warehouse",
        project="shop",
        refresh_for=timedelta(days=30),
        stop_after_unchanged=10,
        on_past_interval="skip",
        schema_contract="evolve",
        outlets=[Asset("x-truepush://shop/campaign_stats")],
    )
