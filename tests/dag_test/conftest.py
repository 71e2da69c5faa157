"""All Dags of this folder are run in one process: to import and to set up Airflow takes longer than to run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from local_airflow.configuration import REPOSITORY, Installation
from local_airflow.executors import Executor
from tests.contract.world import furnish
from tests.dag_test.played import Played
from tests.support.metadata import copy_empty_database

#: In the order in which they run.
NAMES = ("arguments", "many_campaigns", "deferred")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first of these tests waits for all Dags."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.timeout(600))


def _connection(emulator: Emulator, token: str) -> str:
    parts = urlsplit(emulator.url)
    address = {"host": parts.hostname, "schema": parts.scheme, "port": parts.port}
    return json.dumps({"conn_type": "truepush", **address, "password": token})


def without_secrets_of_airflow(output: str) -> str:
    """Drop the lines in which ``dag.test()`` of Airflow 3.0 logs its requests to mask secrets, with the secrets."""
    if not version("apache-airflow").startswith("3.0."):
        return output
    return "".join(line for line in output.splitlines(keepends=True) if "msg=MaskSecret(value=" not in line)


@pytest.fixture(scope="package")
def played(written: Path, session_token: str) -> Iterator[Played]:
    """Run every Dag, each with an emulator of its own, in a folder that is searched for the token at the end."""
    home = written / "dag_test"
    # No executor is named: dag.test() has none, and Airflow 2.11 refuses LocalExecutor with SQLite even then.
    installation = Installation(home, dags=Path(__file__).parent / "dags", executor=Executor(()))
    copy_empty_database(home / "airflow.db")
    with ExitStack() as stack:
        emulators = {name: stack.enter_context(Emulator(token=session_token)) for name in NAMES}
        furnish(emulators["arguments"])
        deferred = _connection(emulators["deferred"], session_token)
        environment = {
            **installation.environment(),
            "PYTHONPATH": str(REPOSITORY),
            "AIRFLOW_CONN_TRUEPUSH_DEFAULT": _connection(emulators["arguments"], session_token),
            "AIRFLOW_CONN_TRUEPUSH_MANY": emulators["many_campaigns"].connection_json,
            "AIRFLOW_CONN_TRUEPUSH_ENVIRONMENT": deferred,
            "IN_DATABASE": deferred,
        }
        command = [sys.executable, "-m", "tests.dag_test.run_all", *NAMES]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=560, check=False)
        output = without_secrets_of_airflow(done.stdout + done.stderr)
        (home / "output.log").write_text(output)
        assert done.returncode == 0, output[-6000:]
        lines = [line.removeprefix("RESULT ") for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        yield Played(emulators, dict(json.loads(line) for line in lines), output)
