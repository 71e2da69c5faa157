"""A task that sends a campaign, and is killed from outside; it leaves a note of its process."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator


def leave_note(context: Any) -> None:
    """Who runs this try: the task's process and its supervisor."""
    ti = context["ti"]
    note = Path(os.environ["KILLED_NOTES"], f"{context['dag_run'].conf['number']}.{ti.try_number}")
    note.with_suffix(note.suffix + ".tmp").write_text(f"{os.getpid()} {os.getppid()}")
    note.with_suffix(note.suffix + ".tmp").rename(note)


with DAG("killed", schedule=None, start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=16):
    TruepushCreateCampaignOperator(
        task_id="send",
        title="Kill {{ dag_run.conf['number'] }}",
        message="Today only",
        link="https://example.com/",
        settle_window=timedelta(seconds=4),
        retries=2,
        retry_delay=timedelta(seconds=1),
        pre_execute=leave_note,
    )
