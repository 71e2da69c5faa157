"""A trigger that waits for the counters of a campaign."""

from __future__ import annotations

import time
from typing import Any

from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from tests.contract.driver import CONN_ID
from tests.contract.world import SENT


def trigger(**arguments: Any) -> TruepushCampaignStatsTrigger:
    """Return a trigger that polls often, with some arguments changed."""
    given: dict[str, Any] = {
        "campaign_id": SENT,
        "truepush_conn_id": CONN_ID,
        "goal": Goal(thresholds={"delivered": 10}).as_dict(),
        "poke_interval": 0.05,
        "timeout": 60.0,
        "started_at": time.time(),
    }
    return TruepushCampaignStatsTrigger(**{**given, **arguments})
