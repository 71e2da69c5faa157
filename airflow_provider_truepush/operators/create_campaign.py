"""The operator that sends a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowSkipException, conf

from airflow_provider_truepush.api.checks import refuse, seconds
from airflow_provider_truepush.api.defaults import DEFAULT_ERROR_BUDGET, warn_of_counted_budget
from airflow_provider_truepush.exceptions import TruepushAmbiguousError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.later import Later
from airflow_provider_truepush.lineage.campaign import CampaignLineage
from airflow_provider_truepush.operators.audience import EVERYONE, NOTHING, Audience
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_by_name import check_choice, renders_natively
from airflow_provider_truepush.operators.delivery import DeliveryWait

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.api.models.campaign import Campaign
    from airflow_provider_truepush.models import Button
    from airflow_provider_truepush.operators import task_try
    from airflow_provider_truepush.sending import late_guard, plan, protocol
    from airflow_provider_truepush.sending.store import SendStore
    from airflow_provider_truepush.waiting import goal
else:
    templated = Later("airflow_provider_truepush.api.templated")
    task_try = Later("airflow_provider_truepush.operators.task_try")
    late_guard = Later("airflow_provider_truepush.sending.late_guard")
    plan = Later("airflow_provider_truepush.sending.plan")
    protocol = Later("airflow_provider_truepush.sending.protocol")
    goal = Later("airflow_provider_truepush.waiting.goal")

#: Arguments that a template must not render to nothing.
_MEANT = ("send_at", "send_token", "ledger_conn_id")


class TruepushCreateCampaignOperator(Audience, CampaignLineage, DeliveryWait, TruepushOperator):
    """Send a campaign, at once or at a time: ``createCampaign``, at most once over all tries of the task.

    Returns the campaign's id, or None when Truepush created it without telling the id. What was sent is written
    down before and after: in the task state store of Airflow 3.3, or in a ledger table. A later try, and a person
    who clears the task, get the same id and send nothing. After a lost answer the campaign is looked for in the
    list; what looking cannot settle ends the task for a person, with an error that says how to go on. Bad values
    fail the task without a retry.

    An ``Asset`` or ``AssetAlias`` among the outlets gets an event that names the campaign; OpenLineage gets facets.

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param send_at: when to send; None sends at once. An aware datetime or a string in ISO 8601, converted to the
        connection's ``timezone``; a naive one is read in that zone.
    :param expires_in: how long push services keep trying to deliver: a timedelta, or a number of hours.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels of the campaign.
    :param segment_id: id of the segment to send to; left out, it goes to every subscriber. One that renders to
        nothing is an error.
    :param user_interaction: keep the notification on screen until the person acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param send_token: what makes two tries the same send; None for one send per Dag, run, task and map index. A
        token of your own, over several runs or tasks, needs a ledger.
    :param ledger_conn_id: an SQL connection whose table ``truepush_send_ledger`` keeps the sends; None for the task
        state store. Before Airflow 3.3, without a ledger, a second try stops for a person.
    :param schedule_ahead: send that much later instead of at once, and cancel copies of it before they go out.
    :param settle_window: for how long the list is watched after doubt.
    :param on_doubt: ``reconcile`` by the list, or ``fail`` for a person at once.
    :param send_on_backfill: send in a run of type backfill too, instead of skipping.
    :param max_lateness: skip when the run's data interval ended longer ago than this.
    :param quiet_hours: two times such as ``("22:00", "08:00")`` on the project's clock, between which nothing goes out.
    :param in_quiet_hours: ``move`` the send to the end of the quiet hours, or ``skip`` it.
    :param wait_for_delivery: go on to wait for ``thresholds``, as the sensor does; the counters go to XCom ``stats``.
    :param thresholds: as of :class:`~airflow_provider_truepush.sensors.campaign.TruepushCampaignStatsSensor`, and so
        are ``require, fail_if, settled_after, on_settled, error_budget, cancel_on_failure, deferrable``.
    :param poke_interval: time between polls: a timedelta or seconds.
    :param delivery_timeout: how long the wait may take: a timedelta or seconds.
    :param cancel_on_kill: cancel the campaign when the task is ended, by a person or by Airflow, unless another try
        has taken over; of a deferred task on Airflow 3.3+ only. A later try then stops for a person.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    content_fields: Sequence[str] = (
        "title",
        "message",
        "link",
        "send_at",
        "expires_in",
        "buttons",
        "tags",
        "segment_id",
        "user_interaction",
        "image",
        "icon",
    )
    template_fields: Sequence[str] = (
        *content_fields,
        "send_token",
        "ledger_conn_id",
        "thresholds",
        "fail_if",
        "truepush_conn_id",
    )
    native_fields = ("expires_in", "buttons", "tags", "user_interaction", "thresholds", "fail_if")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "buttons": "json",
        "tags": "json",
        "thresholds": "json",
        "fail_if": "json",
    }

    def __init__(
        self,
        *,
        title: str,
        message: str,
        link: str,
        send_at: datetime | str | None = None,
        expires_in: timedelta | float | None = None,
        buttons: Sequence[Button | Mapping[str, str]] = (),
        tags: Sequence[str] = (),
        segment_id: str | None = EVERYONE,
        user_interaction: bool | None = None,
        image: str | None = None,
        icon: str | None = None,
        send_token: str | None = None,
        ledger_conn_id: str | None = None,
        schedule_ahead: timedelta | None = None,
        settle_window: timedelta = timedelta(seconds=60),
        on_doubt: Literal["reconcile", "fail"] = "reconcile",
        send_on_backfill: bool = False,
        max_lateness: timedelta | None = None,
        quiet_hours: Sequence[str] | None = None,
        in_quiet_hours: Literal["move", "skip"] = "move",
        wait_for_delivery: bool = False,
        thresholds: Mapping[str, float] | None = None,
        require: Literal["all", "any"] = "all",
        fail_if: Mapping[str, float] | None = None,
        settled_after: timedelta | float | None = None,
        on_settled: Literal["succeed", "fail"] = "succeed",
        error_budget: timedelta | int = DEFAULT_ERROR_BUDGET,
        cancel_on_failure: bool = False,
        cancel_on_kill: bool = False,
        poke_interval: timedelta | float = 60.0,
        delivery_timeout: timedelta | float = timedelta(days=7),
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.message = message
        self.link = link
        self.send_at = send_at
        self.expires_in = expires_in
        self.buttons = buttons
        self.tags = tags
        self.aim(segment_id)
        self.user_interaction = user_interaction
        self.image = image
        self.icon = icon
        self.send_token = send_token
        self.ledger_conn_id = ledger_conn_id
        self.schedule_ahead = schedule_ahead
        self.settle_window = settle_window
        self.on_doubt = on_doubt
        self.send_on_backfill = send_on_backfill
        self.max_lateness = max_lateness
        self.quiet_hours = quiet_hours
        self.in_quiet_hours = in_quiet_hours
        self.wait_for_delivery = wait_for_delivery
        self.thresholds = thresholds
        self.require = require
        self.fail_if = fail_if
        self.settled_after = settled_after
        self.on_settled = on_settled
        self.error_budget = error_budget
        warn_of_counted_budget(error_budget)
        self.cancel_on_failure = cancel_on_failure
        self.cancel_on_kill = cancel_on_kill
        self.poke_interval = poke_interval
        self.delivery_timeout = delivery_timeout
        self.deferrable = deferrable
        self.truepush_conn_id = truepush_conn_id
        # What was given and renders to nothing must not turn into at once, or into another send than was meant.
        self._must_render = [name for name in _MEANT if getattr(self, name) is not None]

    def execute(self, context: Context) -> str | None:
        """Send the campaign; wait for its delivery if asked to."""
        try:
            return self._send_and_wait(context)
        finally:
            # Not before: the signal may have come while templates were rendered. The next try may have this instance.
            self.kill_switch.reset()
            self._close_store()

    def _send_and_wait(self, context: Context) -> str | None:
        with self.kill_switch.guarded(), self.truepush() as hook:
            self._check_arguments()
            # Before the campaign is made: that may fail, and a later try must see that this one came so far.
            self._send_store = self._open_store(context)
            campaign = self._campaign(context)
            if campaign is None:
                self._check_nothing_was_begun(hook, context)
                raise AirflowSkipException("There is no campaign to send.")
            campaign_id = self._send(hook, campaign, context)
            self._close_store()  # not kept open while the task waits
        if self.wait_for_delivery:
            self._wait(campaign_id, campaign.title, context)
        with self.kill_switch.guarded():
            self.publish_campaign(context, campaign_id, campaign.title)
        return campaign_id

    def execute_complete(
        self, context: Context, event: dict[str, Any], campaign_id: str | None = None, title: str | None = None
    ) -> str:
        """Resume after the deferral with the verdict of the trigger.

        ``campaign_id`` and ``title`` come with a task that was deferred by the version before; since then the event
        carries them.
        """
        carried: dict[str, Any] = event.get("carry") or {"campaign_id": campaign_id, "title": title}
        with self.kill_switch.guarded():
            self._send_store = self._open_store(context)
            self._close_store()
            self._end_wait(carried["campaign_id"], goal.Verdict.of_event(event), context)
            self.publish_campaign(context, carried["campaign_id"], carried["title"])
        return str(carried["campaign_id"])

    def _note_id(self, campaign_id: str | None) -> None:
        self._sent = campaign_id

    def _check_arguments(self) -> None:
        """Refuse what is wrong with the arguments beside the campaign, before anything is sent."""
        for name in self._must_render:
            if getattr(self, name) in NOTHING:
                refuse(name, getattr(self, name), "is what its template rendered to, and it was to be something")
        token: object = self.send_token
        if token is not None and (isinstance(token, bool) or not str(token).strip()):
            refuse("send_token", token, "must be a text that is not blank")
        check_choice("on_doubt", self.on_doubt, ("reconcile", "fail"))
        window: object = self.settle_window
        ahead: object = self.schedule_ahead
        if not isinstance(window, timedelta) or window < timedelta(0):
            refuse("settle_window", window, "must be a timedelta of at least 0")
        if ahead is not None and (not isinstance(ahead, timedelta) or ahead <= window):
            refuse("schedule_ahead", ahead, f"must be a timedelta longer than settle_window ({window})")
        if self.wait_for_delivery:
            self.goal()
            seconds("poke_interval", self.poke_interval)
            seconds("delivery_timeout", self.delivery_timeout)
            return
        for name in ("thresholds", "fail_if", "settled_after", "cancel_on_failure"):
            if value := getattr(self, name):
                refuse(name, value, "would watch over nothing: it needs wait_for_delivery=True, or a sensor of its own")

    def _campaign(self, context: Context) -> Campaign | None:
        """What to send; None to skip."""
        self.check_audience("campaign.segment_id")
        given = {name: getattr(self, name) for name in self.content_fields}
        native = renders_natively(self)
        content = templated.content("campaign", given, native=native)
        content["expires_in"] = templated.duration("campaign.expires_in", given["expires_in"])
        content["segment_id"] = templated.text("campaign.segment_id", given["segment_id"], native=native)
        from airflow_provider_truepush.api.models.campaign import Campaign

        return Campaign.read({**content, "send_at": given["send_at"]})

    def _send(self, hook: TruepushHook, campaign: Campaign, context: Context) -> str | None:
        assert self._send_store is not None
        token = None if self.send_token is None else str(self.send_token)
        self._send_store = task_try.identify(self._send_store, campaign, hook.settings, token)
        sending = protocol.CampaignSending(hook, self._send_store, self._plan(hook, campaign, context))
        campaign_id = hook.create_campaign(sending.ready()) if hook.settings.dry_run else sending.send()
        self._sent = campaign_id
        to = f"segment {campaign.segment_id}" if campaign.segment_id else "EVERY subscriber"
        when = f"at {campaign.send_at}" if campaign.send_at else "at once"
        self.log.info("Campaign %s: %r, to %s, %s.", campaign_id or "without a known id", campaign.title, to, when)
        return campaign_id

    def _open_store(self, context: Context) -> SendStore:
        token = None if self.send_token is None else str(self.send_token)
        return task_try.open_store(
            context, conn_id=self.truepush_conn_id, send_token=token, ledger_conn_id=self.ledger_conn_id
        )

    def _close_store(self) -> None:
        """Let go of the send store's connection; it is opened again if it is needed."""
        if self._send_store is not None:
            self._send_store.close()

    def _check_nothing_was_begun(self, hook: TruepushHook, context: Context) -> None:
        """An earlier try may have had a campaign, and may have sent it: that is no skip."""
        if hook.settings.dry_run or task_try.TaskTry.of(context).number <= 1:
            return
        assert self._send_store is not None
        kept = self._send_store.read_position()
        if kept is not None:
            raise TruepushAmbiguousError(
                f"There is no campaign to send now, but {kept.author} sent {kept.title!r}, or may have sent it "
                f"(campaign {kept.campaign_id or 'not known'}). Nothing was sent by this try. This needs a manual "
                "decision:\n"
                "- Look in Truepush. If nothing else is to be sent, mark the task as success.\n"
                f"- If that campaign was certainly not sent: {self._send_store.how_to_forget(kept)}."
            )

    def _plan(self, hook: TruepushHook, campaign: Campaign, context: Context) -> plan.SendPlan:
        guard = late_guard.LateGuard(self.send_on_backfill, self.max_lateness, self.quiet_hours, self.in_quiet_hours)
        return plan.SendPlan(
            campaign=campaign,
            author=str(task_try.TaskTry.of(context)),
            on_doubt=self.on_doubt,
            settle_window=self.settle_window.total_seconds(),
            schedule_ahead=self.schedule_ahead,
            # Mapped tasks often share a title, and only a ledger tells whose a new campaign is.
            may_adopt=not task_try.TaskTry.of(context).mapped,
            siblings=task_try.siblings(context),
            guard=task_try.late_guard(guard, context, hook.settings),
            ended=lambda: self.kill_switch.killed,
            known=self._note_id,
        )
