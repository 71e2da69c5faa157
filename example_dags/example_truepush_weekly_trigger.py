"""Keep a template and the weekly trigger that sends it in the state that this file describes.

Truepush sends the push every Monday at nine on the project's clock; Airflow only makes sure that the right trigger
exists. If you change the content or the schedule below, the next run creates a template and a trigger of the new
version and deletes the old trigger. If everything exists already, a run changes nothing.

Truepush's lists return only names, so the version is part of the name. The segment is not part of the version: when you
change the Variable, change ``NAME`` as well. Old templates are kept until ``example_truepush_cleanup`` finds that no
trigger has their name.

It needs a connection of type ``truepush`` called ``truepush_default``, and the id of a segment in the Variable
``truepush_digest_segment``.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.models import schedule_from_cron
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator

NAME = "Weekly digest"
WHEN = "0 9 * * MON"
CONTENT: dict[str, Any] = {
    "title": "What was new this week",
    "message": "Ten minutes of reading for your Monday.",
    "link": "https://news.example.com/weekly",
    "buttons": [{"text": "Read", "link": "https://news.example.com/weekly"}],
}
VERSION = hashlib.sha256(json.dumps([WHEN, CONTENT], sort_keys=True).encode()).hexdigest()[:8]

with DAG(
    dag_id="example_truepush_weekly_trigger",
    schedule="@daily",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["truepush", "example"],
    doc_md=__doc__,
):
    template = TruepushCreateTemplateOperator(
        task_id="template",
        name=f"{NAME} {VERSION}",
        **CONTENT,
        if_exists="reuse",
    )

    # A trigger always sends the template it was created with, so a new template needs a new trigger. The old trigger
    # must be deleted first, or both send on Monday.
    @task
    def delete_old_triggers() -> list[str]:
        with TruepushHook() as truepush:
            triggers = list(truepush.list_triggers())
            old = [row for row in triggers if row.name.startswith(f"{NAME} ") and row.name != f"{NAME} {VERSION}"]
            return [row.name for row in old if truepush.delete_trigger(row.id)]

    trigger = TruepushCreateTriggerOperator(
        task_id="trigger",
        name=f"{NAME} {VERSION}",
        template_id=template.output,
        schedule=schedule_from_cron(WHEN),
        segment_id="{{ var.value.truepush_digest_segment }}",
        note="Made by Airflow; change it there.",
        if_exists="reuse",
    )

    template >> delete_old_triggers() >> trigger
