"""The plan of a send: what is sent, and what to do about doubt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.sending.siblings import Siblings


@dataclass(frozen=True, slots=True)
class SendPlan:
    """What is sent, and what to do about doubt.

    :param campaign: the campaign.
    :param author: this try, for messages.
    :param is_first_try: False for a later try of the task, which first looks at what the earlier ones sent.
    :param on_doubt: ``reconcile`` looks for the campaign in the list; ``fail`` stops at once.
    :param settle_window: for how many seconds the list is watched.
    :param schedule_ahead: send it that much later, so that it can still be canceled.
    :param may_adopt: whether a single new campaign of the title must be this send's. This is False where tasks with
        the same title run side by side, unless the send store distinguishes them.
    :param guard: called before a new send, and not when an earlier try has sent it: returns the campaign as it may
        go out now, or raises.
    :param siblings: the other map indexes of a mapped task; None for a task that is not mapped.
    :param ended: reports whether the task was ended.
    :param known: called with the id as soon as it is known.
    """

    campaign: Campaign
    author: str
    is_first_try: bool = True
    on_doubt: Literal["reconcile", "fail"] = "reconcile"
    settle_window: float = 60.0
    schedule_ahead: timedelta | None = None
    may_adopt: bool = True
    siblings: Siblings | None = None
    guard: Callable[[Campaign], Campaign] = lambda campaign: campaign
    ended: Callable[[], bool] = lambda: False
    known: Callable[[str | None], None] = lambda campaign_id: None

    @property
    def pause(self) -> float:
        """Return the seconds between two looks within ``settle_window``."""
        return max(0.2, min(5.0, self.settle_window / 10))
