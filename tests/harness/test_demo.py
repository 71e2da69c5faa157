"""What the demo does on versions of Airflow that lack what it shows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from local_airflow.campaign_run import CampaignRun


@pytest.mark.parametrize("version", ["2.11.2", "3.0.6", "3.1.8", "3.2.2"])
def test_before_airflow_3_3_nothing_is_cleared_and_the_demo_says_why(version: str) -> None:
    said: list[str] = []
    # Neither an API nor an emulator: a step that used one would fail.
    run = CampaignRun(SimpleNamespace(version=version), None, said.append)  # type: ignore[arg-type]
    run.clear_and_run_again()
    assert len(said) == 1
    assert f"Airflow {version} keeps no task state across a clear" in said[0]


@pytest.mark.parametrize("version", ["3.3.0", "3.3.2", "3.4.0", "4.0.0"])
def test_from_airflow_3_3_on_the_task_is_cleared(version: str) -> None:
    class Api:
        def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
            raise InterruptedError(task_id)

    run = CampaignRun(SimpleNamespace(version=version, api=Api()), None)  # type: ignore[arg-type]
    with pytest.raises(InterruptedError, match="create_campaign"):
        run.clear_and_run_again()
