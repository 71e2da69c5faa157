"""Cancel a campaign whose wait has ended badly, or whose task was ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.hooks.truepush import TruepushHook

#: The outcome of a cancel, in words.
CANCELED = {
    True: "It was canceled.",
    False: "It could not be canceled: it was already sent or canceled.",
    None: "It is unknown whether it was canceled: one request got no answer, and Truepush answered the next one with "
    "'already sent or canceled'. Check the campaign in Truepush.",
}


def cancel_campaign(
    conn_id: str, campaign_id: str, why: str, log: Any, on_canceled: Callable[[str], None] | None = None
) -> str:
    """Try to cancel a campaign; return the outcome in words. Raises nothing.

    :param conn_id: id of the connection.
    :param campaign_id: the campaign.
    :param why: the reason, for the log.
    :param log: the logger of the task.
    :param on_canceled: called with the id when the campaign was certainly canceled.
    """
    try:
        with meaning("The campaign was not canceled.", replaces=True), TruepushHook(conn_id) as hook:
            canceled = hook.cancel_or_unknown(campaign_id)
    except Exception as error:
        # Not only the errors of this provider: Airflow may fail to look the connection up, and a signal handler must
        # raise nothing.
        outcome = f"Canceling it failed: {error}"
        log.error("Campaign %s: %s. %s", campaign_id, why, outcome)
        return outcome
    if canceled and on_canceled is not None:
        on_canceled(campaign_id)
    outcome = CANCELED[canceled]
    log.warning("Campaign %s: %s. %s", campaign_id, why, outcome)
    return outcome
