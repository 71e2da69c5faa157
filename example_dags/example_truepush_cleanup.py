"""Delete templates that no trigger uses, every night.

Truepush's API does not report which template a trigger sends. This Dag compares names instead, as
``example_truepush_weekly_trigger`` gives them: a template and its trigger have the same name. It deletes only templates
whose names begin with one of ``MANAGED``, so templates from Truepush's console are safe. It keeps templates that are
younger than a day, because their trigger may not exist yet. A template with a managed name that a trigger of another
name uses WOULD be deleted: do not create such triggers.

It needs a connection of type ``truepush`` called ``truepush_default``.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.template import TruepushDeleteTemplateOperator

log = logging.getLogger(__name__)

MANAGED = ("Weekly digest ",)
OLD_ENOUGH = timedelta(days=1)

with DAG(
    dag_id="example_truepush_cleanup",
    schedule="30 3 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["truepush", "example"],
    doc_md=__doc__,
):

    @task
    def find_unused() -> list[str]:
        newest = datetime.now(UTC) - OLD_ENOUGH
        with TruepushHook() as truepush:
            used = {trigger.name for trigger in truepush.list_triggers()}  # inactive ones count too
            unused = [
                template
                for template in truepush.list_templates()
                if template.name.startswith(MANAGED)
                and template.name not in used
                and template.created_at is not None
                and template.created_at < newest
            ]
        for template in unused:
            log.info("No trigger is called %r: deleting template %s.", template.name, template.id)
        return [template.id for template in unused]

    TruepushDeleteTemplateOperator.partial(task_id="delete").expand(template_id=find_unused())
