"""Looking for a campaign whose answer was lost, and for duplicates of one, in the list of campaigns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

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
    """Watches the list for what a send may have created.

    :param hook: the project.
    :param store: what knows of other sends, if anything does.
    :param plan: what is sent, and for how long to watch.
    :param sleep: how to wait.
    :param clock: the present moment, in seconds since the epoch.
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
        self._pause = max(0.2, min(5.0, plan.settle_window / 10))

    def look(self, record: SendRecord) -> tuple[list[str], bool]:
        """New campaigns of the title, looked for until one is seen twice running or the window ends.

        The second value reports whether there is one and it can be no other send's.
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
            self._sleep(min(self._pause, left))

    def _must_be_ours(self, record: SendRecord, found: list[str]) -> bool:
        """Whether what was found can be no other send's."""
        if not all(record.is_of_its_time(campaign_id) for campaign_id in found):
            return False
        if len(found) == 1:
            # Without a ledger another send of the title is known by its time only.
            return self._plan.may_adopt or self._store.sees_others
        return self._plan.schedule_ahead is not None and self._store.sees_others and are_duplicates(found)

    def _candidates(self, record: SendRecord) -> tuple[list[str], bool]:
        """Which campaigns may be this send's, and whether they may be another open send's as well.

        The order matters. A campaign in the list has its intent written. If that send is no longer open when rivals
        are asked for, its outcome is written by then, and asking last which campaigns are taken finds it.
        """
        since = datetime.fromtimestamp(record.made_at, UTC) - CLOCKS_APART
        if (floor := created_at(record.floor)) is not None:
            since = max(since, floor)  # what is below the floor is no candidate
        listed = record.new_campaigns(self._hook.list_campaigns(since=since))
        rivals = self._store.has_rivals(record)
        taken = self._store.taken(listed)
        return [campaign_id for campaign_id in listed if campaign_id not in taken], rivals

    def cancel_duplicates(self, record: SendRecord, campaign_id: str) -> None:
        """With ``schedule_ahead``: cancel what the network made of our one request, before it fires."""
        if self._plan.schedule_ahead is None:
            return
        duplicates = Duplicates(self._hook, campaign_id)
        end = self._clock() + self._plan.settle_window
        while True:
            try:
                found, rivals = self._candidates(record)
                duplicates.cancel(found, certain=self._store.sees_others and not rivals)
            except TruepushError as error:
                log.warning("Campaign %s was sent; could not check for duplicates: %s", campaign_id, error)
            left = end - self._clock()
            if left <= 0:
                return
            self._sleep(min(self._pause, left))
