"""Send a campaign, wait for its delivery, and export its statistics: the Dag to be tested."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

with DAG("my_dag", schedule=None) as dag:
    send = TruepushCreateCampaignOperator(
        task_id="send",
        title="News of the week",
        message="What is new",
        link="https://example.com/news",
        segment="Returning customers",
    )
    delivered = TruepushCampaignStatsSensor(
        task_id="delivered", campaign_id=send.output, thresholds={"delivery_rate": 0.9}, poke_interval=0.2, timeout=60
    )
    delivered >> TruepushStatsToSqlOperator(task_id="export", sql_conn_id="warehouse")
