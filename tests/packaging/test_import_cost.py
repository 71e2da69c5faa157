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
    "airflow_provider_truepush.api.defaults",
    "airflow_provider_truepush.api.errors",
    "airflow_provider_truepush.api.checks",
    "airflow_provider_truepush.api.given",
    "airflow_provider_truepush.api.literals",
    "airflow_provider_truepush.api.connection",
    "airflow_provider_truepush.sending",
    "airflow_provider_truepush.sending.kill_switch",
}
_PROGRAM = """
import json, sys
from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseSensorOperator, conf
before = set(sys.modules)
import airflow_provider_truepush.operators.campaign
import airflow_provider_truepush.operators.segment
import airflow_provider_truepush.operators.template
import airflow_provider_truepush.operators.trigger
import airflow_provider_truepush.sensors.campaign
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


def test_what_is_imported_later_is_there() -> None:
    """A name that stands for a module for later is one of a module that exists."""
    from importlib import import_module
    from pathlib import Path
    from re import findall

    package = Path(import_module("airflow_provider_truepush").__file__ or "").parent
    named = {name for path in package.rglob("*.py") for name in findall(r'Later\("([\w.]+)"\)', path.read_text())}
    assert len(named) >= 6
    for name in named:
        import_module(name)
