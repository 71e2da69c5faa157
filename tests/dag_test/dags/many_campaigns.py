"""A Dag that sends one campaign per row of a list, and writes down what it was told."""

from __future__ import annotations

import json
import os
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator

COUNT = 12

with DAG("many_campaigns", schedule=None) as dag:

    @task
    def rows() -> list[dict[str, str]]:
        return [{"title": f"Offer {n}", "link": f"https://shop.example.com/{n}"} for n in range(COUNT)]

    @task
    def write_down(sent: list[str], path: str) -> None:
        Path(path).write_text(json.dumps(list(sent)))

    send = TruepushCreateCampaignOperator.partial(
        task_id="send", message="Today only", truepush_conn_id="truepush_many"
    ).expand_kwargs(rows())
    write_down(send.output, "{{ dag_run.conf['path'] }}")


def play() -> tuple[str, list[str]]:
    """Return the state of the run, and what it wrote down."""
    path = Path(os.environ["AIRFLOW_HOME"]) / "told.json"
    run = dag.test(run_conf={"path": str(path)})
    return str(run.state), json.loads(path.read_text())
