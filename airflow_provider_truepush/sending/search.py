"""Search the list of campaigns for one whose answer was lost, and for duplicates of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.duplicates import Duplicates
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import CLOCKS_APART, SendRecord, are_duplicates
from airflow_provider_truepush.sending.store import SendStore

log = get_logger(__name__)


class Search:
    """Watches the list for campaigns that a send may have created.

    :param hook: the project.
    :param store: the send store, which may know of other sends.
    :param plan: what is sent, and how long the list is watched.
    :param sleep: waits for a number of seconds.
    :param clock: returns the present moment, in seconds since the epoch.
    """

    def __init__(
        self,
        hook: TruepushHook,
        store: SendStore,
        plan: SendPlan,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._hook = hook
        self._store = store
        self._plan = plan
        self._sleep = sleep
        self._clock = clock

    def look(self, record: SendRecord) -> tuple[list[str], bool]:
        """Return the new campaigns of the title, and whether they cannot belong to another send.

        The list is read until two readings in a row agree, or the window ends.
        """
        end = self._clock() + self._plan.settle_window
        previous: list[str] | None = None
        while True:
            found, rivals = self._candidates(record)
            ours = not rivals and self._must_be_ours(record, found)
            left = end - self._clock()
            if (ours and found == previous) or left <= 0:
                return found, ours
            previous = found
            self._sleep(min(self._plan.pause, left))

    def _must_be_ours(self, record: SendRecord, found: list[str]) -> bool:
        """Return whether the campaigns that were found cannot belong to another send."""
        if not all(record.is_of_its_time(campaign_id) for campaign_id in found):
            return False
        if len(found) == 1:
            # Without a ledger, only the time distinguishes this send from another one of the same title.
            return self._plan.may_adopt or self._store.sees_others
        return self._plan.schedule_ahead is not None and self._store.sees_others and are_duplicates(found)

    def _candidates(self, record: SendRecord) -> tuple[list[str], bool]:
        """Return the campaigns that may be this send's, and whether they may belong to another open send as well.

        The order of the reads matters. A campaign in the list has its intent recorded. If that send is no longer open
        when rivals are read, its outcome is recorded by then, and the read of taken campaigns, which is last, finds it.
        """
        since = datetime.fromtimestamp(record.made_at, UTC) - CLOCKS_APART
        if (floor := created_at(record.floor)) is not None:
            since = max(since, floor)  # nothing below the floor is a candidate
        listed = record.new_campaigns(self._hook.list_campaigns(since=since))
        rivals = self._store.has_rivals(record)
        taken = self._store.taken(listed)
        return [campaign_id for campaign_id in listed if campaign_id not in taken], rivals

    @meaning("The campaign was sent.", replaces=True)
    def cancel_duplicates(self, record: SendRecord, campaign_id: str) -> None:
        """Cancel the duplicates of a campaign before they go out, if ``schedule_ahead`` is set."""
        if self._plan.schedule_ahead is None:
            return
        duplicates = Duplicates(self._hook, campaign_id)
        end = self._clock() + self._plan.settle_window
        while True:
            try:
                found, rivals = self._candidates(record)
                duplicates.cancel(found, certain=self._store.sees_others and not rivals)
            except TruepushError as error:
                log.warning("Campaign %s was sent. Could not check for duplicates: %s", campaign_id, error)
            left = end - self._clock()
            if left <= 0:
                return
            self._sleep(min(self._plan.pause, left))
