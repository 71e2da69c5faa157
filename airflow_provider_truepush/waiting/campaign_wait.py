"""Wait for a campaign's statistics: the part that the sensor and the create operator have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushConnectionError,
    TruepushError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.waiting.cancel import cancel_campaign
from airflow_provider_truepush.waiting.goal import ONLY_THIS_POLL, Goal, Verdict, Watch

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.sending.kill_switch import KillSwitch


def goal_of(
    *,
    thresholds: Mapping[str, float] | str | None,
    require: str,
    fail_if: Mapping[str, float] | str | None,
    settled_after: timedelta | float | None,
    on_settled: str,
    error_budget: timedelta | int,
) -> Goal:
    """Build a goal from an operator's rendered arguments, and check it."""
    return Goal(
        thresholds=templated.mapping("thresholds", {} if thresholds is None else thresholds),
        require=require,  # type: ignore[arg-type]  # the goal checks the word
        fail_if=templated.mapping("fail_if", {} if fail_if is None else fail_if),
        settled_after=settled_after,  # type: ignore[arg-type]  # the goal reads a timedelta as well
        on_settled=on_settled,  # type: ignore[arg-type]
        error_budget=error_budget,
    )


@dataclass(frozen=True, slots=True)
class CampaignWait:
    """Poll a campaign for a task, and end the task when the wait ends.

    :param truepush_conn_id: id of the connection.
    :param goal: when the wait ends.
    :param log: the logger of the task.
    :param kill_switch: is informed while the task sends Airflow a request.
    :param cancel_on_failure: cancel the campaign after a bad end other than failed polls.
    :param on_canceled: called with the campaign's id after it was canceled.
    """

    truepush_conn_id: str
    goal: Goal
    log: Any
    kill_switch: KillSwitch
    cancel_on_failure: bool = False
    on_canceled: Callable[[str], None] | None = None

    def poll(
        self, hook: TruepushHook, campaign_id: str, watch: Watch, interval: float | None = None
    ) -> tuple[Verdict, float]:
        """Poll once and judge the answer; return the verdict, and the seconds that Truepush asked to wait.

        :param hook: the project.
        :param campaign_id: the campaign.
        :param watch: judges.
        :param interval: seconds until the next poll, for the log.
        """
        asked = 0.0
        try:
            # The task may have sent the campaign before.
            with self.kill_switch.guarded(), meaning(ONLY_THIS_POLL, replaces=True):
                self._connect(hook)
            with self.kill_switch.released():
                stats = hook.get_campaign_stats(campaign_id)
            verdict = watch.observe(stats, time.time())
        except TruepushError as error:
            if isinstance(error, (TruepushRateLimitError, TruepushServerError)):
                asked = error.retry_after or 0.0
            if isinstance(error, TruepushAuthError):
                hook.forget()  # the next poll looks the connection up again: its token may have been corrected
            verdict = watch.fail(error, time.time(), None if interval is None else max(interval, asked))
        if verdict.news and not verdict.over:
            self.log.info("Campaign %s: %s. Counters: %s.", campaign_id, verdict.reason, verdict.counters)
        return verdict, asked

    def _connect(self, hook: TruepushHook) -> None:
        """Ask Airflow for the connection, unless the hook has it. A failure counts as a failed poll."""
        try:
            hook.get_conn()
        except TruepushError:
            raise
        except Exception as error:
            # Airflow reports a connection as missing also when its API server, or a secrets backend, does not answer.
            raise TruepushConnectionError(
                f"Connection {self.truepush_conn_id!r} could not be looked up ({error}). The campaign is not affected. "
                "Check that the connection exists and that Airflow's API server, or the secrets backend, answers."
            ) from error

    def finish(self, campaign_id: str, verdict: Verdict, context: Context) -> dict[str, int] | None:
        """End the task by the verdict: return the last counters, or raise."""
        if verdict.good:
            self.log.info("Campaign %s: %s. Counters: %s.", campaign_id, verdict.reason, verdict.counters)
            return verdict.stats
        message = self.finish_badly(campaign_id, verdict, context)
        if verdict.state == "errors":
            # A rejected token by its own class: a retry policy may treat it as permanent.
            kind = TruepushAuthError if verdict.error == TruepushAuthError.__name__ else TruepushError
            raise kind(message)
        raise AirflowSensorTimeout(message) if verdict.state == "timeout" else AirflowFailException(message)

    def finish_badly(self, campaign_id: str, verdict: Verdict, context: Context) -> str:
        """Push the counters, cancel the campaign if ``cancel_on_failure`` is set, and return the error message."""
        with self.kill_switch.guarded():
            context["ti"].xcom_push(key="stats", value=verdict.stats)
        outcome = "The campaign was not changed."
        if verdict.state == "errors":
            # Failed polls say nothing about the campaign, and a retry may still reach the goal.
            outcome = "The campaign is not affected. Clear the task to wait again."
        elif self.cancel_on_failure:
            with self.kill_switch.guarded():
                outcome = cancel_campaign(
                    self.truepush_conn_id, campaign_id, verdict.reason, self.log, self.on_canceled
                )
        return f"Campaign {campaign_id}: {verdict.reason}. Last counters: {verdict.counters}. {outcome}"
