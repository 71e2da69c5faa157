"""Wait for delivery in the task that sends the campaign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.checks import is_dry_run_id, seconds
from airflow_provider_truepush.sending.kill_switch import KillSwitch

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.sending.store import SendStore
    from airflow_provider_truepush.waiting.campaign_wait import CampaignWait
    from airflow_provider_truepush.waiting.goal import Goal, Verdict


class DeliveryWait:
    """What the create operator does with its wait; the attributes are its arguments."""

    thresholds: Mapping[str, float] | None
    require: Literal["all", "any"]
    fail_if: Mapping[str, float] | None
    settled_after: timedelta | float | None
    on_settled: Literal["succeed", "fail"]
    error_budget: timedelta | int
    cancel_on_failure: bool
    cancel_on_kill: bool
    poke_interval: timedelta | float
    delivery_timeout: timedelta | float
    deferrable: bool
    truepush_conn_id: str
    send_token: str | None
    log: Any

    _sent: str | None = None
    _send_store: SendStore | None = None
    #: Made at first use: Airflow runs a copy of the operator that the Dag file made.
    _switch: KillSwitch | None = None

    @property
    def kill_switch(self) -> KillSwitch:
        """The reaction to the end of the task."""
        if self._switch is None:
            self._switch = KillSwitch(self._cancel_sent)
        return self._switch

    def on_kill(self) -> None:
        """Send nothing any more; cancel what was sent, if asked to."""
        self.kill_switch.on_kill()

    def goal(self) -> Goal:
        """Return when the wait ends; check the arguments."""
        from airflow_provider_truepush.waiting.campaign_wait import goal_of

        return goal_of(
            thresholds=self.thresholds,
            require=self.require,
            fail_if=self.fail_if,
            settled_after=self.settled_after,
            on_settled=self.on_settled,
            error_budget=self.error_budget,
        )

    def _wait(self, campaign_id: str | None, title: str, context: Context) -> None:
        if campaign_id is None:
            raise AirflowFailException(
                "Truepush returned no campaign id, so delivery cannot be monitored. The campaign was sent. Do not send "
                "it again."
            )
        if is_dry_run_id(campaign_id):
            self.log.info("Campaign %s was created by a dry run: there is nothing to wait for.", campaign_id)
            return
        goal = self.goal()
        interval = seconds("poke_interval", self.poke_interval)
        timeout = seconds("delivery_timeout", self.delivery_timeout)
        with self.kill_switch.guarded():
            # Before anything that may end this process: a waiting task shows what it waits for.
            context["ti"].xcom_push(key="campaign_id", value=campaign_id)
        if self.deferrable:
            from airflow_provider_truepush.triggers.deferring import defer_wait

            defer_wait(
                self,
                campaign_id,
                goal,
                truepush_conn_id=self.truepush_conn_id,
                poke_interval=interval,
                timeout=timeout,
                cancel_on_kill=self.cancel_on_kill,
                carry={"campaign_id": campaign_id, "title": title, "send_token": self.send_token},
            )
        from airflow_provider_truepush.waiting.blocking import wait_on_worker

        verdict = wait_on_worker(self._campaign_wait(goal), campaign_id, interval, timeout)
        self._end_wait(campaign_id, verdict, context)

    def _end_wait(self, campaign_id: str, verdict: Verdict, context: Context) -> None:
        stats = self._campaign_wait(self.goal()).finish(campaign_id, verdict, context)
        with self.kill_switch.guarded():
            context["ti"].xcom_push(key="stats", value=stats)

    def _campaign_wait(self, goal: Goal) -> CampaignWait:
        from airflow_provider_truepush.waiting.campaign_wait import CampaignWait

        return CampaignWait(
            self.truepush_conn_id,
            goal,
            self.log,
            self.kill_switch,
            self.cancel_on_failure,
            self._note_canceled,
        )

    def _cancel_sent(self) -> None:
        if not self.cancel_on_kill or self._sent is None or is_dry_run_id(self._sent):
            return
        from airflow_provider_truepush.waiting.cancel import cancel_campaign

        sent, self._sent = self._sent, None
        if self._send_store is not None and self._send_store.is_superseded():
            self.log.warning("Campaign %s was not canceled: a later try of the task has taken over.", sent)
            return
        cancel_campaign(self.truepush_conn_id, sent, "the task was ended", self.log, self._note_canceled)

    def _note_canceled(self, campaign_id: str) -> None:
        """Record that the campaign does not go out, so that no later try takes it for sent."""
        if self._send_store is None:
            return
        try:
            self._send_store.record_cancellation(campaign_id)
        except Exception as error:
            self.log.error(
                "Could not record in %s that campaign %s was canceled: %s", self._send_store, campaign_id, error
            )
