"""The operator that sends a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import SET_DURING_EXECUTION, AirflowSkipException, conf

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_two_segments
from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.lineage.campaign import CampaignLineage
from airflow_provider_truepush.operators import campaign_arguments
from airflow_provider_truepush.operators.arguments import (
    check_literals,
    checked_at_parse,
    is_final,
)
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.delivery import Delivery, SentCampaign
from airflow_provider_truepush.waiting.error_budget import DEFAULT_ERROR_BUDGET, warn_of_counted_budget

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.api.models.campaign import Campaign
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import Button


class TruepushCreateCampaignOperator(CampaignLineage, TruepushOperator):
    """Send a campaign, at once or at a time: ``createCampaign``, at most once over all tries of the task.

    Returns the campaign's id, or None when Truepush returned none. The send is recorded before and after it happens:
    in the task state store of Airflow 3.3, or in a ledger table. A later try, or a cleared task, returns the same id
    and sends nothing. After a lost answer the campaign is looked up in the list; what the list cannot settle fails the
    task for a manual decision, with an error that says what to do. Wrong literals are errors of the Dag file, other
    invalid values fail the task without a retry.

    An ``Asset`` or ``AssetAlias`` among the outlets gets an event that names the campaign; OpenLineage gets facets.

    No template, XCom or mapped value may make these empty: ``segment_id, segment, send_at, expires_in, send_token,
    ledger_conn_id, thresholds, fail_if, settled_after, schedule_ahead, max_lateness, quiet_hours``. Omit them instead.

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param send_at: when to send; left out, it is sent at once. An aware datetime or a string in ISO 8601 is converted
        to the connection's ``timezone``; a naive one is read in that zone.
    :param expires_in: how long push services try to deliver, at most 28 days: a timedelta, or a number of hours.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels of the campaign.
    :param segment_id: id of the segment to send to; left out, it goes to every subscriber.
    :param segment: name of the segment, instead of its id. Exactly one segment must have it; it is looked up once per
        try, and the campaign's identity is the id.
    :param user_interaction: keep the notification on screen until the subscriber acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param send_token: text or a whole number that makes two tries the same send; left out, the task sends once per Dag
        run, a mapped one once per item, which is its content. It needs a ledger; without one, a mapped task may have a
        token for each item, which names it within the Dag run.
    :param ledger_conn_id: an SQL connection whose table ``truepush_send_ledger`` records the sends; left out, the task
        state store does. Before Airflow 3.3, without a ledger, a second try needs a manual decision.
    :param schedule_ahead: send that much later instead of at once, and cancel duplicates before they go out.
    :param settle_window: how long the list is watched after doubt.
    :param on_doubt: ``reconcile`` by the list, or ``fail`` for a manual decision at once.
    :param send_on_backfill: send in a run of type backfill too, instead of skipping.
    :param max_lateness: skip when the run's data interval ended longer ago than this.
    :param quiet_hours: two times such as ``("22:00", "08:00")`` on the project's clock, between which nothing is sent.
    :param in_quiet_hours: ``move`` the send to the end of the quiet hours, or ``skip`` it.
    :param wait_for_delivery: wait for ``thresholds`` afterwards, as the sensor does; XCom ``stats`` gets the counters.
    :param thresholds: as of :class:`~airflow_provider_truepush.sensors.campaign.TruepushCampaignStatsSensor`, and so
        are ``require, fail_if, settled_after, on_settled, error_budget, cancel_on_failure, deferrable``.
    :param poke_interval: time between polls: a timedelta or seconds.
    :param delivery_timeout: the longest wait: a timedelta or seconds.
    :param cancel_on_kill: cancel the campaign when the task is ended, by someone or by Airflow, unless a later try has
        taken over. Of a deferred task on Airflow 3.3+ only, and only by a running triggerer: if that is down when the
        task is marked, nothing is canceled. A later try then needs a manual decision.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    content_fields: Sequence[str] = campaign_arguments.CONTENT_FIELDS
    template_fields: Sequence[str] = campaign_arguments.TEMPLATE_FIELDS
    native_fields = ("expires_in", "buttons", "tags", "user_interaction", "thresholds", "fail_if")
    needs_connection = "campaign"
    never_empty_fields = campaign_arguments.NEVER_MAPPED_EMPTY
    argument_names = campaign_arguments.FIELDS
    other_names = campaign_arguments.OTHER_NAMES
    template_fields_renderers: ClassVar[dict[str, str]] = dict.fromkeys(
        ("buttons", "tags", "thresholds", "fail_if"), "json"
    )

    def __init__(
        self,
        *,
        title: str,
        message: str,
        link: str,
        send_at: datetime | str | None = NOT_GIVEN,
        expires_in: timedelta | float | None = None,
        buttons: Sequence[Button | Mapping[str, str]] = (),
        tags: Sequence[str] = (),
        segment_id: str | None = NOT_GIVEN,
        segment: str | None = NOT_GIVEN,
        user_interaction: bool | None = None,
        image: str | None = None,
        icon: str | None = None,
        send_token: str | None = NOT_GIVEN,
        ledger_conn_id: str | None = NOT_GIVEN,
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
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        campaign_arguments.forget_wait(arguments, kwargs)
        self.check_constructor(kwargs, arguments)
        super().__init__(**kwargs)
        self.title = title
        self.message = message
        self.link = link
        self.send_at = None if send_at is NOT_GIVEN else send_at
        self.expires_in = expires_in
        self.buttons = buttons
        self.tags = tags
        self.segment_id = None if segment_id is NOT_GIVEN else segment_id
        self.segment = None if segment is NOT_GIVEN else segment
        self.user_interaction = user_interaction
        self.image = image
        self.icon = icon
        self.send_token = None if send_token is NOT_GIVEN else send_token
        self.ledger_conn_id = None if ledger_conn_id is NOT_GIVEN else ledger_conn_id
        self.schedule_ahead = schedule_ahead
        self.settle_window = settle_window
        self.on_doubt = on_doubt
        self.send_on_backfill = send_on_backfill
        self.max_lateness = max_lateness
        self.quiet_hours = quiet_hours
        self.in_quiet_hours = in_quiet_hours
        self.wait_for_delivery = wait_for_delivery
        self.thresholds: Mapping[str, float] | None = arguments["thresholds"]
        self.require = require
        self.fail_if: Mapping[str, float] | None = arguments["fail_if"]
        self.settled_after: timedelta | float | None = arguments["settled_after"]
        self.on_settled = on_settled
        self.error_budget = error_budget
        warn_of_counted_budget(error_budget)
        self.cancel_on_failure: bool = arguments["cancel_on_failure"]
        self.cancel_on_kill = cancel_on_kill
        self.poke_interval = poke_interval
        self.delivery_timeout = delivery_timeout
        self.deferrable = deferrable
        self.truepush_conn_id = truepush_conn_id
        self._never_empty = campaign_arguments.never_empty(arguments)

    @classmethod
    def applicable(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the ``default_args`` that are arguments of this operator."""
        return campaign_arguments.applicable(super().applicable(defaults, given), given)

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two_segments("campaign.segment", given)
            final = {name: value for name, value in given.items() if is_final(value)}
            check_literals(
                given,
                *campaign_arguments.CHECKED,
                template_fields=cls.template_fields,
                partly=campaign_arguments.PARTLY,
            )
            # Of a mapped task these may be some arguments, and others follow.
            if given.keys() >= campaign_arguments.COMPLETE and "wait_for_delivery" in final:
                campaign_arguments.check_together(final)
                campaign_arguments.check_wait(given)

    #: Created at first use: Airflow runs a copy of the operator that the Dag file created.
    _sent: SentCampaign | None = None

    @property
    def sent(self) -> SentCampaign:
        """Return the campaign that this task has sent, and what happens to it when the task is ended."""
        if self._sent is None:
            self._sent = SentCampaign(self)
        return self._sent

    def on_kill(self) -> None:
        """Stop sending; cancel the campaign that was sent, if ``cancel_on_kill`` is set."""
        self.sent.kill_switch.on_kill()

    def execute(self, context: Context) -> str | None:
        """Send the campaign; wait for its delivery if ``wait_for_delivery`` is set."""
        try:
            return self._send_and_wait(context)
        finally:
            # Not before: the signal may have come while templates were rendered. The next try may have this instance.
            self.sent.kill_switch.reset()
            self.sent.close_store()

    def _send_and_wait(self, context: Context) -> str | None:
        from airflow_provider_truepush.operators.campaign_send import CampaignSend

        with self.sent.kill_switch.guarded(), self.truepush() as hook:
            campaign_arguments.check_rendered(self, self._never_empty)
            if self.wait_for_delivery:
                Delivery.of(self, self.sent)  # checks the arguments of the wait
            # Open it before the campaign is read: that may fail, and a later try must see that this try began.
            send = CampaignSend.of(self, context)
            send.open_store()
            campaign = self._campaign(context, hook)
            if self.send_token is not None and str(self.send_token) != send.send_token:
                send = CampaignSend.of(self, context)  # the function of a decorated task has returned its token
                send.open_store()
            if campaign is None:
                send.check_nothing_was_begun(hook)
                raise AirflowSkipException("There is no campaign to send.")
            campaign_id = send.send(hook, campaign)
            self.sent.close_store()  # not kept open while the task waits
        if self.wait_for_delivery:
            carry = {"title": campaign.title, "send_token": self.send_token}
            Delivery.of(self, self.sent).run(self, campaign_id, context, carry)
        with self.sent.kill_switch.guarded():
            self.publish_campaign(context, campaign_id, campaign.title)
        return campaign_id

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any],
        campaign_id: str | None = None,
        title: str | None = None,
        send_token: str | None = None,
    ) -> str:
        """Resume after the deferral with the verdict of the trigger.

        The other arguments come with the deferral, and, as ``dag.test()`` hands on the event only, with the event too.
        A task that was deferred by version 0.1 has the first two in the deferral only.
        """
        from airflow_provider_truepush.client.redacted import redacted_errors
        from airflow_provider_truepush.hooks.truepush import TruepushHook
        from airflow_provider_truepush.operators.campaign_send import CampaignSend
        from airflow_provider_truepush.waiting.goal import Verdict

        hook = TruepushHook(self.truepush_conn_id)
        given = {"campaign_id": campaign_id, "title": title, "send_token": send_token}
        carried: dict[str, Any] = event.get("carry") or given
        if carried.get("send_token") is not None:  # a decorated function returned it before the deferral
            self.send_token = carried["send_token"]
        consequence = f"Campaign {carried['campaign_id']} was sent before."
        with self.sent.kill_switch.guarded(), redacted_errors(hook._look_up_once), meaning(consequence):
            CampaignSend.of(self, context).open_store()
            self.sent.close_store()
            Delivery.of(self, self.sent).finish(carried["campaign_id"], Verdict.of_event(event), context)
            self.publish_campaign(context, carried["campaign_id"], carried["title"])
        return str(carried["campaign_id"])

    def _campaign(self, context: Context, hook: TruepushHook) -> Campaign | None:
        """Return the campaign to send; None to skip the task."""
        return self._read(self._content(), hook)

    @staticmethod
    def _read(fields: Mapping[str, Any], hook: TruepushHook) -> Campaign:
        """Read the campaign's fields; look up a segment that is given by its name."""
        from airflow_provider_truepush.resources.audience import read_campaign

        return read_campaign(hook, fields, consequence="Nothing was sent by this try.")

    def _content(self) -> dict[str, Any]:
        """Return the fields of the campaign that were given as arguments, read from what they rendered to."""
        from airflow_provider_truepush.api import templated

        given = {name: getattr(self, name) for name in self.content_fields}
        content = templated.content(
            "campaign", {name: value for name, value in given.items() if value is not SET_DURING_EXECUTION}
        )
        content["expires_in"] = templated.duration("campaign.expires_in", given["expires_in"])
        for name in ("segment_id", "segment", "send_at"):
            if name in self._never_empty:
                content[name] = getattr(self, name)
        return content
