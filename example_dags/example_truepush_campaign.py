"""Send a web push campaign, wait until it is delivered, and fetch its statistics.

Nothing is scheduled: start it by hand, and choose the segment in the form. It needs a connection of type ``truepush``
called ``truepush_default``. To try it without sending a push, run ``make demo`` or ``make airflow``.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_truepush.operators.campaign import (
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor

with DAG(
    dag_id="example_truepush_campaign",
    schedule=None,
    tags=["truepush", "example"],
    doc_md=__doc__,
    params={
        "segment_id": Param(
            type="string",
            pattern="^[0-9a-f]{24}$",
            title="Segment",
            description="Id of the segment that gets the push. TruepushHook().list_segments() lists the ids.",
        ),
    },
):
    create = TruepushCreateCampaignOperator(
        task_id="create_campaign",
        title="Autumn sale: 30% off walking boots",
        message="Until Sunday, in every size. Free returns.",
        link="https://shop.example.com/boots?utm_campaign={{ run_id | urlencode }}",
        buttons=[
            {"text": "Shop now", "link": "https://shop.example.com/boots"},
            {"text": "Find a store", "link": "https://shop.example.com/stores"},
        ],
        image="https://shop.example.com/images/boots-wide.jpg",
        icon="https://shop.example.com/images/icon.png",
        tags=["sale", "boots"],
        segment_id="{{ params.segment_id }}",
        expires_in=timedelta(hours=48),
        user_interaction=True,
    )

    # Waits in the triggerer, so no worker is held while the push goes out.
    wait = TruepushCampaignStatsSensor(
        task_id="wait_until_delivered",
        campaign_id=create.output,
        thresholds={"delivery_rate": 0.95},
        fail_if={"unsubscribe_rate": 0.02},  # too many subscribers leave: someone should look at this campaign
        settled_after=timedelta(hours=2),  # the remaining subscribers are offline
        poke_interval=10,
        timeout=timedelta(hours=12).total_seconds(),
        deferrable=True,
    )

    stats = TruepushGetCampaignStatsOperator(task_id="fetch_stats", campaign_id=create.output)

    wait >> stats
