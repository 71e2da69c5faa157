"""What a Dag file imports when it names operators and sensors: their classes, and nothing that only a run needs."""

from __future__ import annotations

import json
import subprocess
import sys

#: What Airflow has loaded by then, or loads for any operator.
_FREE = ("airflow.sdk", "airflow.providers.common.compat")
#: What comes along, and is small.
_OURS = {
    "airflow_provider_truepush.api.connection.form",
    "airflow_provider_truepush.api.errors",
    "airflow_provider_truepush.api.checks",
    "airflow_provider_truepush.api.checks.argument_names",
    "airflow_provider_truepush.api.checks.cut",
    "airflow_provider_truepush.api.checks.values",
    "airflow_provider_truepush.api.checks.given",
    "airflow_provider_truepush.api.checks.literals",
    "airflow_provider_truepush.api.checks.outcome",
    "airflow_provider_truepush.api.connection",
    "airflow_provider_truepush.api.templated",
    "airflow_provider_truepush.sending",
    "airflow_provider_truepush.sending.kill_switch",
}
_PROGRAM = """
import json, sys
from airflow.providers.common.compat.sdk import BaseHook, BaseNotifier, BaseOperator, BaseSensorOperator, conf
before = set(sys.modules)
import airflow_provider_truepush.operators.campaign
import airflow_provider_truepush.operators.segment
import airflow_provider_truepush.operators.template
import airflow_provider_truepush.operators.trigger
import airflow_provider_truepush.sensors.campaign
import airflow_provider_truepush.notifications.truepush
import airflow_provider_truepush.transfers.stats_to_sql
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_operators_and_sensors_bring_their_classes_only() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    modules = json.loads(done.stdout.splitlines()[-1])
    others = [name for name in modules if not name.startswith(("airflow_provider_truepush", *_FREE))]
    assert others == []
    inner = {
        name
        for name in modules
        if name.startswith(
            ("airflow_provider_truepush.api.", "airflow_provider_truepush.client", "airflow_provider_truepush.sending")
        )
    }
    assert inner <= _OURS


_PARSE = """
import json, sys
from airflow.providers.common.compat.sdk import DAG
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
with DAG("a_dag", schedule=None):
    TruepushCreateCampaignOperator(
        task_id="t", title="T", message="M", link="https://example.com/", segment_id="ab" * 12, expires_in=5,
        buttons=[{"text": "Go", "link": "https://example.com/"}], send_at="2099-01-01T00:00:00",
        quiet_hours=["22:00", "08:00"], wait_for_delivery=True, thresholds={"sent": 1},
    )
print(json.dumps(sorted(name for name in sys.modules if name.startswith("airflow_provider_truepush"))))
"""


def test_checking_literals_brings_no_models_and_nothing_of_a_run() -> None:
    done = subprocess.run([sys.executable, "-c", _PARSE], capture_output=True, text=True, check=True, timeout=60)
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    prefix = "airflow_provider_truepush."
    heavy = {"api.models.campaign", "api.models.content", "api.models.stats", "waiting.goal", "sending.protocol",
             "sending.late_guard", "api.schedule.schedules", "client.sync"}  # fmt: skip
    assert not modules & {prefix + name for name in heavy}
