"""Hand the wait of a task to the triggerer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger

if TYPE_CHECKING:
    from airflow_provider_truepush.waiting.goal import Goal


def defer_wait(
    operator: Any,
    campaign_id: str,
    goal: Goal,
    *,
    truepush_conn_id: str,
    poke_interval: float,
    timeout: float,
    cancel_on_kill: bool,
    carry: dict[str, Any] | None = None,
) -> NoReturn:
    """Defer a task until the wait ends; ``execute_complete`` of the operator resumes it with the event.

    :param operator: the operator.
    :param campaign_id: the campaign.
    :param goal: when the wait ends.
    :param truepush_conn_id: id of the connection.
    :param poke_interval: seconds between polls.
    :param timeout: seconds that the wait may take.
    :param cancel_on_kill: cancel the campaign when someone ends the deferred task.
    :param carry: further arguments of ``execute_complete``, as JSON primitives. The event returns them as well, because
        ``dag.test()`` drops the arguments of a deferral.
    """
    operator.defer(
        trigger=TruepushCampaignStatsTrigger(
            campaign_id=campaign_id,
            truepush_conn_id=truepush_conn_id,
            goal=goal.as_dict(),
            poke_interval=poke_interval,
            timeout=timeout,
            started_at=time.time(),
            cancel_on_kill=cancel_on_kill,
            carry=carry,
        ),
        method_name="execute_complete",
        kwargs=carry,
    )
    raise AssertionError("unreachable: defer() raises")
