"""A mapped task over a feed that a Variable holds, so that it can change between a run and a clear of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import DAG, Variable, task

with DAG("moved", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):

    @task
    def read_feed() -> list[str]:
        return [str(item) for item in Variable.get("feed", deserialize_json=True)]

    @task.truepush_campaign(
        truepush_conn_id="truepush_moved",
        settle_window=timedelta(seconds=4),
        retries=3,
        retry_delay=timedelta(seconds=1),
    )
    def announce(item: str) -> dict[str, str]:
        return {"title": "New in the shop", "message": f"Item {item}", "link": "https://example.com/"}

    announce.expand(item=read_feed())
