"""Export statistics to Google Cloud Storage every night, and load each file into a table of its day in BigQuery.

A run that is cleared replaces its file, and then its table. Query all days as ``analytics.truepush_campaign_stats_*``,
and take the newest ``observed_at`` of each campaign.

It needs a connection of type ``truepush`` called ``truepush_default``, and one to Google called
``google_cloud_default`` that may write into the bucket and the dataset, both of which exist.
Packages: ``apache-airflow-providers-google``, ``gcsfs``, ``pyarrow``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.google.cloud.transfers.gcs_to_bigquery import GCSToBigQueryOperator

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator

BUCKET = "my-bucket"

with DAG(
    dag_id="example_truepush_files_to_bigquery",
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
        path=f"gs://google_cloud_default@{BUCKET}/truepush",
        format="parquet",
        project="shop",
    )
    load = GCSToBigQueryOperator(
        task_id="load_stats",
        bucket=BUCKET,
        source_objects=[
            "{{ ti.xcom_pull(task_ids='export_stats')['files'][0]['path'].partition('@" + BUCKET + "/')[2] }}"
        ],
        destination_project_dataset_table="analytics.truepush_campaign_stats_{{ data_interval_end | ds_nodash }}",
        source_format="PARQUET",
        write_disposition="WRITE_TRUNCATE",
        gcp_conn_id="google_cloud_default",
    )
    export >> load
