"""One execution of a transfer: all tries from the start, or a clear, of the task until the next clear."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def default_snapshot_key(context: Context) -> str:
    """Return the end of the run's data interval, or the closest time that the run has."""
    dag_run = context["dag_run"]
    for moment in (context.get("data_interval_end"), getattr(dag_run, "run_after", None), context.get("logical_date")):
        if moment is not None:
            return str(moment.astimezone(UTC).isoformat())
    return str(context["ti"].run_id)


def first_try(ti: Any, retries: int | None) -> int:
    """Return the number of this execution's first try. A clear raises ``max_tries``, from which it is computed."""
    number = int(getattr(ti, "try_number", 1) or 1)
    max_tries = getattr(ti, "max_tries", None)
    return number if max_tries is None else max(1, min(number, int(max_tries) - int(retries or 0) + 1))


def load_id_of(ti: Any, retries: int | None) -> str:
    """Return the id of this execution. All its tries share it."""
    index = getattr(ti, "map_index", -1)
    parts = (ti.dag_id, ti.run_id, ti.task_id, -1 if index is None else index, first_try(ti, retries))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def resumes_from(context: Context, retries: int | None) -> datetime | None:
    """Return a time before the first try, for later tries; None for the first try.

    Rows from before the start of the Dag run belong to a deleted run of the same name.
    """
    ti = context["ti"]
    if int(getattr(ti, "try_number", 1) or 1) <= first_try(ti, retries):
        return None
    return getattr(context["dag_run"], "start_date", None) or _BEGINNING
