"""Wait on the worker, in the task that has sent the campaign."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.waiting.goal import Verdict, Watch

if TYPE_CHECKING:
    from airflow_provider_truepush.waiting.campaign_wait import CampaignWait


def wait_on_worker(wait: CampaignWait, campaign_id: str, interval: float, timeout: float) -> Verdict:
    """Poll until the wait ends; return its last verdict. The last poll comes at the timeout.

    :param wait: the wait.
    :param campaign_id: the campaign.
    :param interval: seconds between polls; ``Retry-After`` lengthens it.
    :param timeout: seconds that the wait may take.
    """
    watch, end = Watch(wait.goal), time.monotonic() + timeout
    with TruepushHook(wait.truepush_conn_id) as hook:
        while True:
            verdict, asked = wait.poll(hook, campaign_id, watch, interval)
            left = end - time.monotonic()
            if not verdict.over and left <= 0:
                verdict = watch.time_out(timeout)
            if verdict.over:
                return verdict
            with wait.kill_switch.released():
                time.sleep(min(max(interval, asked), left))
