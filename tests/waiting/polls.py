"""A watch that sees a series of polls."""

from __future__ import annotations

from airflow_provider_truepush.exceptions import (
    TruepushServerError,
)
from airflow_provider_truepush.models import CampaignStats
from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
from tests.api.support import COUNTERS


def stats(**counters: int) -> CampaignStats:
    """Counters of 0 but for those given."""
    return CampaignStats.from_api(
        {**dict.fromkeys(COUNTERS, 0), **{key.capitalize(): n for key, n in counters.items()}}
    )


def last(goal: Goal, *series: CampaignStats | TruepushServerError | None, every: float = 10) -> Verdict:
    """The verdict on the last of a series of polls; all before it must keep waiting."""
    watch = Watch(goal)
    for number, polled in enumerate(series, start=1):
        verdict = (
            watch.fail(polled, number * every)
            if isinstance(polled, TruepushServerError)
            else watch.observe(polled, number * every)
        )
        assert verdict.over == (verdict.state != "waiting")
        if number < len(series):
            assert verdict.state == "waiting", (number, verdict)
    return verdict


FAILED = TruepushServerError("campaignStats: Truepush failed")


def fail(watch: Watch, *moments: float) -> list[str]:
    return [watch.fail(FAILED, at).state for at in moments]
