"""Every night, write the statistics of all recent campaigns into a file: one per run, in a folder per day.

Truepush only tells the counters of now. A run whose day is over and done with, in a backfill or after a long pause, is
therefore skipped: today's counters are not written under an old date. A run that is cleared writes its file anew, in
the place of the old one; two runs never write the same file. The asset tells Dags that read the files.

It needs a connection of type ``truepush`` called ``truepush_default``, and a variable ``truepush_files`` with the
place: an absolute path on every worker, or a URL such as ``s3://conn_id@bucket/prefix`` (then also the provider of that
storage). ``pip install 'airflow-provider-truepush[parquet]'``, or take ``format="jsonl"`` or ``"csv"``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator

with DAG(
    dag_id="example_truepush_stats_to_object_storage",
    schedule="0 1 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,  # True does no harm: runs of the past are skipped
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
