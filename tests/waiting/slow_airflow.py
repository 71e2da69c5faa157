"""A task in a process of its own, whose requests to Airflow are slow and hold a lock, as those to a supervisor do.

``python -m tests.waiting.slow_airflow sensor|create|outside`` runs one; each request is announced on standard output.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any

from airflow.providers.common.compat.sdk import Connection
from airflow.secrets import BaseSecretsBackend

CONN_ID = "truepush_slow"
#: Seconds that an answer takes: long enough for a signal to arrive in between.
ANSWER = 1.0

_lock = threading.Lock()


class SlowBackend(BaseSecretsBackend):
    """Answers one request at a time."""

    def get_connection(self, conn_id: str) -> Connection | None:
        """The connection, after a while."""
        if conn_id != CONN_ID:
            return None
        with _lock:
            print("asking", flush=True)
            time.sleep(ANSWER)
        return Connection(conn_id=conn_id, **json.loads(os.environ["SLOW_CONNECTION"]))


def _sensor(campaign_id: str) -> Any:
    from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor

    return TruepushCampaignStatsSensor(
        task_id="wait",
        campaign_id=campaign_id,
        thresholds={"delivered": 1},
        poke_interval=0.2,
        timeout=30,
        cancel_on_kill=True,
        truepush_conn_id=CONN_ID,
    )


def _create() -> Any:
    from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
    from tests.sending.tasks import in_days

    return TruepushCreateCampaignOperator(
        task_id="send",
        title="Sale",
        message="All of it",
        link="https://shop.example",
        send_at=in_days(2),
        wait_for_delivery=True,
        thresholds={"delivered": 1},
        poke_interval=0.2,
        delivery_timeout=30,
        deferrable=False,
        cancel_on_kill=True,
        truepush_conn_id=CONN_ID,
    )


def main(what: str, campaign_id: str) -> None:
    """Run the task as Airflow's task runner does: a signal calls ``on_kill``, and the task goes on."""
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from tests.sensors.context import context

    task = _create() if what == "create" else _sensor(campaign_id)
    signal.signal(signal.SIGTERM, lambda number, frame: task.on_kill())
    if what == "outside":  # Airflow's own code asks, before or after the task
        TruepushHook.get_connection(CONN_ID)
        time.sleep(30)
        return
    execute = type(task).execute
    getattr(execute, "__wrapped__", execute)(task, context())


if __name__ == "__main__":
    main(*sys.argv[1:])
