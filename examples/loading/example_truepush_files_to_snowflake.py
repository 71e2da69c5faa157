"""Export statistics to a bucket every night, and copy each file from an external stage into a table of Snowflake.

A run that is cleared replaces its file; its rows are deleted before the file is copied again.

It needs a connection of type ``truepush`` called ``truepush_default``, one to the bucket called ``aws_default``, and
one to Snowflake called ``snowflake_default``, where the stage leads to the bucket's folder::

    CREATE STAGE truepush_stage URL = 's3://my-bucket/truepush/' STORAGE_INTEGRATION = my_integration;

Packages: ``apache-airflow-providers-snowflake``, ``apache-airflow-providers-amazon[s3fs]``, ``pyarrow``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.snowflake.transfers.copy_into_snowflake import CopyFromExternalStageToSnowflakeOperator

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator

FOLDER = "s3://aws_default@my-bucket/truepush"

with DAG(
    dag_id="example_truepush_files_to_snowflake",
    schedule="0 1 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["truepush", "example"],
    doc_md=__doc__,
):
    export = TruepushStatsToObjectStorageOperator(
        task_id="export_stats",
        path=FOLDER,
        format="parquet",
        project="shop",
    )
    prepare = SQLExecuteQueryOperator(
        task_id="prepare_table",
        conn_id="snowflake_default",
        sql=[
            """CREATE TABLE IF NOT EXISTS truepush_campaign_stats_files (
                project VARCHAR, campaign_id VARCHAR, snapshot_key VARCHAR, observed_at TIMESTAMP_NTZ, title VARCHAR,
                created_at TIMESTAMP_NTZ, reach BIGINT, sent BIGINT, delivered BIGINT, views BIGINT, clicks BIGINT,
                button0 BIGINT, button1 BIGINT, unsubscribers BIGINT, raw VARCHAR, logical_date TIMESTAMP_NTZ,
                dag_id VARCHAR, run_id VARCHAR, past_interval BOOLEAN, link VARCHAR, segment_id VARCHAR,
                segment VARCHAR, tags VARCHAR, sent_by_dag_id VARCHAR, sent_by_run_id VARCHAR,
                sent_by_task_id VARCHAR)""",
            "DELETE FROM truepush_campaign_stats_files WHERE dag_id = '{{ dag.dag_id }}' AND run_id = '{{ run_id }}'",
        ],
        autocommit=True,
    )
    load = CopyFromExternalStageToSnowflakeOperator(
        task_id="load_stats",
        snowflake_conn_id="snowflake_default",
        table="truepush_campaign_stats_files",
        stage="truepush_stage",
        files=["{{ ti.xcom_pull(task_ids='export_stats')['files'][0]['path'].partition('" + FOLDER + "/')[2] }}"],
        file_format="(TYPE = PARQUET)",
        copy_options="MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE FORCE = TRUE",
    )
    export >> prepare >> load
