"""Cancel the campaigns that a broken network made of one request."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.record import are_duplicates

log = get_logger(__name__)


class Duplicates:
    """Cancels duplicates while they are scheduled; each is tried once.

    :param hook: the project.
    :param campaign_id: the campaign that stays.
    """

    def __init__(self, hook: TruepushHook, campaign_id: str) -> None:
        self._hook = hook
        self._campaign_id = campaign_id
        self._seen = {campaign_id}

    def cancel(self, found: Iterable[str], *, certain: bool) -> None:
        """Cancel campaigns that are proven to be duplicates, and report the others.

        :param found: campaigns of the title that appeared since the intent and are not the outcome of another send.
        :param certain: whether they cannot belong to another send.
        """
        for other in found:
            if other in self._seen:
                continue
            if certain and are_duplicates([self._campaign_id, other]):
                was_canceled = self._hook.cancel_campaign(other)
                fate = "was canceled" if was_canceled else "could not be canceled: it was sent or canceled before"
                log.warning("Campaign %s is a duplicate of %s and %s.", other, self._campaign_id, fate)
            else:
                log.warning(
                    "Campaign %s has the same title as %s and was created later. It cannot be attributed to this send, "
                    "so it was not canceled.",
                    other,
                    self._campaign_id,
                )
            self._seen.add(other)
