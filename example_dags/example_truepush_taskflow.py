"""Report the most clicked campaign of the last seven days every Monday, with plain functions and ``TruepushHook``.

The hook has a method for each of Truepush's endpoints. Reads can be repeated safely. To send, use
``TruepushCreateCampaignOperator`` or ``@task.truepush_campaign``, which know what an earlier try has sent.

It needs a connection of type ``truepush`` called ``truepush_default``.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_truepush.hooks.truepush import TruepushHook

log = logging.getLogger(__name__)

with DAG(
    dag_id="example_truepush_taskflow",
    schedule="0 6 * * 1",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 2},
    tags=["truepush", "example"],
    doc_md=__doc__,
):

    @task
    def list_recent() -> list[dict[str, Any]]:
        since = datetime.now(UTC) - timedelta(days=7)
        with TruepushHook() as truepush:
            return [
                campaign.as_dict()
                for campaign in truepush.list_campaigns()
                if campaign.created_at is not None and campaign.created_at >= since
            ]

    @task
    def fetch_numbers(campaigns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = []
        with TruepushHook() as truepush:
            for campaign in campaigns:
                stats = truepush.get_campaign_stats(campaign["id"])
                if stats is not None:  # None: not sent yet
                    rows.append({**campaign, **stats.as_dict(), "click_rate": stats.click_rate})
        return rows

    @task
    def report(rows: list[dict[str, Any]]) -> str | None:
        rows = sorted(rows, key=lambda row: row["click_rate"] or 0, reverse=True)
        for row in rows:
            log.info("%s: %d clicks of %d delivered", row["title"], row["clicks"], row["delivered"])
        return rows[0]["title"] if rows else None

    report(fetch_numbers(list_recent()))
