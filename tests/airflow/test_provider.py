"""The provider is known to Airflow, and its token is nowhere to be seen."""

from __future__ import annotations

import json
import subprocess
import sys

import airflow_provider_truepush
from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CampaignRun
from local_airflow.configuration import Installation
from tests.support.leaks import leaks


def test_airflow_providers_list_shows_it(installation: Installation) -> None:
    command = [sys.executable, "-m", "airflow", "providers", "list", "--output", "json"]
    answer = subprocess.run(command, env=installation.environment(), check=True, capture_output=True, text=True)
    providers = {row["package_name"]: row for row in json.loads(answer.stdout[answer.stdout.index("[{") :])}
    assert providers["airflow-provider-truepush"]["version"] == airflow_provider_truepush.__version__


def test_the_ui_lists_it_with_a_link(airflow: LocalAirflow) -> None:
    (row,) = [one for one in airflow.api.providers() if one["package_name"] == "airflow-provider-truepush"]
    assert row["documentation_url"]


def test_no_dag_file_fails_to_import(run: CampaignRun, airflow: LocalAirflow) -> None:
    assert airflow.api.import_errors() == []


def test_no_log_xcom_or_rendered_field_holds_the_token(
    run: CampaignRun, installation: Installation, session_token: str
) -> None:
    """The database's table of connections does hold it, encrypted."""
    logs = {path.name for path in installation.logs.rglob("*.log")}
    assert {"scheduler.log", "triggerer.log", "api-server.log", "dag-processor.log"} <= logs
    assert [name for name in logs if name.startswith("attempt=1")]
    assert list(leaks(installation.home, session_token)) == []
