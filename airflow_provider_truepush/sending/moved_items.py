"""Looking for the item of a mapped task under the other map indexes, before it is sent."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushServerError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import CLOCKS_APART, SendRecord
from airflow_provider_truepush.sending.siblings import Siblings, SiblingSend
from airflow_provider_truepush.sending.store import SendStore

log = logging.getLogger(__name__)

#: How far back is looked when it is not known when the Dag run began.
_UNKNOWN_RUN = timedelta(days=1)
#: Looks that must agree that an item was not sent: a sibling that starts again is not seen for a moment.
_LOOKS = 2


class MovedItems:
    """Decides whether an item without a record of its own was sent by another map index of the same Dag run.

    :param hook: the project.
    :param store: the send store, bound to the item.
    :param plan: what to send.
    :param siblings: the other map indexes.
    :param sleep: how to wait.
    :param clock: the present moment, in seconds since the epoch.
    """

    def __init__(
        self,
        hook: TruepushHook,
        store: SendStore,
        plan: SendPlan,
        siblings: Siblings,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._hook = hook
        self._store = store
        self._plan = plan
        self._siblings = siblings
        self._sleep = sleep
        self._clock = clock
        self._pause = max(0.2, min(5.0, plan.settle_window / 10))

    def find(self) -> SendRecord | None:
        """Return the record of the item, sent under another map index; None if it may be sent.

        :raises TruepushAmbiguousError: it is unknown whether the item was sent.
        """
        other = self._store.conflicting()
        if self._store.sees_run():
            if other is not None:
                raise TruepushAmbiguousError(self._other_item(other))
            return None
        # First, so that a sibling that looks at the same moment finds it.
        own = self._store.sent_here()
        if own or self._siblings.was_cleared:
            self._siblings.publish(own)
        if other is None and not self._siblings.was_cleared:
            found = self._siblings.find(self._identity)
            return None if found is None else self._resume(found)
        return self._look(other, {record.campaign_id for record in own})

    @property
    def _identity(self) -> Identity:
        assert self._store.identity is not None
        return self._store.identity

    def _look(self, other: SendRecord | None, own: set[str | None]) -> SendRecord | None:
        end, looks = self._clock() + self._plan.settle_window, 0
        while True:
            if (found := self._siblings.find(self._identity)) is not None:
                return self._resume(found)
            looks += 1
            unknown, silent = (self._unattributed(own), self._siblings.silent()) if other is None else ([], set())
            left = end - self._clock()
            if other is None and not unknown and not silent and (looks >= _LOOKS or left <= 0):
                return None
            if left <= 0:
                raise TruepushAmbiguousError(
                    self._unknown(unknown, silent) if other is None else self._other_item(other)
                )
            self._sleep(min(self._pause, left))

    def _unattributed(self, own: set[str | None]) -> list[str]:
        """Return the campaigns of the title, created since the Dag run began, of which no sender is known."""
        began = self._siblings.began
        if began is None:
            began = datetime.fromtimestamp(self._clock(), UTC) - _UNKNOWN_RUN
        title = self._plan.campaign.title
        try:
            rows = [row.id for row in self._hook.list_campaigns(since=began - CLOCKS_APART) if row.title == title]
        except TruepushAmbiguousError as error:
            # An unanswered list leaves no doubt about a campaign: nothing was sent yet, and a retry is fine.
            raise TruepushServerError(f"{error} No campaign was sent.") from error
        # Asked last: who has sent a campaign of the list has published it by now, or is about to.
        known = own | {send.campaign_id for send in self._siblings.sends()}
        rows = [campaign_id for campaign_id in rows if campaign_id not in known]
        taken = self._store.taken(rows) if self._store.sees_others else set()
        return [campaign_id for campaign_id in rows if campaign_id not in taken]

    def _resume(self, send: SiblingSend) -> SendRecord:
        """Return the record of what a sibling has sent, and keep it in the own store too."""
        title = self._plan.campaign.title
        if send.is_open:
            raise TruepushServerError(
                f"Map index {send.map_index} of this task is sending {title!r} with the same content, and has not "
                "recorded the outcome yet. Nothing was sent by this try. Airflow may retry the task; the next try "
                "looks again."
            )
        now = self._clock()
        record = SendRecord(
            key=self._store.key,
            content=send.content,
            title=title,
            before=(),
            attempt=uuid.uuid4().hex,
            author=f"map index {send.map_index}",
            made_at=now,
            deadline=now,
            settled=True,
            campaign_id=send.campaign_id,
            cancelled=send.cancelled,
        )
        log.info("%r was sent by map index %d of this task: the feed has moved.", title, send.map_index)
        if not self._store.sees_others:
            self._store.acquire(record)
        return record

    def _other_item(self, other: SendRecord) -> str:
        advice = [
            "- If this is the same item with changed content, or nothing else is to be sent, mark the task as success.",
            f"- If this is a new item: {self._store.how_to_allow_another()}. What was sent stays recorded.",
        ]
        if self._store.sees_others:
            advice.append("- Or give each item a `send_token` of its own, and clear the tasks: it names the item.")
        return (
            f"Map index {self._siblings.map_index} already sent different content in this Dag run ({other.author}, "
            f"{other.title!r}, campaign {other.campaign_id or 'not known'}), and it is unknown whether this is the "
            f"same item, changed, or a new one. {self._plan.campaign.title!r} was not sent. This needs a manual "
            "decision:\n" + "\n".join(advice)
        )

    def _unknown(self, candidates: list[str], silent: set[int]) -> str:
        why = []
        if candidates:
            why.append(f"these campaigns of the title were created since it began: {', '.join(candidates)}")
        if silent:
            why.append(f"these map indexes run and have not published what they have sent: {sorted(silent)}")
        return (
            f"It is unknown whether another map index of this task already sent {self._plan.campaign.title!r} in this "
            f"Dag run: the run was cleared, its feed may have changed, and {'; '.join(why)}. The campaign was not sent "
            "by this try. This needs a manual decision:\n"
            "- Clear the task once the other map indexes have run: it reads what they have sent, and looks again.\n"
            f"- If one of the campaigns is this item: {self._store.how_to_adopt_unrecorded()}.\n"
            "- If none is, send it in a new Dag run.\n"
            "- To avoid this next time, set `ledger_conn_id`: a ledger knows every item that was sent."
        )
