"""Notify the people on call by push when a task fails for good.

The notification opens the log of the task. It is sent to the segment of the people on call. It cannot reach every
subscriber by accident: the notifier needs a segment or an explicit ``everyone=True``.

Start it by hand; tick "Fail" in the form to get the push. It needs a connection of type ``truepush`` called
``truepush_default``, and the id of a segment in the Variable ``truepush_oncall_segment``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param, task

from airflow_provider_truepush.notifications.truepush import send_truepush_notification

with DAG(
    dag_id="example_truepush_failure_notifier",
    schedule=None,
    tags=["truepush", "example"],
    doc_md=__doc__,
    params={"fail": Param(False, type="boolean", title="Fail")},
    default_args={
        "retries": 1,
        "retry_delay": timedelta(seconds=1),
        # Airflow calls it once, when no retry is left.
        "on_failure_callback": send_truepush_notification(
            title="{{ dag.dag_id }} failed",
            message="{{ ti.task_id }} failed after {{ ti.try_number }} tries: {{ exception | string | truncate(80) }}",
            segment_id="{{ var.value.truepush_oncall_segment }}",
            user_interaction=True,
            expires_in=timedelta(hours=8),
        ),
    },
):

    @task
    def load_orders(params: dict[str, Any] | None = None) -> int:
        if params and params["fail"]:
            raise RuntimeError("the orders of today are not there")
        return 1234

    load_orders()
