"""A send that waits deferred, and a sensor, each with two kinds of connection."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor

WAIT = {
    "thresholds": {"sent": 0},
    "poke_interval": 0.2,
    "deferrable": True,
    "error_budget": timedelta(seconds=5),
}

with DAG("deferred", start_date=datetime(2026, 1, 1), schedule=None) as dag:
    for kind in ("environment", "database"):
        connection = {"truepush_conn_id": f"truepush_{kind}"}
        send = TruepushCreateCampaignOperator(
            task_id=f"send_{kind}",
            title="Sale",
            message="All of it",
            link="https://shop.example",
            wait_for_delivery=True,
            delivery_timeout=60,
            **WAIT,
            **connection,
        )
        TruepushCampaignStatsSensor(task_id=f"wait_{kind}", campaign_id=send.output, timeout=60, **WAIT, **connection)


def play() -> dict[str, str]:
    """Return the state of each task."""
    from airflow.models import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add(Connection(conn_id="truepush_database", **json.loads(os.environ["IN_DATABASE"])))
    run = dag.test()
    return {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
