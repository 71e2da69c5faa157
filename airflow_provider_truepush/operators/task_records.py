"""From Airflow's context to the records of what earlier tries of a task changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.errors import TruepushError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.resources.change_record import Action, ChangeRecords
    from airflow_provider_truepush.resources.mapped_changes import MappedChanges
    from airflow_provider_truepush.resources.sibling_changes import SiblingChanges


def run_began(context: Context) -> datetime | None:
    """Return the start of the Dag run, which moves when a finished run is cleared; None outside of a run."""
    began: Any = getattr(context.get("dag_run"), "start_date", None)
    return began if isinstance(began, datetime) else None


def change_records(context: Context, conn_id: str) -> ChangeRecords:
    """Return the records of this task instance.

    :param context: Airflow's context of this try.
    :param conn_id: id of the connection.
    """
    from airflow_provider_truepush.operators.task_try import TaskTry
    from airflow_provider_truepush.resources.change_record import ChangeRecords

    task_try = TaskTry.of(context)
    began = run_began(context)
    return ChangeRecords(
        context.get("task_state_store"),
        conn_id,
        try_number=task_try.number,
        author=str(task_try),
        run_began=began.isoformat() if began is not None else "",
        has_moved=task_try.mapped and bool(task_try.clear_number),
        # A clear moves the start of the run.
        began=began if task_try.clear_number == 0 else task_try.began,
        clear_number=task_try.clear_number or 0,
    )


@contextmanager
def changes(
    context: Context, action: Action, kind: str, name: Any, conn_id: str
) -> Iterator[tuple[ChangeRecords, MappedChanges | None]]:
    """Yield the records of this task instance and, for a mapped task, what all map indexes publish for each other.

    :param context: Airflow's context of this try.
    :param action: ``create`` or ``delete``.
    :param kind: ``template``, ``trigger`` or ``segment``.
    :param name: of what is created or deleted, as it was rendered.
    :param conn_id: id of the connection.
    """
    records = change_records(context, conn_id)
    siblings = _siblings(context, str(name))
    if siblings is None:
        yield records, None
        return
    from airflow_provider_truepush.resources.mapped_changes import MappedChanges

    mapped = MappedChanges(records, siblings, action, kind)
    try:
        mapped.announce()
    except TruepushError as error:
        _redact(error, conn_id)
        raise
    try:
        yield records, mapped
    except Exception:
        mapped.end()
        raise


def _redact(error: TruepushError, conn_id: str) -> None:
    """Remove secrets from an error of Airflow, which quotes what it was given. The connection is not read yet."""
    from airflow_provider_truepush.client.redacted import hide_in
    from airflow_provider_truepush.hooks.truepush import TruepushHook

    with suppress(Exception):
        _ = TruepushHook(conn_id).settings
    hide_in(error)


def _siblings(context: Context, name: str) -> SiblingChanges | None:
    from airflow_provider_truepush.operators.task_try import TaskTry
    from airflow_provider_truepush.task.map_indexes import MapIndexes

    task_try = TaskTry.of(context)
    indexes = MapIndexes.of(context.get("ti"))
    if not task_try.mapped or indexes is None:
        return None
    from airflow_provider_truepush.resources.sibling_changes import SiblingChanges

    return SiblingChanges(
        task_try.map_index,
        name,
        try_number=task_try.number,
        clear_number=task_try.clear_number,
        indexes=indexes,
    )


def of_project(records: ChangeRecords, hook: TruepushHook) -> None:
    """Have records name the project by its token, so that a renamed connection is still the same project."""
    from airflow_provider_truepush.sending.identity import project_fingerprint

    records.fingerprint = project_fingerprint(hook.settings.token)
