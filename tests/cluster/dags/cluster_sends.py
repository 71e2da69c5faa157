"""The Dags of the cluster's tests: mapped creates, sensors, and tasks on the queue whose worker is killed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

RETRIES: dict[str, Any] = {"retries": 5, "retry_delay": timedelta(seconds=3)}
SEND: dict[str, Any] = {
    "message": "Until Sunday, in every size.",
    "link": "https://shop.example.com/boots",
    "segment_id": "{{ params.segment_id }}",
    "settle_window": timedelta(seconds=10),
    **RETRIES,
}
WATCH: dict[str, Any] = {"thresholds": {"delivery_rate": 0.5}, "deferrable": True}
EXPORT: dict[str, Any] = {"sql_conn_id": "warehouse", "project": "shop", "table_prefix": "cluster_", **RETRIES}
SEGMENT = {"segment_id": Param(type="string", pattern="^[0-9a-f]{24}$")}


@task
def titles(params: dict[str, Any] | None = None) -> list[str]:
    assert params is not None
    return [f"{params['prefix']} {number:03d}" for number in range(params["count"])]


with DAG("cluster_mapped", schedule=None, params={**SEGMENT, "prefix": "Mapped", "count": 100}):
    send = TruepushCreateCampaignOperator.partial(
        task_id="send", wait_for_delivery=True, poke_interval=5, delivery_timeout=900, **WATCH, **SEND
    ).expand(title=titles())
    send >> TruepushStatsToSqlOperator(task_id="export", trigger_rule="all_done", **EXPORT)

with DAG("cluster_sends", schedule=None, params={**SEGMENT, "prefix": "Sent", "count": 10}):
    TruepushCreateCampaignOperator.partial(task_id="send", **SEND).expand(title=titles())


@task
def campaigns(params: dict[str, Any] | None = None) -> list[str]:
    assert params is not None
    return list(params["campaign_ids"])


with DAG("cluster_watch", schedule=None, params={"campaign_ids": []}):
    TruepushCampaignStatsSensor.partial(task_id="watch", poke_interval=2, timeout=900, **WATCH, **RETRIES).expand(
        campaign_id=campaigns()
    )

with DAG("cluster_paced", schedule=None, params={"campaign_ids": [], "tasks": 8}):

    @task
    def places(params: dict[str, Any] | None = None) -> list[int]:
        assert params is not None
        return list(range(params["tasks"]))

    @task
    def ask(place: int, params: dict[str, Any] | None = None) -> int:
        assert params is not None
        asked, delivered = 0, 1
        with TruepushHook("truepush_paced") as truepush:
            while delivered <= 1:  # until the test ends the campaign's script
                stats = truepush.get_campaign_stats(params["campaign_ids"][place])
                asked, delivered = asked + 1, stats.delivered if stats else 0
        return asked

    paced, all_places = campaigns(), places()
    paced >> all_places
    TruepushCampaignStatsSensor.partial(
        task_id="watch",
        priority_weight=10,
        poke_interval=1,
        timeout=900,
        truepush_conn_id="truepush_paced",
        **WATCH,
        **RETRIES,
    ).expand(campaign_id=paced)
    ask.expand(place=all_places)  # the sensors come first: deferred, they leave all task processes to these

with DAG("cluster_killed_sends", schedule=None, params={**SEGMENT, "prefix": "Killed"}):
    for store, ledger in (("state", {}), ("ledger", {"ledger_conn_id": "warehouse"})):
        TruepushCreateCampaignOperator(
            task_id=f"send_{store}",
            title=f"{{{{ params.prefix }}}} {store}",
            queue="victim",
            truepush_conn_id="truepush_slow",
            **ledger,
            **SEND,
        )

with DAG("cluster_killed_export", schedule=None):
    TruepushStatsToSqlOperator(task_id="export", queue="victim", **{**EXPORT, "table_prefix": "killed_"})

with DAG("cluster_export", schedule=None):
    TruepushStatsToSqlOperator(task_id="export", **{**EXPORT, "table_prefix": "final_"})
