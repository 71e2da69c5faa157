"""Arguments of the create operator, given in each form that a Dag file can have."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.operators.campaign import (
    TruepushCreateCampaignOperator,
)
from tests.contract.driver import CONN_ID
from tests.contract.world import CAMPAIGN


def create(**arguments: Any) -> Any:
    return TruepushCreateCampaignOperator(task_id="t", truepush_conn_id=CONN_ID, **{**CAMPAIGN, **arguments})
