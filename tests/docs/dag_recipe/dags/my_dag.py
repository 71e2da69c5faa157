"""A Dag to be tested: it sends a campaign and waits for its delivery."""

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor

with DAG("my_dag", schedule=None) as dag:
    send = TruepushCreateCampaignOperator(
        task_id="send",
        title="News of the week",
        message="What is new",
        link="https://example.com/news",
        segment_id="{{ params.segment_id }}",
        params={"segment_id": ""},
    )
    TruepushCampaignStatsSensor(
        task_id="delivered", campaign_id=send.output, thresholds={"delivery_rate": 0.9}, poke_interval=0.2, timeout=60
    )
