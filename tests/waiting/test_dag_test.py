"""Deferred waits under ``dag.test()``, which drops the arguments of a deferral and answers no asynchronous question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.sensors.conftest import emulator, own_emulator, plain_machine
from tests.support.metadata import copy_empty_database
from tests.support.tokens import SESSION_TOKEN

__all__ = ["emulator", "own_emulator", "plain_machine"]

DAG_FILE = Path(__file__).with_name("deferred_dag.py")


@pytest.mark.timeout(600)
def test_deferred_waits_end_as_they_do_with_a_triggerer(emulator: Emulator, tmp_path: Path) -> None:
    parts = urlsplit(emulator.url)
    connection = {
        "conn_type": "truepush",
        "host": parts.hostname,
        "schema": parts.scheme,
        "port": parts.port,
        "password": SESSION_TOKEN,
    }
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAG_FILE.parent),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        "AIRFLOW_CONN_TRUEPUSH_ENVIRONMENT": json.dumps(connection),
        "IN_DATABASE": json.dumps(connection),
    }
    copy_empty_database(tmp_path / "airflow.db")
    done = subprocess.run([sys.executable, str(DAG_FILE)], env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert SESSION_TOKEN not in done.stdout + done.stderr
    (result,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    states = json.loads(result.removeprefix("RESULT "))
    names = ("send_environment", "wait_environment", "send_database", "wait_database")
    assert states == dict.fromkeys(names, "success"), done.stdout[-5000:]
    assert emulator.count("createCampaign") == 2
