"""The parts of the create operator that act after the send: the wait for delivery, and the end of the task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.checks.values import is_dry_run_id, seconds
from airflow_provider_truepush.sending.kill_switch import KillSwitch

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.sending.store import SendStore
    from airflow_provider_truepush.waiting.campaign_wait import CampaignWait
    from airflow_provider_truepush.waiting.goal import Goal, Verdict


class SentCampaign:
    """The campaign that a task has sent, and its fate when Airflow ends the task.

    :param operator: the create operator; read when its templates have been rendered.
    """

    def __init__(self, operator: Any) -> None:
        self._operator = operator
        self.kill_switch = KillSwitch(self.cancel)
        #: None until it was sent, and after it was canceled.
        self.campaign_id: str | None = None
        #: Where the send is recorded.
        self.store: SendStore | None = None

    def note_id(self, campaign_id: str | None) -> None:
        """Remember the id as soon as it is known."""
        self.campaign_id = campaign_id

    def cancel(self) -> None:
        """Cancel the campaign when the task was ended, if ``cancel_on_kill`` is set and no later try has taken over."""
        operator, sent = self._operator, self.campaign_id
        if not operator.cancel_on_kill or sent is None or is_dry_run_id(sent):
            return
        from airflow_provider_truepush.waiting.cancel import cancel_campaign

        self.campaign_id = None
        if self.store is not None and self.store.is_superseded():
            operator.log.warning("Campaign %s was not canceled: a later try of the task has taken over.", sent)
            return
        cancel_campaign(operator.truepush_conn_id, sent, "the task was ended", operator.log, self.record_cancellation)

    def record_cancellation(self, campaign_id: str) -> None:
        """Record that the campaign was canceled, so that no later try treats it as sent."""
        if self.store is None:
            return
        try:
            self.store.record_cancellation(campaign_id)
        except Exception as error:
            self._operator.log.error(
                "Could not record in %s that campaign %s was canceled: %s", self.store, campaign_id, error
            )

    def close_store(self) -> None:
        """Close the send store's connection; it is opened again if it is needed."""
        if self.store is not None:
            self.store.close()


@dataclass(frozen=True, slots=True)
class Delivery:
    """The wait of the create operator, built from its arguments when it runs.

    :param wait: polls and judges.
    :param poke_interval: seconds between polls.
    :param timeout: seconds that the wait may take.
    :param deferrable: wait in the triggerer.
    :param cancel_on_kill: cancel the campaign when someone ends the deferred task.
    """

    wait: CampaignWait
    poke_interval: float
    timeout: float
    deferrable: bool
    cancel_on_kill: bool

    @classmethod
    def of(cls, operator: Any, sent: SentCampaign) -> Delivery:
        """Check the arguments of the operator and build the wait from them."""
        from airflow_provider_truepush.waiting.campaign_wait import CampaignWait

        wait = CampaignWait(
            operator.truepush_conn_id,
            goal_of_operator(operator),
            operator.log,
            sent.kill_switch,
            operator.cancel_on_failure,
            sent.record_cancellation,
        )
        return cls(
            wait,
            seconds("poke_interval", operator.poke_interval),
            seconds("delivery_timeout", operator.delivery_timeout),
            operator.deferrable,
            operator.cancel_on_kill,
        )

    def run(self, operator: Any, campaign_id: str | None, context: Context, carry: dict[str, Any]) -> None:
        """Wait until the goal is met; defer the task if ``deferrable`` is set.

        :param operator: the operator, which is resumed by its ``execute_complete``.
        :param campaign_id: the campaign.
        :param context: Airflow's context.
        :param carry: further arguments of ``execute_complete``.
        """
        if campaign_id is None:
            raise AirflowFailException(
                "Truepush returned no campaign id, so delivery cannot be monitored. The campaign was sent. Do not send "
                "it again."
            )
        if is_dry_run_id(campaign_id):
            self.wait.log.info("Campaign %s was created by a dry run: there is nothing to wait for.", campaign_id)
            return
        with self.wait.kill_switch.guarded():
            # This comes before anything that may end the process: a waiting task shows which campaign it waits for.
            context["ti"].xcom_push(key="campaign_id", value=campaign_id)
        if self.deferrable:
            from airflow_provider_truepush.triggers.deferring import defer_wait

            defer_wait(
                operator,
                campaign_id,
                self.wait.goal,
                truepush_conn_id=self.wait.truepush_conn_id,
                poke_interval=self.poke_interval,
                timeout=self.timeout,
                cancel_on_kill=self.cancel_on_kill,
                carry={"campaign_id": campaign_id, **carry},
            )
        from airflow_provider_truepush.waiting.blocking import wait_on_worker

        self.finish(campaign_id, wait_on_worker(self.wait, campaign_id, self.poke_interval, self.timeout), context)

    def finish(self, campaign_id: str, verdict: Verdict, context: Context) -> None:
        """Push the last counters to XCom and end the task by the verdict."""
        stats = self.wait.finish(campaign_id, verdict, context)
        with self.wait.kill_switch.guarded():
            context["ti"].xcom_push(key="stats", value=stats)


def goal_of_operator(operator: Any) -> Goal:
    """Check the arguments of an operator, which have the same names everywhere, and build the goal from them."""
    from airflow_provider_truepush.waiting.campaign_wait import goal_of

    return goal_of(
        thresholds=operator.thresholds,
        require=operator.require,
        fail_if=operator.fail_if,
        settled_after=operator.settled_after,
        on_settled=operator.on_settled,
        error_budget=operator.error_budget,
    )
