"""Decide which of several items with the same message, which go out at different times, a record is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushServerError
from airflow_provider_truepush.sending import refusals
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import SendRecord, is_same_message
from airflow_provider_truepush.sending.sibling_view import SiblingSend
from airflow_provider_truepush.sending.siblings import Siblings
from airflow_provider_truepush.sending.store import SendStore


@dataclass(frozen=True, slots=True)
class AlikeItems:
    """Checks a record that a mapped task has found, once something of its Dag run was cleared.

    Each try may render another ``send_at``, so a map index that has sent the message has sent its item, unless the
    feed has the message more than once and its items have changed places.

    :param store: the send store.
    :param plan: the send.
    :param siblings: the other map indexes.
    :param sleep: waits for a number of seconds.
    :param clock: the present moment, in seconds since the epoch.
    """

    store: SendStore
    plan: SendPlan
    siblings: Siblings
    sleep: Callable[[float], None]
    clock: Callable[[], float]

    def confirm(self, record: SendRecord) -> SendRecord | SiblingSend:
        """Return the send that is this one: the recorded one, or a sibling's with the same time.

        :param record: what the store has returned.
        :raises TruepushAmbiguousError: it is unknown which item was sent.
        """
        siblings, identity = self.siblings, self.store.identity
        if identity is None or not (identity.is_item and siblings.was_cleared and record.content):
            return record
        if identity.is_content(record.content):
            if not record.author.endswith(f" [{siblings.map_index}]"):
                self._check_shared(record)
            return record
        return self._of_its_time(record, identity)

    def _of_its_time(self, record: SendRecord, identity: Identity) -> SendRecord | SiblingSend:
        """Return a sibling's send with the time of this one; else the recorded one, unless a sibling has its item."""
        title = self.plan.campaign.title
        self.siblings.publish([*self.store.sent_here(), record])
        end = self.clock() + self.plan.settle_window
        while True:
            view = self.siblings.look()
            if exact := view.sends_of(identity, has_moved=True):
                self.store.disregard()
                return min(exact, key=lambda send: send.is_open)
            waiting = view.silent | view.incomplete
            if not waiting:
                break
            if self.clock() >= end:
                raise TruepushServerError(refusals.starts_again(set(waiting), [], title))
            self.sleep(self.plan.pause)
        holders = [index for index, item in view.current if item == record.content]
        if holders:
            raise TruepushAmbiguousError(refusals.moved_time(record, holders[0], title))
        return record

    def _check_shared(self, record: SendRecord) -> None:
        """Stop if the sibling that has sent this item has its message at another time now, and took it for its own."""
        self.siblings.publish([*self.store.sent_here(), record])
        end = self.clock() + self.plan.settle_window
        while True:
            view = self.siblings.look()
            alike = {i for i, item in view.current if is_same_message(item, record.content) and item != record.content}
            if not alike & view.undecided or self.clock() >= end:
                break
            self.sleep(self.plan.pause)
        for index, item in view.current:
            sent = {send.content for send in view.sends if send.map_index == index}
            if index in alike - view.undecided and sent and item not in sent:
                raise TruepushAmbiguousError(refusals.shared_time(record, index, self.plan.campaign.title))
