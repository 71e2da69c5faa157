"""Decide whether an item of a mapped task was already sent by another map index."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushServerError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending import refusals
from airflow_provider_truepush.sending.alike_items import AlikeItems
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.item_evidence import ItemEvidence
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sibling_view import SiblingSend, View
from airflow_provider_truepush.sending.siblings import Siblings
from airflow_provider_truepush.sending.store import SendStore

log = get_logger(__name__)

#: Looks that must agree that an item was not sent: a sibling that starts again is not seen for a moment.
_LOOKS = 2


class MovedItems:
    """Decides whether an item without a record of its own was sent by another map index of the same Dag run.

    The feed may have moved once something of the run was cleared, or a sibling has started again. Then a new item is
    sent only if every item that was sent is still in the feed, or if the new item has its own ``send_token``.
    Otherwise it may be one of the sent items, edited.

    :param hook: the project.
    :param store: the send store.
    :param plan: the send.
    :param siblings: the other map indexes.
    :param sleep: waits for a number of seconds.
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
        self._alike = AlikeItems(store, plan, siblings, sleep, clock)
        self._evidence = ItemEvidence(hook, store, siblings, plan.campaign.title, clock)
        self._store = store
        self._plan = plan
        self._title = plan.campaign.title
        self._siblings = siblings
        self._sleep = sleep
        self._clock = clock
        #: Whether the feed may have moved.
        self._moved = siblings.was_cleared
        #: What siblings had sent when this item was found to be new.
        self._known: set[str] = set()
        siblings.identity = store.identity

    @property
    def _identity(self) -> Identity:
        assert self._store.identity is not None
        return self._store.identity

    def announce(self) -> None:
        """Publish which item this map index has. A ledger does not replace that: siblings may not have it yet."""
        self._siblings.announce()

    def find(self) -> SendRecord | None:
        """Return the record of the item, sent under another map index; None if it may be sent.

        :raises TruepushAmbiguousError: it is unknown whether the item was sent.
        """
        siblings = self._siblings
        if siblings.map_index < 0 and not (siblings.clear_number or siblings.try_number > 1):
            return None
        other = self._store.conflicting()
        own = self._store.sent_here()
        # Publish first, so that a sibling that looks at the same moment finds it.
        if own or other is not None or self._moved or siblings.try_number > 1:
            siblings.publish([*own, *([] if other is None else [other])])
        view = siblings.look()
        self._moved = siblings.was_cleared or view.was_restarted
        if self._moved and not siblings.has_published:
            siblings.publish(())  # others that look now wait for it
        if siblings.map_index < 0:
            self._evidence.check_token(view, has_moved=self._moved)
            found = self._match(view)
            return None if found is None else self._resume(found)
        if self._moved or siblings.try_number > 1:
            self._evidence.check_token(view, has_moved=self._moved)
        if other is not None and self._store.sees_run() and not self._moved:
            raise TruepushAmbiguousError(refusals.other_item(other, self._store, self._title))
        if other is None and not self._moved:
            found = self._match(view)
            return None if found is None else self._resume(found)
        return self._look(other, {record.campaign_id for record in own})

    def confirm(self, record: SendRecord) -> SendRecord:
        """Return the record of this send: the one that the store has returned, or that of a sibling.

        :param record: what the store has returned.
        :raises TruepushAmbiguousError: the feed has the message more than once, and it is unknown which item was sent.
        """
        return self._resume(self._alike.confirm(record))

    def check_silent(self, before: Sequence[str]) -> SendRecord | None:
        """Look again if a campaign of the title has no known sender, and a sibling that started has published nothing.

        A run that was cleared without its counter looks like a first one. This costs nothing where no campaign of the
        title was created since the run began.

        :param before: ids of the campaigns of the title that exist.
        """
        began = self._siblings.began
        if self._moved or began is None or self._siblings.map_index < 0 or self._store.sees_run():
            return None
        recent = [campaign_id for campaign_id in before if (made := created_at(campaign_id)) and made >= began]
        if not recent:
            return None
        view = self._siblings.look()
        known = {send.campaign_id for send in view.sends} | {send.campaign_id for send in self._store.sent_here()}
        if not (view.silent or view.failed or view.incomplete) or known.issuperset(recent):
            return None
        return self._look(None, {send.campaign_id for send in self._store.sent_here()})

    def rival(self) -> SiblingSend | None:
        """Return a sibling's send of the same item, begun at the same moment; None if this one may leave.

        Both have published their intents by now. The higher map index yields to the lower one, which waits until the
        other one has yielded or sent: it may have looked before the lower one published.
        """
        if self._siblings.map_index < 0:
            return None
        end = self._clock() + self._plan.settle_window
        while True:
            view = self._siblings.look()
            if view.is_newer:
                raise TruepushServerError(refusals.outdated(self._title))
            found = [] if self._store.sees_others else self._rivals(view)
            rival = min(found, key=lambda send: (send.is_open, send.map_index), default=None)
            if rival is None or not rival.is_open or rival.map_index < self._siblings.map_index:
                return rival
            left = end - self._clock()
            if left <= 0:
                return rival
            self._sleep(min(self._plan.pause, left))

    def resume_rival(self, rival: SiblingSend) -> SendRecord:
        """Return the record of what a rival has sent, once it has sent; the own intent was withdrawn."""
        end = self._clock() + self._plan.settle_window
        while True:
            rival = min(self._rivals(self._siblings.look()), key=lambda send: send.is_open, default=rival)
            left = end - self._clock()
            if not rival.is_open or left <= 0:
                return self._resume(rival)
            self._sleep(min(self._plan.pause, left))

    def _rivals(self, view: View) -> list[SiblingSend]:
        """Return the sends of this item, and those in its words that a try before the last clear has begun since."""
        late = [send for send in view.sends if send.clear_number != self._siblings.clear_number]
        is_item = self._identity.is_item
        fresh = [send for send in late if is_item and send.content not in self._known]
        return [*self._exact(view), *(send for send in fresh if self._identity.is_message(send.content))]

    def _exact(self, view: View) -> list[SiblingSend]:
        return view.sends_of(self._identity, has_moved=self._moved)

    def _match(self, view: View) -> SiblingSend | SendRecord | None:
        """Return the send that is this one; the one whose outcome is known, if there are several."""
        exact = self._exact(view)
        if exact or not self._moved or view.pending:
            return min(exact, key=lambda send: send.is_open, default=None)
        identity = self._identity
        if identity.send_token is not None:
            return None
        # It may go out at another time now. The same words in the feed of another map index are another item.
        held = {item for index, item in view.items}
        sent: list[SiblingSend | SendRecord] = [*self._store.sent_in_run(), *view.sends]
        found = {send.content: send for send in sent if identity.is_message(send.content) and send.content not in held}
        if len(found) > 1:
            raise TruepushAmbiguousError(refusals.several_times(len(found), self._title))
        return next(iter(found.values()), None)

    def _look(self, other: SendRecord | None, own: set[str | None]) -> SendRecord | None:
        end, looks = self._clock() + self._plan.settle_window, 0
        awaited: set[int] | None = None
        sees_run = self._store.sees_run()
        while True:
            view = self._siblings.look()
            if view.is_newer:
                raise TruepushServerError(refusals.outdated(self._title))
            self._known = {send.content for send in view.sends}
            if (found := self._match(view)) is not None:
                return self._resume(found)
            looks += 1
            is_open = other is None
            waiting = self._waiting_for(view, is_exact=sees_run) if is_open else set()
            if not self._siblings.was_cleared:
                # A sibling that starts later finds this item. What it sent before was visible at the first look.
                awaited = waiting = waiting if awaited is None else awaited & waiting
            # Where nothing was cleared and every sibling has its item, a campaign of the title belongs to another task.
            is_doubtful = self._siblings.was_cleared or waiting or view.has_moved or view.failed or view.incomplete
            unknown = self._evidence.unattributed(own) if is_open and is_doubtful and not sees_run else []
            orphans = self._evidence.orphans(view, has_moved=self._moved) if is_open else []
            left = end - self._clock()
            if other is not None and sees_run and not (view.silent or view.pending):
                left = 0.0  # a ledger knows the other sends
            # In a first run siblings are silent until they send.
            is_clear = not unknown and (not waiting or not self._moved) and not orphans
            if other is None and is_clear and (looks >= _LOOKS or left <= 0):
                return None
            if left <= 0:
                if other is not None:
                    raise TruepushAmbiguousError(refusals.other_item(other, self._store, self._title))
                if (waiting or not orphans) if not unknown else not self._siblings.was_cleared:
                    unpublished = waiting | view.failed | view.incomplete
                    raise TruepushServerError(refusals.starts_again(unpublished, unknown, self._title))
                if orphans and not unknown:
                    raise TruepushAmbiguousError(refusals.edited(orphans, self._title))
                raise TruepushAmbiguousError(refusals.unknown_item(unknown, waiting, self._store, self._title))
            self._sleep(min(self._plan.pause, left))

    def _waiting_for(self, view: View, *, is_exact: bool) -> set[int]:
        """Return the siblings that have to publish before an item can be called new."""
        if is_exact and self._identity.send_token is not None:
            return set()
        return {*view.silent, *view.pending}

    def _resume(self, send: SiblingSend | SendRecord) -> SendRecord:
        """Return the record of what a sibling has sent, and record it in the own store as well."""
        if isinstance(send, SendRecord):
            return send
        if send.is_open and send.intent is not None and send.map_index in self._siblings.look().gone:
            return self._take_over(send.intent)
        if send.is_open:
            raise TruepushServerError(
                f"Map index {send.map_index} of this task has begun the same send of {self._title!r} and has not "
                "recorded the outcome yet. Nothing was sent by this try. Airflow may retry the task; the next try "
                "looks again."
            )
        now = self._clock()
        record = SendRecord(
            key=self._store.key,
            content=send.content,
            title=self._title,
            before=(),
            attempt=uuid.uuid4().hex,
            author=f"map index {send.map_index}",
            made_at=now,
            deadline=now,
            settled=True,
            campaign_id=send.campaign_id,
            cancelled=send.cancelled,
            conn_id=send.conn_id,
            project=send.project,
        )
        log.info("%r was sent by map index %d of this task.", self._title, send.map_index)
        if not self._store.sees_others and self._siblings.map_index >= 0:
            refusals.check_same_send(record, self._store, self._identity.content)
            self._store.acquire(record)
        return record

    def _take_over(self, intent: SendRecord) -> SendRecord:
        """Record an open send of a map index that has another item now, or none, and will never settle it."""
        record = replace(intent, key=self._store.key)
        if not self._store.sees_others and self._siblings.map_index >= 0:
            self._store.acquire(record)
        return record
