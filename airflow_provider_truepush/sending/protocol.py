"""The order of steps in which a campaign is sent at most once.

Read the record; list the campaigns; record the intent; send once; record the outcome. After doubt look for the
campaign in the list. If that does not settle it, stop: it needs a manual decision. Never send again.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushSendExpiredError,
    TruepushServerError,
)
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.models.own_send import send_details
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.endpoints import CREATE_CAMPAIGN
from airflow_provider_truepush.api.protocol.exchange import without_next_step
from airflow_provider_truepush.api.protocol.retry import NOTHING_CARRIED_OUT, wait_before_create
from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending import refusals
from airflow_provider_truepush.sending.late_guard import only_once
from airflow_provider_truepush.sending.moved_items import MovedItems
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.reconciler import Reconciler
from airflow_provider_truepush.sending.record import SendRecord, content_hash, is_recent, newest
from airflow_provider_truepush.sending.recorder import Recorder
from airflow_provider_truepush.sending.search import Search
from airflow_provider_truepush.sending.store import TRY_WITHIN, SendStore

log = get_logger(__name__)

#: Seconds after the intent in which the request must leave. A worker that froze in between and wakes up later
#: sends nothing.
_SEND_WITHIN = 120.0

#: Errors after which the intent is withdrawn: Truepush created nothing.
_NOT_CREATED = (*NOTHING_CARRIED_OUT, TruepushBadRequestError, TruepushAuthError, TruepushSendExpiredError)


class CampaignSending:
    """Sends one campaign at most once.

    :param hook: the project.
    :param store: the send store.
    :param plan: what to send.
    :param sleep: waits for a number of seconds.
    :param clock: returns the present moment, in seconds since the epoch.
    """

    def __init__(
        self,
        hook: TruepushHook,
        store: SendStore,
        plan: SendPlan,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hook = hook
        self._store = store
        self._plan = plan
        self._sleep = sleep
        self._clock = clock
        self._content = content_hash(plan.campaign.content(hook.settings.timezone))
        self._recorder = Recorder(store, plan, sleep)
        self._search = Search(hook, store, plan, sleep, clock)
        self._reconciler = Reconciler(hook, store, plan, self._recorder, self._search)
        self._moved = MovedItems(hook, store, plan, plan.siblings, sleep, clock) if plan.siblings else None
        self._began = clock()
        #: Whether this try has sent the campaign.
        self.has_sent = False
        #: Whether the intent of this try had been removed before its request could leave.
        self._lost = False

    def send(self) -> str | None:
        """Send the campaign, unless it was sent. Return its id, or None when Truepush returned none.

        :raises TruepushAmbiguousError: it may have been sent, and needs a manual decision.
        :raises TruepushError: it was not sent by this try.
        """
        level = logging.INFO if self._store.is_durable else logging.WARNING
        self._began = self._clock()
        title = self._plan.campaign.title
        line = "Sending %r at most once (%s); recorded in %s."
        if not self._plan.is_first_try:
            line = "Checking whether %r was sent (%s); recorded in %s."
        log.log(level, line, title, self._plan.author, self._store)
        requests, waited = 0, 0.0
        while True:
            try:
                return self._try()
            except TruepushError as error:
                if isinstance(error, TruepushAmbiguousError):
                    metrics.count("truepush.sends.manual_decision")
                if error.endpoint != CREATE_CAMPAIGN.name:
                    raise  # the list was repeated already, as often as the connection allows
                requests += 1
                wait = wait_before_create(error, requests=requests, waited=waited, settings=self._hook.settings)
                if wait is None:
                    raise
                log.warning("%s Retrying in %.1f s (request %d).", error, wait, requests + 1)
            waited += wait
            self._sleep(wait)

    def _try(self) -> str | None:
        if self._moved is not None:
            self._moved.announce()
        record = self._store.read()
        if record is not None and record.attempt in self._recorder.unsent:
            self._recorder.release(record)  # it could not be withdrawn before
            record = self._store.read()
        if self._moved is not None:
            record = self._moved.find() if record is None else record
            record = self._moved.confirm(record) if record is not None else None
        if record is not None:
            return self._resume(record)
        self.ready()  # refused or skipped before the first request
        record = self._intent()
        if self._moved and (found := self._moved.check_silent(record.before)):
            return self._resume(found)
        campaign = self.ready()  # walking the list may take until the quiet hours begin
        self._recorder.acquire(record)
        try:
            rival = None if self._moved is None else self._moved.rival()
        except BaseException:
            self._recorder.release(record)
            raise
        if self._moved and rival:
            self._recorder.release(record)
            return self._resume(self._moved.resume_rival(rival))
        return self._send(campaign, record)

    def _send(self, campaign: Campaign, record: SendRecord) -> str | None:
        left = False

        def leaving() -> None:
            nonlocal left
            self._check_still_ours(record)
            left = True

        try:
            campaign_id = self._hook.create_campaign(campaign, just_before=leaving)
        except _NOT_CREATED:
            if not self._lost:
                self._recorder.release(record)
            raise
        except TruepushError as doubt:
            what = without_next_step(doubt)
            log.warning("%s", what)
            return self._reconciler.reconcile(record, what, self._resume)
        except BaseException:
            if not left:  # such as a timeout of Airflow
                self._recorder.release(record)
            raise
        self.has_sent = True
        metrics.count("truepush.sends.sent")
        with meaning("The campaign was sent.", replaces=True):
            if campaign_id is None:
                return self._reconciler.find_unnamed(record)
            self._recorder.commit(record, campaign_id)
            self._search.cancel_duplicates(record, campaign_id)
        return campaign_id

    def _resume(self, record: SendRecord) -> str | None:
        """Continue from what an earlier try has recorded. Nothing is sent."""
        self._recorder.publish_all(record)
        refusals.check_same_send(record, self._store, self._content)
        if record.attempt in self._recorder.unsent:
            raise TruepushServerError(
                f"The intent to send {record.title!r} could not be removed from {self._store}. This try "
                "did not send it. If the next try asks for a manual decision because of it: the campaign was not sent."
            )
        if record.settled:
            metrics.count("truepush.sends.resumed")
            log.info("Already sent by %s as campaign %s. Nothing was sent now.", record.author, record.campaign_id)
            if record.content and self._store.identity and not self._store.identity.is_content(record.content):
                log.warning(
                    "%r was sent with another send_at or expires_in, and goes out as it was sent: the change has no "
                    "effect.",
                    record.title,
                )
            self._watch_on(record)
            return record.campaign_id
        return self._reconciler.reconcile(record, f"{record.author} began to send it and did not finish.", self._resume)

    def _watch_on(self, record: SendRecord) -> None:
        ahead = self._plan.schedule_ahead  # the try that sent it may have died while it looked for duplicates
        if ahead is not None and record.campaign_id and self._clock() < record.made_at + ahead.total_seconds():
            self._plan.known(record.campaign_id)
            self._search.cancel_duplicates(record, record.campaign_id)

    def _intent(self) -> SendRecord:
        today = datetime.fromtimestamp(self._clock(), UTC)
        title = self._plan.campaign.title
        try:
            newest_listed = self._hook.newest_campaigns()
            before = [row.id for row in newest_listed.rows if row.title == title and is_recent(row.id, today)]
        except TruepushAmbiguousError as error:
            # Nothing was sent yet, so a list without an answer leaves no doubt, and a retry is safe.
            raise TruepushServerError(f"{error} No campaign was sent.") from error
        identity = self._store.identity
        now = self._clock()  # walking the list may take long
        deadline = now + _SEND_WITHIN
        return SendRecord(
            key=self._store.key,
            content=self._content,
            title=title,
            before=newest(before),
            floor=newest_listed.floor,
            attempt=uuid.uuid4().hex,
            author=self._plan.author,
            made_at=now,
            conn_id="" if identity is None else identity.conn_id,
            project="" if identity is None else identity.project,
            deadline=deadline if self._store.is_durable else min(deadline, self._began + TRY_WITHIN),
            details=send_details(self._plan.campaign),
        )

    def ready(self) -> Campaign:
        """Return the campaign as it goes out. It is checked as a whole, before the first request."""
        campaign, ahead = self._plan.campaign, self._plan.schedule_ahead
        now = datetime.fromtimestamp(self._clock(), UTC)
        if ahead is not None and campaign.send_at is None:
            later, zone = now + ahead, self._hook.settings.timezone
            # An hour that occurs twice in the zone cannot be scheduled; an hour later serves as well.
            campaign = campaign.moved_to(later if zone is None else only_once(later, zone))
        # The guard comes last: a later time may fall into quiet hours.
        campaign = self._plan.guard(campaign)
        calls.create_campaign(campaign, self._hook.settings, now)
        return campaign

    def _check_still_ours(self, record: SendRecord) -> None:
        """Check that this try may still send, right before the first byte leaves: its worker may have been frozen."""
        why = ""
        try:
            if not self._store.is_current(record):
                self._lost = True
                why = "has lost its intent: another try has taken over, or someone has removed the record"
        except Exception as error:
            why = f"could not check that its intent is still recorded ({error})"
        if self._plan.ended():
            why = "was ended before its request left"
        # This check comes last: the worker may have been frozen while it asked the store.
        if self._clock() > record.deadline:
            why = (
                f"was ready to send more than {_SEND_WITHIN:.0f} s after its intent"
                f"{'' if self._store.is_durable else f', or {TRY_WITHIN:.0f} s after its start'}, and another may have "
                "taken over"
            )
        if why:
            raise TruepushSendExpiredError(
                f"{record.author} {why}. {record.title!r} was not sent by this try. Airflow may retry the task."
            )
