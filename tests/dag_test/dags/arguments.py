"""A Dag whose arguments come in every form that only a run of Airflow has."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG, TaskGroup, task

from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator

SEGMENT = "b1" * 12
CAMPAIGN = {"message": "Today only", "link": "https://example.com/"}

with DAG(
    "arguments",
    schedule=None,
    render_template_as_native_obj=True,
    params={"left": 5},
    default_args={"segment_id": SEGMENT, "retries": 2, "thresholds": {"sent": 1}},
) as dag:

    @task
    def nothing() -> list[None]:
        return [None]

    @task
    def items() -> list[str]:
        return ["1_000", "0x10"]

    @task.truepush_campaign
    def decorated(item: str) -> dict[str, Any]:
        return {"title": f"decorated {item}", **CAMPAIGN}

    decorated.expand(item=items())
    with TaskGroup("outer", default_args={"tags": ["outer"]}), TaskGroup("inner"):
        decorated.override(task_id="nested")("nested")

    @task
    def no_segment() -> None:
        """Return None, as a look-up does that finds no segment."""

    @task.truepush_campaign
    def passed(item: str = "passed", **context: Any) -> dict[str, Any]:
        return {"title": item, **CAMPAIGN}

    passed.override(task_id="passed_xcom")(segment_id=no_segment())
    passed.override(task_id="passed_mapped").expand(segment_id=nothing())
    passed.override(task_id="passed_native")(segment="{{ none }}")
    passed.override(task_id="passed_literal").partial(segment_id=None).expand(item=["passed literal"])
    TruepushCreateCampaignOperator.partial(task_id="mapped", **CAMPAIGN).expand(title=items())
    TruepushCreateCampaignOperator(
        task_id="native",
        title="{{ '1e5' }}",
        buttons=[Button("Only {{ params.left }} left", "https://example.com/?d={{ params.left }}")],
        **CAMPAIGN,
    )
    for name in ("send_at", "segment_id", "ledger_conn_id"):
        TruepushCreateCampaignOperator.partial(task_id=f"empty_{name}", title="empty", **CAMPAIGN).expand(
            **{name: nothing.override(task_id=f"nothing_{name}")()}
        )


def play() -> dict[str, tuple[str, int]]:
    """Return state and try of each task."""
    run = dag.test()
    return {f"{ti.task_id}.{ti.map_index}": (str(ti.state), ti.try_number) for ti in run.get_task_instances()}
