"""Wait for a campaign's statistics."""

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

from airflow_provider_truepush.api.checks.given import connection_id, is_nothing, refuse_empty
from airflow_provider_truepush.api.checks.literals import check_literal
from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.checks.values import flag, is_dry_run_id, object_id, refuse, seconds
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.operators.arguments import checked_at_parse, refuse_unrendered
from airflow_provider_truepush.operators.mapping import ChecksArguments, of_the_constructor
from airflow_provider_truepush.operators.rendering import RendersText
from airflow_provider_truepush.sending.kill_switch import KillSwitch
from airflow_provider_truepush.waiting.error_budget import DEFAULT_ERROR_BUDGET, warn_of_counted_budget

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.waiting.campaign_wait import CampaignWait
    from airflow_provider_truepush.waiting.goal import Goal
    from airflow_provider_truepush.waiting.memory import WatchMemory

#: The checks of the arguments; those of the goal are in :mod:`airflow_provider_truepush.waiting.bounds`.
_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "campaign_id": object_id,
    "poke_interval": seconds,
    "cancel_on_failure": flag,
    "cancel_on_kill": flag,
    "deferrable": flag,
    "truepush_conn_id": connection_id,
}
_OF_THE_GOAL = ("require", "settled_after", "on_settled", "error_budget")
_NEVER_RENDERED = (*_OF_THE_GOAL, "cancel_on_failure", "cancel_on_kill", "deferrable")
_CHECKED = (*_CHECKS, *_OF_THE_GOAL, "thresholds", "fail_if", "exponential_backoff")


class TruepushCampaignStatsSensor(ChecksArguments, RendersText, BaseSensorOperator):
    """Wait until a campaign's counters and rates reach thresholds: ``campaignStats``, polled.

    Returns the last counters as a dict; they are also pushed to XCom under ``stats`` when the wait fails. A
    campaign without statistics was not sent yet. The same rules judge in all modes: poke, reschedule, deferrable.

    :param campaign_id: the campaign.
    :param thresholds: lowest values to reach: counters (``reach, sent, delivered, views, clicks, button0, button1,
        unsubscribers``) or rates from 0 to 1 (``delivery_rate, view_rate, click_rate, unsubscribe_rate``). A rate
        has no value, and reaches nothing, while its denominator is 0.
    :param require: ``all`` thresholds, or ``any``.
    :param fail_if: guardrails of the same form: a value above one of them fails the task at once, without a retry.
    :param settled_after: end the wait when no counter has changed for that long: a timedelta or seconds.
    :param on_settled: ``succeed`` or ``fail``: the result of that end.
    :param error_budget: how long polls may fail without interruption, a timedelta. Then the task fails, with retries.
        A single failed poll never ends the wait. A number of failed polls, as version 0.1 took it, is deprecated.
    :param cancel_on_failure: cancel the campaign when the wait ends badly by a guardrail, by settling or by timeout.
    :param cancel_on_kill: cancel the campaign when someone ends the task. A deferred task needs Airflow 3.3+ and a
        running triggerer for that, and in mode ``reschedule`` it works only during a poke: between two pokes no
        process exists that could cancel.
    :param deferrable: wait in the triggerer instead of on a worker.
    :param truepush_conn_id: id of a connection of type ``truepush``.

    ``poke_interval`` is kept after every kind of answer; ``Retry-After`` lengthens it. The last poll comes at the
    timeout; a deferred wait gives it up to a minute more to be answered. Before Airflow 3.3 the mode ``reschedule``
    has no store for ``settled_after``, which is refused there, and for the error budget. When the triggerer restarts, a
    deferred wait keeps only its timeout: ``settled_after`` and the error budget start again, so with a triggerer that
    restarts more often than every ``settled_after`` the counters never count as settled.
    ``exponential_backoff`` is refused for deferred waits.
    """

    template_fields: Sequence[str] = ("campaign_id", "thresholds", "fail_if", "truepush_conn_id")
    native_fields = ("thresholds", "fail_if")
    template_fields_renderers: ClassVar[dict[str, str]] = {"thresholds": "json", "fail_if": "json"}
    ui_color = "#e8f0fe"
    needs_connection = "campaign"
    consequence = "The campaign is not affected."
    never_empty_fields = ("thresholds", "fail_if", "settled_after")

    def __init__(
        self,
        *,
        campaign_id: str | XComArg,
        thresholds: Mapping[str, float] | None = None,
        require: Literal["all", "any"] = "all",
        fail_if: Mapping[str, float] | None = None,
        settled_after: timedelta | float | None = None,
        on_settled: Literal["succeed", "fail"] = "succeed",
        error_budget: timedelta | int = DEFAULT_ERROR_BUDGET,
        cancel_on_failure: bool = False,
        cancel_on_kill: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**of_the_constructor(kwargs))
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
        self.check_constructor(kwargs, {name: getattr(self, name) for name in _CHECKED})
        warn_of_counted_budget(error_budget)
        self._never_empty = [name for name in ("thresholds", "fail_if") if not is_nothing(getattr(self, name))]
        self._hook: TruepushHook | None = None
        self._memory: WatchMemory | None = None
        self._retry_after = 0.0

    #: Created at first use: Airflow runs a copy of the operator that the Dag file created.
    _switch: KillSwitch | None = None
    #: True once a kill has canceled the campaign.
    _canceled = False

    @property
    def kill_switch(self) -> KillSwitch:
        """Return what cancels the campaign when someone ends the task."""
        if self._switch is None:
            self._switch = KillSwitch(self._cancel_once)
        return self._switch

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        from airflow_provider_truepush.waiting.bounds import check_literal_of, refuse_endless

        with checked_at_parse(cls.consequence, given.get("dag")):
            for name, value in given.items():
                if name in _NEVER_RENDERED and name not in cls.template_fields:
                    refuse_unrendered(name, value)
                check_literal_of(name, value)
                if name in _CHECKS:
                    check_literal(_CHECKS[name], name, value)
            is_known = given.keys() >= {"thresholds", "settled_after"}
            if is_known and not given["thresholds"] and given["settled_after"] is None:
                refuse_endless(given["thresholds"])
            if given.get("deferrable") is True and given.get("exponential_backoff") is True:
                refuse("exponential_backoff", True, "cannot be used with deferrable=True", "Set poke_interval instead")

    @property
    def hook(self) -> TruepushHook:
        """Return the hook, which is kept from poke to poke."""
        from airflow_provider_truepush.hooks.truepush import TruepushHook

        if self._hook is None:
            self._hook = TruepushHook(self.truepush_conn_id)
        return self._hook

    def goal(self) -> Goal:
        """Check the arguments and return the conditions on which the wait ends."""
        from airflow_provider_truepush.waiting.campaign_wait import goal_of

        return goal_of(
            thresholds=self.thresholds,
            require=self.require,
            fail_if=self.fail_if,
            settled_after=self.settled_after,
            on_settled=self.on_settled,
            error_budget=self.error_budget,
        )

    def execute(self, context: Context) -> Any:
        """Wait, in the mode that the arguments set."""
        from airflow_provider_truepush.client.redacted import redacted_errors

        try:
            with self.kill_switch.guarded(), redacted_errors(self.hook._look_up_once), meaning(self.consequence):
                return self._execute(context)
        finally:
            self.kill_switch.reset()
            self._canceled = False

    def _execute(self, context: Context) -> Any:
        try:
            connection_id("truepush_conn_id", self.truepush_conn_id)
            object_id("campaign_id", self.campaign_id)
            for name in self._never_empty:
                refuse_empty(name, getattr(self, name))
            goal = self.goal()
        except TruepushValidationError as error:
            raise AirflowFailException(str(error)) from error
        if is_dry_run_id(self.campaign_id):
            self.log.info("Campaign %s was created by a dry run: there is nothing to wait for.", self.campaign_id)
            return None
        if self.deferrable:
            self._defer(goal)
        if self.reschedule and self.cancel_on_kill:
            self.log.warning("cancel_on_kill works only during a poke in mode 'reschedule'.")
        self._remember(goal, context, across_processes=self.reschedule)
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as end:
            if end.__cause__ is None:  # the timeout has passed; with a cause, poke has ended the wait already
                assert self._memory is not None
                verdict = self._memory.watch.time_out(self.timeout)
                self.log.error(self._wait(goal).finish_badly(self.campaign_id, verdict, context))
            raise
        finally:
            self.hook.close()

    def _defer(self, goal: Goal) -> None:
        # Airflow's triggers are a heavy import, which a Dag file that only names this sensor need not pay for.
        from airflow_provider_truepush.triggers.deferring import defer_wait

        defer_wait(
            self,
            self.campaign_id,
            goal,
            truepush_conn_id=self.truepush_conn_id,
            poke_interval=self.poke_interval,
            timeout=self.timeout,
            cancel_on_kill=self.cancel_on_kill,
        )

    def _wait(self, goal: Goal) -> CampaignWait:
        from airflow_provider_truepush.waiting.campaign_wait import CampaignWait

        return CampaignWait(self.truepush_conn_id, goal, self.log, self.kill_switch, self.cancel_on_failure)

    def _remember(self, goal: Goal, context: Context, *, across_processes: bool) -> WatchMemory:
        from airflow_provider_truepush.waiting.memory import WatchMemory

        self._memory = WatchMemory(goal, context, across_processes=across_processes)
        return self._memory

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once and judge the answer."""
        with self.kill_switch.guarded():
            memory = self._memory or self._remember(self.goal(), context, across_processes=False)
            wait = self._wait(memory.watch.goal)
            interval = None if self.exponential_backoff else self.poke_interval
            verdict, self._retry_after = wait.poll(self.hook, self.campaign_id, memory.watch, interval)
            memory.save()
            if not verdict.over:
                return PokeReturnValue(is_done=False)
            return PokeReturnValue(is_done=True, xcom_value=wait.finish(self.campaign_id, verdict, context))

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, int] | None:
        """Resume after the deferral with the verdict of the trigger."""
        from airflow_provider_truepush.client.redacted import redacted_errors
        from airflow_provider_truepush.waiting.goal import Verdict

        with redacted_errors(self.hook._look_up_once), meaning(self.consequence):
            return self._wait(self.goal()).finish(self.campaign_id, Verdict.of_event(event), context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume the task. As in the other modes, with ``never_fail`` an error of any class skips it."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSkipException:
            raise
        except Exception as error:
            if getattr(self, "never_fail", False):
                raise AirflowSkipException("Skipping due to never_fail is set to True.") from error
            raise

    def on_kill(self) -> None:
        """Cancel the campaign when someone ends the task, if ``cancel_on_kill`` is set."""
        self.kill_switch.on_kill()

    def _cancel_once(self) -> None:
        # Airflow may end the task before it has rendered the templates; execute comes back to that.
        if not self.cancel_on_kill or self._canceled or not _is_known(self.campaign_id):
            return
        self._canceled = True
        from airflow_provider_truepush.waiting.cancel import cancel_campaign

        cancel_campaign(self.truepush_conn_id, self.campaign_id, "the task was ended", self.log)

    def _get_next_poke_interval(self, started_at: Any, run_duration: Callable[[], float], poke_count: int) -> float:
        interval = max(super()._get_next_poke_interval(started_at, run_duration, poke_count), self._retry_after)
        if not self.reschedule:
            self.kill_switch.release()  # the sensor sleeps next
        # As in the triggerer, the last poll comes at the deadline, however long the interval, or Truepush, would wait.
        return min(interval, max(0.0, self.timeout - run_duration()))


def _is_known(campaign_id: object) -> bool:
    try:
        return not is_dry_run_id(object_id("campaign_id", campaign_id))
    except TruepushValidationError:
        return False
