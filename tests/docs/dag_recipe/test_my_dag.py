"""Run the Dag against an emulator whose clock runs, and export into a database of the test."""

import json
import sqlite3

from airflow_provider_truepush.emulator import Emulator


def test_my_dag_exports_one_campaign(monkeypatch, tmp_path):
    from dags.my_dag import dag

    warehouse = tmp_path / "warehouse.db"
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "sqlite", "host": str(warehouse)}))
    with Emulator(clock="real", speed=600) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", emulator.connection_uri)
        run = dag.test()
        assert run.state == "success"
        assert emulator.count("createCampaign") == 1
    rows = sqlite3.connect(warehouse).execute("SELECT title, sent > 0 FROM truepush_campaign_stats_latest")
    assert rows.fetchall() == [("News of the week", 1)]
