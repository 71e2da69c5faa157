"""A real signal to a real process, while the task asks Airflow something: the campaign is canceled all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.world import SCHEDULED, furnish
from tests.sensors.conftest import emulator, own_emulator, plain_machine
from tests.support.tokens import SESSION_TOKEN
from tests.waiting.slow_airflow import SlowBackend

__all__ = ["emulator", "own_emulator", "plain_machine"]

#: Seconds between a signal and SIGKILL in Airflow are 5; this is for a slow machine as well.
PATIENCE = 20.0


@contextmanager
def task(what: str, truepush: Emulator) -> Iterator[subprocess.Popen[str]]:
    """Start a task; end it in any case."""
    parts = urlsplit(truepush.url)
    declared = {"conn_type": "truepush", "host": parts.hostname, "schema": parts.scheme, "port": parts.port}
    backend = f"{SlowBackend.__module__}.{SlowBackend.__qualname__}"
    extra = json.dumps({"timezone": "Etc/UTC"})
    environment = {
        **os.environ,
        "SLOW_CONNECTION": json.dumps({**declared, "password": SESSION_TOKEN, "extra": extra}),
        "AIRFLOW__SECRETS__BACKEND": backend,
        "AIRFLOW__WORKERS__SECRETS_BACKEND": backend,
    }
    command = [sys.executable, "-m", "tests.waiting.slow_airflow", what, SCHEDULED]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_request(process: subprocess.Popen[str], number: int) -> None:
    """Return while the task waits for Airflow's answer to its nth request."""
    assert process.stdout is not None
    for line in process.stdout:
        number -= line.strip() == "asking"
        if not number:
            time.sleep(0.2)
            return
    raise AssertionError("the task has ended")


def canceled(truepush: Emulator) -> list[str]:
    return [str(row["id"]) for row in truepush.campaigns() if row["status"] == "cancelled"]


@pytest.mark.parametrize(
    ("what", "nth", "fault"),
    [
        ("sensor", 1, {}),
        # The token was rejected: the sensor looks the connection up again.
        ("sensor", 2, {"effect": "status", "status": 401, "nth": 1}),
        ("create", 2, {}),
        ("create", 3, {"effect": "status", "status": 401, "nth": 1}),
        ("outside", 1, {}),
    ],
    ids=["sensor", "sensor-after-401", "create", "create-after-401", "around-the-task"],
)
def test_a_signal_while_the_task_asks_airflow_cancels(
    what: str, nth: int, fault: dict[str, object], emulator: Emulator
) -> None:
    furnish(emulator)
    if fault:
        emulator.fault("campaignStats", **fault)
    with task(what, emulator) as process:
        wait_for_request(process, nth)
        before = canceled(emulator)
        process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while canceled(emulator) == before and time.monotonic() < deadline:
            time.sleep(0.1)
        new = set(canceled(emulator)) - set(before)
        assert len(new) == 1, "on_kill waits for a lock that the task itself holds"
        assert what == "create" or new == {SCHEDULED}
        # The task lives on: nothing hangs.
        time.sleep(0.5)
        assert process.poll() is None
    assert emulator.count("cancelCampaign") == 1
