"""Write the statistics of all recent campaigns into a file every night: one per run, in a folder per day.

Truepush reports current counters only. A run that is more than one interval late, in a backfill or after a long pause,
is therefore skipped: today's counters must not be written under an old date. A run that is cleared replaces its file;
two runs never write the same file. The asset event starts the Dags that read the files.

It needs a connection of type ``truepush`` called ``truepush_default``, and a Variable ``truepush_files`` with the
folder: an absolute path on every worker, or a URL such as ``s3://conn_id@bucket/prefix`` (which needs the provider of
that storage). Run ``pip install 'airflow-provider-truepush[parquet]'``, or use ``format="jsonl"`` or ``"csv"``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator

with DAG(
    dag_id="example_truepush_stats_to_object_storage",
    schedule="0 1 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,  # True is harmless: past runs are skipped
    max_active_runs=1,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=5)},
    tags=["truepush", "example"],
    doc_md=__doc__,
):
    TruepushStatsToObjectStorageOperator(
        task_id="export",
        path="{{ var.value.truepush_files }}",
        format="parquet",
        project="shop",
        refresh_for=timedelta(days=30),
        on_past_interval="skip",
        outlets=[Asset("x-truepush://shop/campaign_stats_files")],
    )
