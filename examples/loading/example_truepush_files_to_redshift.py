"""Export statistics to S3 every night, and copy each file into a table of Redshift.

The rows of a run that is cleared replace its former rows.

It needs a connection of type ``truepush`` called ``truepush_default``, one to S3 called ``aws_default``, whose role may
read the bucket from Redshift too, and one to Redshift called ``redshift_default``, where the table exists::

    CREATE TABLE public.truepush_campaign_stats_files (
        project VARCHAR(800), campaign_id VARCHAR(256), snapshot_key VARCHAR(800), observed_at TIMESTAMP,
        title VARCHAR(65535), created_at TIMESTAMP, reach BIGINT, sent BIGINT, delivered BIGINT, views BIGINT,
        clicks BIGINT, button0 BIGINT, button1 BIGINT, unsubscribers BIGINT, raw VARCHAR(65535),
        logical_date TIMESTAMP, dag_id VARCHAR(1000), run_id VARCHAR(1000), past_interval BOOLEAN,
        link VARCHAR(65535), segment_id VARCHAR(256), segment VARCHAR(65535), tags VARCHAR(65535),
        sent_by_dag_id VARCHAR(1000), sent_by_run_id VARCHAR(1000), sent_by_task_id VARCHAR(1000));

Packages: ``apache-airflow-providers-amazon[s3fs]``, ``redshift-connector``, ``pyarrow``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator

BUCKET = "my-bucket"

with DAG(
    dag_id="example_truepush_files_to_redshift",
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
        path=f"s3://aws_default@{BUCKET}/truepush",
        format="parquet",
        project="shop",
    )
    load = S3ToRedshiftOperator(
        task_id="load_stats",
        s3_bucket=BUCKET,
        s3_key="{{ ti.xcom_pull(task_ids='export_stats')['files'][0]['path'].partition('@" + BUCKET + "/')[2] }}",
        schema="public",
        table="truepush_campaign_stats_files",
        copy_options=["FORMAT AS PARQUET"],
        method="UPSERT",
        upsert_keys=["project", "campaign_id", "snapshot_key"],
        aws_conn_id="aws_default",
        redshift_conn_id="redshift_default",
    )
    export >> load
