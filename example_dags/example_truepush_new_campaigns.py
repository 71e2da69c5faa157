"""Run when a campaign appears in the project, created by a Dag, by a Truepush trigger or in Truepush's console.

The Dag has no schedule. While it is not paused, a watcher in the triggerer lists the campaigns every 30 seconds. A run
may be about several campaigns that appeared at once. It fetches their statistics, as far as they exist.

It needs Airflow 3.0 or newer (from 3.3 on, no campaign is missed while no triggerer runs), and a connection of type
``truepush`` called ``truepush_default``. To watch another project, use another connection and another asset.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow_provider_truepush.operators.campaign import TruepushGetCampaignStatsOperator
from airflow_provider_truepush.triggers.campaign import TruepushNewCampaignsTrigger

log = logging.getLogger(__name__)

try:
    from airflow.sdk import DAG, Asset, AssetWatcher, task
except ImportError:  # Airflow 2 has no watchers, so this file has no Dag there
    pass
else:
    campaigns = Asset(
        "truepush://shop/campaigns",
        watchers=[AssetWatcher("new_campaigns", TruepushNewCampaignsTrigger(project="shop", poll_interval=30))],
    )

    with DAG(
        dag_id="example_truepush_new_campaigns",
        schedule=[campaigns],
        tags=["truepush", "example"],
        doc_md=__doc__,
    ):

        @task
        def new_campaigns(triggering_asset_events: Any = None) -> list[str]:
            found = [event.extra["payload"] for event in triggering_asset_events[campaigns]]
            for campaign in found:
                log.info("%r, created %s: %s", campaign["title"], campaign["created_at"], campaign["uri"])
            return [campaign["campaign_id"] for campaign in found]

        TruepushGetCampaignStatsOperator.partial(task_id="fetch_stats").expand(campaign_id=new_campaigns())
