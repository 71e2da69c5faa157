"""Settling a send in doubt by the list of campaigns: adopt the campaign, or stop for a manual decision."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushError, TruepushServerError
from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending import refusals
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.recorder import Recorder
from airflow_provider_truepush.sending.search import Search
from airflow_provider_truepush.sending.store import SendStore

log = get_logger(__name__)


class Reconciler:
    """Looks for the campaign of a send whose answer is missing. It never sends.

    :param hook: the project.
    :param store: the send store.
    :param plan: what was to be sent.
    :param recorder: records the outcome.
    :param search: searches the list.
    """

    def __init__(
        self, hook: TruepushHook, store: SendStore, plan: SendPlan, recorder: Recorder, search: Search
    ) -> None:
        self._hook = hook
        self._store = store
        self._plan = plan
        self._recorder = recorder
        self._search = search

    def find_unnamed(self, record: SendRecord) -> str | None:
        """Look for a campaign that Truepush created without returning its id; return None if the list has none."""
        campaign_id: str | None = None
        try:
            found, ours = self._search.look(record)
            campaign_id = found[0] if ours else None
        except TruepushError as error:
            log.warning("Could not list campaigns to find the id: %s", error)
        if campaign_id is None:
            log.warning(
                "Truepush created %r without returning its id, and the list does not show which campaign it is. The "
                "task continues without the id.",
                record.title,
            )
        self._recorder.commit(record, campaign_id)
        if campaign_id is not None:
            self._search.cancel_duplicates(record, campaign_id)
        return campaign_id

    @meaning("The campaign may have been sent.", replaces=True)
    def reconcile(self, record: SendRecord, what: str, resume: Callable[[SendRecord], str | None]) -> str | None:
        """Find out what became of a send in doubt. Nothing is sent.

        :param record: its intent.
        :param what: what left the doubt behind.
        :param resume: continues from the record of another try that has gone on meanwhile.
        :raises TruepushAmbiguousError: it stays unknown, and needs a manual decision.
        :raises TruepushServerError: a later try may find out.
        """
        seen = "The list of campaigns was not checked (on_doubt='fail')."
        if self._plan.on_doubt == "reconcile":
            try:
                found, ours = self._search.look(record)
            except TruepushError as error:
                # A later try may look again, and nothing is sent until one has seen the campaign.
                seen = f"The list of campaigns could not be read: {error}"
                raise TruepushServerError(self._undecided(record, what, seen)) from error
            if ours and self._adopt(record, found[0]):
                self._search.cancel_duplicates(record, found[0])
                return found[0]
            seen = f"The list, watched for {self._plan.settle_window:.0f} s, has no new campaign of this title."
            if found:
                seen = f"New campaigns of this title: {', '.join(found)}; it is unknown which one is this send's."
                if apart := [campaign_id for campaign_id in found if not record.is_of_its_time(campaign_id)]:
                    seen += f" Not created within an hour of the intent: {', '.join(apart)}."
        kept = self._store.read()
        if kept is not None and (kept.attempt, kept.settled) != (record.attempt, record.settled):
            return resume(kept)  # the try that wrote it is still running, and has continued
        if kept is None:
            raise TruepushServerError(
                f"The intent of {record.author} to send {record.title!r} was removed: either nothing was sent for "
                "it, or another try has taken over from this one. Nothing was sent by this try. Airflow may retry the "
                "task."
            )
        raise TruepushAmbiguousError(self._undecided(record, what, seen))

    def _adopt(self, record: SendRecord, campaign_id: str) -> bool:
        """Adopt a campaign as the outcome, unless the store has recorded it for another send by now."""
        if not self._recorder.commit(record, campaign_id) and campaign_id in self._store.taken([campaign_id]):
            return False
        metrics.count("truepush.sends.adopted")
        log.warning("%r was sent by %s; adopted campaign %s.", record.title, record.author, campaign_id)
        return True

    def _undecided(self, record: SendRecord, what: str, seen: str) -> str:
        adopts = self._plan.may_adopt or self._store.sees_others
        timeout = self._hook.settings.timeout
        return refusals.undecided(record, self._store, what, seen, timeout=timeout, adopts=adopts)
