"""Waiting for delivery right after the send, in the same task."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.checks import is_dry_run_id, seconds
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.later import Later
from airflow_provider_truepush.sending.kill_switch import EndedTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.waiting import goal
else:
    goal = Later("airflow_provider_truepush.waiting.goal")


class DeliveryWait(EndedTask):
    """Mixed into the operator that sends; the attributes are its arguments. It resumes in ``execute_complete``."""

    poke_interval: timedelta | float
    delivery_timeout: timedelta | float
    deferrable: bool

    def _wait(self, campaign_id: str | None, title: str, context: Context) -> None:
        if campaign_id is None:
            raise AirflowFailException(
                "The campaign is out, and Truepush told no id: there is nothing to wait for by. Do not send it again."
            )
        if is_dry_run_id(campaign_id):
            self.log.info("A dry run has nothing to wait for.")
            return
        wanted = self.goal()
        interval = seconds("poke_interval", self.poke_interval)
        timeout = seconds("delivery_timeout", self.delivery_timeout)
        with self._undisturbed():
            # Before anything that may end this process: whoever looks at a waiting task sees what it waits for.
            context["ti"].xcom_push(key="campaign_id", value=campaign_id)
        if self.deferrable:
            self.defer_wait(
                campaign_id,
                wanted,
                poke_interval=interval,
                timeout=timeout,
                method_name="execute_complete",
                kwargs={"campaign_id": campaign_id, "title": title},
            )
        watch, end = goal.Watch(wanted), time.monotonic() + timeout
        with TruepushHook(self.truepush_conn_id) as hook:
            with self._undisturbed():
                hook.get_conn()  # asks Airflow for the connection
            while True:
                verdict, asked = self.poll(hook, campaign_id, watch)
                left = end - time.monotonic()
                if not verdict.over and left <= 0:
                    verdict = watch.time_out(timeout)
                if verdict.over:
                    break
                time.sleep(min(max(interval, asked), left))
        self._end_wait(campaign_id, verdict, context)

    def _end_wait(self, campaign_id: str, verdict: goal.Verdict, context: Context) -> None:
        with self._undisturbed():
            context["ti"].xcom_push(key="stats", value=self.end_wait(campaign_id, verdict, context))
