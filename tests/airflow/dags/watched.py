"""Two watchers of one connection, each with a Dag that returns the campaigns it was started for."""

from __future__ import annotations

from typing import Any

from airflow.sdk import DAG, Asset, AssetWatcher, task

from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger

for project in ("books", "toys"):
    trigger = TruepushNewCampaignsTrigger(truepush_conn_id="truepush_watched", project=project, poll_interval=1)
    asset = Asset(f"truepush://{project}/campaigns", watchers=[AssetWatcher(name=project, trigger=trigger)])
    with DAG(f"on_campaign_of_{project}", schedule=[asset]) as dag:

        @task
        def announce(triggering_asset_events: Any = None) -> list[Any]:
            return [event.extra["payload"] for events in triggering_asset_events.values() for event in events]

        announce()
    globals()[dag.dag_id] = dag
