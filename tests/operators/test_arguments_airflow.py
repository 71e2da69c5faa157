"""Arguments in a run of Airflow: mapped over XComs, from defaults of the Dag and of task groups, rendered natively."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import SEGMENT, furnish
from tests.support.metadata import copy_empty_database
from tests.support.tokens import SESSION_TOKEN

__all__ = ["emulator", "plain_machine"]

DAG_FILE = Path(__file__).with_name("arguments_dag.py")


@pytest.mark.timeout(600)
def test_what_goes_out_is_what_was_meant(emulator: Emulator, tmp_path: Path) -> None:
    furnish(emulator)
    parts = urlsplit(emulator.url)
    connection = {"conn_type": "truepush", "host": parts.hostname, "schema": parts.scheme, "port": parts.port}
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAG_FILE.parent),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}",
        "AIRFLOW_CONN_TRUEPUSH_DEFAULT": json.dumps({**connection, "password": SESSION_TOKEN}),
    }
    copy_empty_database(tmp_path / "airflow.db")
    done = subprocess.run([sys.executable, str(DAG_FILE)], env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (result,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    states = json.loads(result.removeprefix("RESULT "))
    failed = {name: given for name, given in states.items() if given[0] != "success"}
    # What came out empty fails its task, and no retry would change that.
    empty = ("empty_send_at.0", "empty_segment_id.0", "empty_ledger_conn_id.0")
    assert failed == {name: ["failed", 1] for name in empty}, done.stdout[-6000:]
    sent = {request.body["title"]: request.body for request in emulator.requests("createCampaign")}
    assert sent.keys() == {"decorated 1_000", "decorated 0x10", "decorated nested", "1_000", "0x10", "1e5"}
    assert {body["segment"] for body in sent.values()} == {SEGMENT}
    assert sent["decorated nested"]["tags"] == ["outer"]
    assert sent["1e5"]["buttons"] == [{"text": "Only 5 left", "link": "https://example.com/?d=5"}]
    assert emulator.count("createCampaign") == len(sent)
