"""The send of one task: from the operator's arguments to a send plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_truepush.api.errors import TruepushAmbiguousError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.operators import task_try
from airflow_provider_truepush.sending.late_guard import LateGuard
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.protocol import CampaignSending

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.api.models.campaign import Campaign
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.operators.delivery import SentCampaign

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CampaignSend:
    """Send the campaign of a task. It is built from rendered arguments.

    :param context: Airflow's context.
    :param conn_id: id of the connection.
    :param send_token: the key that makes two tries the same send; None for the task's own identity.
    :param ledger_conn_id: id of the ledger's connection; None for the task's own store.
    :param guard: keeps the campaign from going out late, or at night.
    :param on_doubt: ``reconcile`` by the list, or ``fail``.
    :param settle_window: how long the list is watched after doubt.
    :param schedule_ahead: send that much later; None to send at once.
    :param sent: where the task keeps what it has sent.
    """

    context: Context
    conn_id: str
    send_token: str | None
    ledger_conn_id: str | None
    guard: LateGuard
    on_doubt: Literal["reconcile", "fail"]
    settle_window: timedelta
    schedule_ahead: timedelta | None
    sent: SentCampaign

    @classmethod
    def of(cls, operator: Any, context: Context) -> CampaignSend:
        """Return the send that an operator describes.

        :param operator: the create operator; its templates have been rendered.
        :param context: Airflow's context.
        """
        return cls(
            context=context,
            conn_id=operator.truepush_conn_id,
            send_token=None if operator.send_token is None else str(operator.send_token),
            ledger_conn_id=operator.ledger_conn_id,
            guard=LateGuard(
                operator.send_on_backfill, operator.max_lateness, operator.quiet_hours, operator.in_quiet_hours
            ),
            on_doubt=operator.on_doubt,
            settle_window=operator.settle_window,
            schedule_ahead=operator.schedule_ahead,
            sent=operator.sent,
        )

    def open_store(self) -> None:
        """Open the store of this send for the task."""
        if self.sent.store is not None:
            self.sent.store.close()
        self.sent.store = task_try.open_store(
            self.context, conn_id=self.conn_id, send_token=self.send_token, ledger_conn_id=self.ledger_conn_id
        )

    def send(self, hook: TruepushHook, campaign: Campaign) -> str | None:
        """Send the campaign at most once; return its id, or None when Truepush returned none."""
        assert self.sent.store is not None
        task_try.check_item_token(self.context, self.send_token, self.ledger_conn_id)
        store = self.sent.store = task_try.identify(self.sent.store, campaign, hook.settings, self.send_token)
        # Logged after the connection was read: the title may contain the token.
        if campaign.segment_id is None:
            log.info(
                "Campaign %r has no segment, so it addresses EVERY subscriber of the project. Truepush's API does not "
                "report how many that is.",
                campaign.title,
            )
        sending = CampaignSending(hook, store, self._plan(hook, campaign))
        campaign_id = hook.create_campaign(sending.ready()) if hook.settings.dry_run else sending.send()
        self.sent.note_id(campaign_id)
        if sending.has_sent or hook.settings.dry_run:  # an earlier try may have sent it to go out at another time
            when = f"at {campaign.send_at}" if campaign.send_at else "at once"
            shown = campaign_id or "without a known id"
            log.info("Campaign %s: %r, to %s, %s.", shown, campaign.title, campaign.audience, when)
        return campaign_id

    def check_nothing_was_begun(self, hook: TruepushHook) -> None:
        """Refuse to skip the task when an earlier try had a campaign and may have sent it."""
        if hook.settings.dry_run or task_try.TaskTry.of(self.context).number <= 1:
            return
        store = self.sent.store
        assert store is not None
        earlier = store.read_position()
        if earlier is not None:
            raise TruepushAmbiguousError(
                f"This try has no campaign to send, but {earlier.author} sent {earlier.title!r}, or may have sent it "
                f"(campaign {earlier.campaign_id or 'of unknown id'}). Nothing was sent by this try. This needs a "
                "manual decision:\n"
                "- Look in Truepush. If nothing else needs to be sent, mark the task as success.\n"
                f"- If you are certain that the campaign was not sent: {store.how_to_forget(earlier)}."
            )

    def _plan(self, hook: TruepushHook, campaign: Campaign) -> SendPlan:
        this_try = task_try.TaskTry.of(self.context)
        return SendPlan(
            campaign=campaign,
            author=str(this_try),
            is_first_try=this_try.number == 1,
            on_doubt=self.on_doubt,
            settle_window=self.settle_window.total_seconds(),
            schedule_ahead=self.schedule_ahead,
            # Mapped tasks often share a title, so a campaign of this title may belong to another map index.
            may_adopt=not this_try.mapped,
            siblings=task_try.siblings(self.context),
            guard=task_try.late_guard(self.guard, self.context, hook.settings),
            ended=lambda: self.sent.kill_switch.killed,
            known=self.sent.note_id,
        )
