"""Waiting for a campaign's numbers, as the sensor and the create operator share it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_truepush.exceptions import (
    TruepushAuthError,
    TruepushError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.later import Later

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
else:
    templated = Later("airflow_provider_truepush.api.templated")


#: What came of a cancel, in words.
CANCELLED = {
    True: "It was cancelled.",
    False: "It could not be cancelled: sent or cancelled already.",
    None: "Whether it was cancelled is not known: an attempt went unanswered, and to the next one Truepush said that "
    "it is sent or cancelled already. Look in Truepush.",
}


class StatsWait:
    """Mixed into operators that wait for a campaign; the attributes are their arguments."""

    thresholds: Mapping[str, float] | None
    require: Literal["all", "any"]
    fail_if: Mapping[str, float] | None
    settled_after: timedelta | float | None
    on_settled: Literal["succeed", "fail"]
    error_budget: int
    cancel_on_failure: bool
    cancel_on_kill: bool
    truepush_conn_id: str
    log: Any

    def goal(self) -> Goal:
        """When the wait ends; checks the arguments."""
        from airflow_provider_truepush.waiting.goal import Goal

        return Goal(
            thresholds=templated.mapping("thresholds", self.thresholds or {}),
            require=self.require,
            fail_if=templated.mapping("fail_if", self.fail_if or {}),
            settled_after=self.settled_after,  # type: ignore[arg-type]  # the goal reads a timedelta as well
            on_settled=self.on_settled,
            error_budget=self.error_budget,
        )

    def defer_wait(
        self,
        campaign_id: str,
        goal: Goal,
        *,
        poke_interval: float,
        timeout: float,
        method_name: str,
        kwargs: dict[str, Any] | None = None,
    ) -> NoReturn:
        """Hand the wait to the triggerer; ``method_name`` is resumed with ``event`` and the further arguments."""
        # Airflow's triggers are a heavy import, which a Dag file that only names this operator need not pay for.
        from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger

        self.defer(  # type: ignore[attr-defined]  # of the operator this is mixed into
            trigger=TruepushCampaignStatsTrigger(
                campaign_id=campaign_id,
                truepush_conn_id=self.truepush_conn_id,
                goal=goal.as_dict(),
                poke_interval=poke_interval,
                timeout=timeout,
                started_at=time.time(),
                cancel_on_kill=self.cancel_on_kill,
            ),
            method_name=method_name,
            kwargs=kwargs,
        )
        raise AssertionError("unreachable: defer() raises")

    def poll(self, hook: TruepushHook, campaign_id: str, watch: Watch) -> tuple[Verdict, float]:
        """Ask once, and judge: the verdict, and the seconds that Truepush asked to wait."""
        asked = 0.0
        try:
            verdict = watch.observe(hook.get_campaign_stats(campaign_id), time.time())
        except TruepushError as error:
            if isinstance(error, (TruepushRateLimitError, TruepushServerError)):
                asked = error.retry_after or 0.0
            if isinstance(error, TruepushAuthError):
                hook.forget()
            verdict = watch.fail(error)
        if verdict.news and not verdict.over:
            self.log.info("Campaign %s: %s. %s", campaign_id, verdict.reason, verdict.stats or "")
        return verdict, asked

    def end_wait(self, campaign_id: str, verdict: Verdict, context: Context) -> dict[str, int] | None:
        """Turn the end of a wait into the task's: the last counters, or the error."""
        if verdict.good:
            self.log.info("Campaign %s: %s. %s", campaign_id, verdict.reason, verdict.stats)
            return verdict.stats
        message = self.end_badly(campaign_id, verdict, context)
        if verdict.state == "errors":
            raise TruepushError(message)
        raise AirflowSensorTimeout(message) if verdict.state == "timeout" else AirflowFailException(message)

    def end_badly(self, campaign_id: str, verdict: Verdict, context: Context) -> str:
        """Do what a bad end asks for; returns the message for it."""
        context["ti"].xcom_push(key="stats", value=verdict.stats)
        outcome = "The campaign itself was not touched."
        # Failed polls tell nothing about the campaign, and a retry may still see it through.
        if self.cancel_on_failure and verdict.state != "errors":
            outcome = self.cancel(campaign_id, verdict.reason)
        return f"Campaign {campaign_id}: {verdict.reason}. {outcome} Last counters: {verdict.stats}"

    def note_cancelled(self, campaign_id: str) -> None:
        """For who has sent the campaign, and would take it for sent the next time."""

    def cancel(self, campaign_id: str, why: str) -> str:
        """Try to cancel the campaign; returns what came of it."""
        try:
            with TruepushHook(self.truepush_conn_id) as hook:
                cancelled = hook.cancel_or_unknown(campaign_id)
        except TruepushError as error:
            outcome = f"Cancelling it failed: {error}"
            self.log.error("Campaign %s: %s; %s", campaign_id, why, outcome)
            return outcome
        if cancelled:
            self.note_cancelled(campaign_id)
        outcome = CANCELLED[cancelled]
        self.log.warning("Campaign %s: %s. %s", campaign_id, why, outcome)
        return outcome
