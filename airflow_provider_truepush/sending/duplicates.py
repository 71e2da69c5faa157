"""Duplicates of a campaign that the network made of one request, and their end."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.record import are_duplicates

log = logging.getLogger(__name__)


class Duplicates:
    """Cancels them while they are scheduled; each is tried once.

    :param hook: the project.
    :param campaign_id: the campaign that stays.
    """

    def __init__(self, hook: TruepushHook, campaign_id: str) -> None:
        self._hook = hook
        self._campaign_id = campaign_id
        self._seen = {campaign_id}

    def cancel(self, found: Iterable[str], *, certain: bool) -> None:
        """Cancel what is proven to be a copy, and tell of the rest.

        :param found: campaigns of the title that appeared since the intent and are no other send's outcome.
        :param certain: whether they can be no other send's at all.
        """
        for other in found:
            if other in self._seen:
                continue
            if certain and are_duplicates([self._campaign_id, other]):
                cancelled = self._hook.cancel_campaign(other)
                log.warning("Campaign %s is a second copy of %s; cancelled: %s.", other, self._campaign_id, cancelled)
            else:
                log.warning(
                    "Campaign %s has the title of %s and appeared since; whose it is is open, and it stays.",
                    other,
                    self._campaign_id,
                )
            self._seen.add(other)
