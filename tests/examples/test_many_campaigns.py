"""One mapped operator, many campaigns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_truepush.emulator import Emulator
from local_airflow.configuration import Installation
from tests.support.metadata import copy_empty_database

DAGS = Path(__file__).parent / "dags"
COUNT = 12


@pytest.mark.timeout(900)
def test_each_of_many_mapped_tasks_sends_its_campaign_once(written: Path, session_token: str) -> None:
    home = written / "many"
    installation = Installation(home, dags=DAGS, extra={"LOGGING__LOGGING_LEVEL": "WARNING"})
    copy_empty_database(home / "airflow.db")
    told = home / "told.json"
    with Emulator(token=session_token) as truepush:
        env = {**installation.environment(), "AIRFLOW_CONN_TRUEPUSH_DEFAULT": truepush.connection_json}
        with (home / "output.log").open("a") as output:
            command = [sys.executable, str(DAGS / "many_campaigns.py"), str(told)]
            ended = subprocess.run(command, env=env, stdout=output, stderr=output, check=False)
        assert ended.returncode == 0, (home / "output.log").read_text()[-3000:]
        campaigns = truepush.campaigns()
        assert truepush.count("createCampaign") == COUNT
    assert sorted(row["title"] for row in campaigns) == sorted(f"Offer {number}" for number in range(COUNT))
    # In the order of the map index, each task was told the id of its own campaign.
    titles = {row["id"]: row["title"] for row in campaigns}
    assert [titles[campaign] for campaign in json.loads(told.read_text())] == [f"Offer {n}" for n in range(COUNT)]
