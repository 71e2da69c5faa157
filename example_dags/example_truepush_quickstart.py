"""Send a campaign to one segment, wait for its delivery, and export its statistics to a warehouse.

The quickstart in the documentation runs this Dag against the emulator. It needs a connection of type ``truepush``
called ``truepush_default`` and one to an SQL database called ``warehouse``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

with DAG(
    dag_id="example_truepush_quickstart",
    schedule=None,
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    tags=["truepush", "example"],
    doc_md=__doc__,
):
    send = TruepushCreateCampaignOperator(
        task_id="send",
        title="Autumn sale: 30% off walking boots",
        message="Until Sunday, in every size.",
        link="https://shop.example.com/boots",
        segment="Returning customers",  # without a segment it goes to ALL subscribers
    )
    delivered = TruepushCampaignStatsSensor(
        task_id="delivered",
        campaign_id=send.output,
        thresholds={"delivery_rate": 0.9},
        poke_interval=5,
        timeout=timedelta(minutes=10).total_seconds(),
        deferrable=True,
    )
    export = TruepushStatsToSqlOperator(
        task_id="export",
        sql_conn_id="warehouse",
        project="shop",
    )
    delivered >> export
