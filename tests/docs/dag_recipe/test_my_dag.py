"""Run the Dag against an emulator whose clock runs."""

from airflow_provider_truepush.emulator import Emulator


def test_my_dag_sends_one_campaign_to_its_segment(monkeypatch):
    from dags.my_dag import dag

    with Emulator(clock="real", speed=600) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", emulator.connection_uri)
        segment = emulator.segments()[0]
        run = dag.test(run_conf={"segment_id": segment["id"]})
        assert run.state == "success"
        assert emulator.count("createCampaign") == 1
        assert [campaign["title"] for campaign in emulator.campaigns()] == ["News of the week"]
