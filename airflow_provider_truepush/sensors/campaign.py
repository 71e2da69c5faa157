"""Waiting for a campaign's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_truepush.api.checks import is_dry_run_id, object_id, seconds
from airflow_provider_truepush.api.defaults import DEFAULT_ERROR_BUDGET
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.rendering import RendersText
from airflow_provider_truepush.waiting.campaign_wait import StatsWait
from airflow_provider_truepush.waiting.memory import WatchMemory

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg


class TruepushCampaignStatsSensor(StatsWait, RendersText, BaseSensorOperator):
    """Wait until a campaign's counters and rates reach thresholds: ``campaignStats``, polled.

    Returns the last counters as a dict; they are also pushed to XCom under ``stats`` when the wait fails. A
    campaign without statistics is one not sent yet. One rule judges in all modes: poke, reschedule, deferrable.

    :param campaign_id: the campaign.
    :param thresholds: lowest values to reach: counters (``reach, sent, delivered, views, clicks, button0, button1,
        unsubscribers``) or rates from 0 to 1 (``delivery_rate, view_rate, click_rate, unsubscribe_rate``). A rate
        has no value, and reaches nothing, while its denominator is 0.
    :param require: ``all`` thresholds, or ``any``.
    :param fail_if: guardrails of the same form: a value above one of them fails the task at once, without a retry.
    :param settled_after: end the wait when no counter has moved for that long: a timedelta or seconds.
    :param on_settled: whether that end should ``succeed`` or ``fail`` the task.
    :param error_budget: failed polls in a row that are endured; one more fails the task, with retries.
    :param cancel_on_failure: cancel the campaign when the wait ends badly by a guardrail, by settling or by time.
    :param cancel_on_kill: cancel the campaign when a person ends the task; of a deferred one on Airflow 3.3+ only, and
        in mode ``reschedule`` only during a poke: between two nobody is there to do it.
    :param deferrable: wait in the triggerer instead of on a worker.
    :param truepush_conn_id: id of a connection of type ``truepush``.

    ``poke_interval`` is kept after every kind of answer; ``Retry-After`` lengthens it. The last poll comes at the
    timeout; a deferred wait gives it up to a minute more to be answered. Before Airflow 3.3 the mode ``reschedule``
    has nowhere to keep ``settled_after``, which is refused there, and the error budget. A deferred wait takes its
    timeout along when the triggerer restarts, and nothing else: ``settled_after`` and the run of failed polls are
    counted anew from there, so a triggerer that restarts more often than every ``settled_after`` never finds the
    counters settled. ``exponential_backoff`` is refused for deferred waits.
    """

    template_fields: Sequence[str] = ("campaign_id", "thresholds", "fail_if", "truepush_conn_id")
    native_fields = ("thresholds", "fail_if")
    template_fields_renderers: ClassVar[dict[str, str]] = {"thresholds": "json", "fail_if": "json"}
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        campaign_id: str | XComArg,
        thresholds: Mapping[str, float] | None = None,
        require: Literal["all", "any"] = "all",
        fail_if: Mapping[str, float] | None = None,
        settled_after: timedelta | float | None = None,
        on_settled: Literal["succeed", "fail"] = "succeed",
        error_budget: int = DEFAULT_ERROR_BUDGET,
        cancel_on_failure: bool = False,
        cancel_on_kill: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        truepush_conn_id: str = TruepushHook.default_conn_name,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id: str = campaign_id  # type: ignore[assignment]  # a string by the time it is used
        self.thresholds = thresholds
        self.require = require
        self.fail_if = fail_if
        self.settled_after = settled_after
        self.on_settled = on_settled
        self.error_budget = error_budget
        self.cancel_on_failure = cancel_on_failure
        self.cancel_on_kill = cancel_on_kill
        self.deferrable = deferrable
        self.truepush_conn_id = truepush_conn_id
        self._hook: TruepushHook | None = None
        self._memory: WatchMemory | None = None
        self._retry_after = 0.0

    @property
    def hook(self) -> TruepushHook:
        """The hook, kept from poke to poke."""
        if self._hook is None:
            self._hook = TruepushHook(self.truepush_conn_id)
        return self._hook

    def execute(self, context: Context) -> Any:
        """Wait, in the mode asked for."""
        try:
            object_id("campaign_id", self.campaign_id)
            goal = self.goal()
            seconds("poke_interval", self.poke_interval)
        except TruepushValidationError as error:
            raise AirflowFailException(str(error)) from error
        if is_dry_run_id(self.campaign_id):
            self.log.info("Campaign %s was created by a dry run: there is nothing to wait for.", self.campaign_id)
            return None
        if self.deferrable:
            if self.exponential_backoff:
                raise AirflowFailException(
                    "exponential_backoff=True: a deferred wait polls at one interval. Set poke_interval, or "
                    "deferrable=False. Nothing was sent."
                )
            self.defer_wait(
                self.campaign_id,
                goal,
                poke_interval=self.poke_interval,
                timeout=self.timeout,
                method_name=self.execute_complete.__name__,
            )
        if self.reschedule and self.cancel_on_kill:
            self.log.warning("cancel_on_kill: if the task is ended between two pokes, no process is there to cancel.")
        self._memory = WatchMemory(goal, context, across_processes=self.reschedule)
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as end:
            if end.__cause__ is None:  # time is up; with a cause, poke has ended the wait already
                verdict = self._memory.watch.time_out(self.timeout)
                self.log.error(self.end_badly(self.campaign_id, verdict, context))
            raise
        finally:
            self.hook.close()

    def poke(self, context: Context) -> PokeReturnValue:
        """Ask once, and judge."""
        if self._memory is None:  # called by itself, not through execute
            self._memory = WatchMemory(self.goal(), context, across_processes=False)
        verdict, self._retry_after = self.poll(self.hook, self.campaign_id, self._memory.watch)
        self._memory.save()
        if not verdict.over:
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self.end_wait(self.campaign_id, verdict, context))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, int] | None:
        """Resume after the deferral with what the trigger saw."""
        from airflow_provider_truepush.waiting.goal import Verdict

        return self.end_wait(self.campaign_id, Verdict(**event), context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume, and end as the other modes end: with ``never_fail`` an error of any class skips the task."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSkipException:
            raise
        except Exception as error:
            if getattr(self, "never_fail", False):
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise

    def on_kill(self) -> None:
        """Cancel the campaign when a person ends the task, if asked to."""
        if self.cancel_on_kill:
            self.cancel(self.campaign_id, "the task was ended")

    def _get_next_poke_interval(self, started_at: Any, run_duration: Callable[[], float], poke_count: int) -> float:
        interval = max(super()._get_next_poke_interval(started_at, run_duration, poke_count), self._retry_after)
        # As in the triggerer, the last poll comes at the deadline, however long the interval, or Truepush, would wait.
        return min(interval, max(0.0, self.timeout - run_duration()))
