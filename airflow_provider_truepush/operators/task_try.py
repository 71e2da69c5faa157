"""From Airflow's context to what the sending core asks for: which send this is, and whether it is late."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseHook, conf

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.sending.late_guard import LateGuard, SendSkippedError
from airflow_provider_truepush.sending.record import idempotency_key
from airflow_provider_truepush.sending.sql_store import SqlSendStore
from airflow_provider_truepush.sending.store import NoSendStore, SendStore, TaskStateSendStore, unknown_before

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TaskTry:
    """Which try of which task this is.

    :param task: Dag, run and task, unique to the task instance but for its map index.
    :param map_index: -1 for a task that is not mapped.
    :param number: from 1.
    """

    task: str
    map_index: int
    number: int

    @classmethod
    def of(cls, context: Context) -> TaskTry:
        """Read it off Airflow's context; an operator called outside of Airflow has none of it."""
        ti: Any = context.get("ti")
        names = [str(getattr(ti, name, None)) for name in ("dag_id", "run_id", "task_id")]
        index, number = getattr(ti, "map_index", None), getattr(ti, "try_number", None)
        return cls(
            "/".join(names),
            index if isinstance(index, int) else -1,
            number if isinstance(number, int) else 1,
        )

    @property
    def mapped(self) -> bool:
        """Whether the task is one of several mapped ones."""
        return self.map_index >= 0

    @property
    def send_token(self) -> str:
        """One send per Dag, run, task and map index."""
        return f"{self.task}/{self.map_index}"

    @property
    def state_store_address(self) -> str:
        """Where Airflow's REST API has the task's state (3.3+), with ``{key}`` where the key belongs."""
        dag_id, _, rest = self.task.partition("/")
        run_id, _, task_id = rest.rpartition("/")
        dag_id, run_id, task_id = (quote(part, safe="") for part in (dag_id, run_id, task_id))
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/state-store"
        return f"{path}/{{key}}?map_index={self.map_index}"

    def __str__(self) -> str:
        return f"try {self.number} of {self.task}{f' [{self.map_index}]' if self.mapped else ''}"


def open_store(context: Context, *, project: str, send_token: str | None, ledger_conn_id: str | None) -> SendStore:
    """The best place there is to write a send down.

    :param project: a stable name of the Truepush project.
    :param send_token: what makes two tries the same send; None for one send per Dag, run, task and map index.
    :param ledger_conn_id: an SQL connection for the ledger; None for Airflow's own task state store.
    """
    task_try = TaskTry.of(context)
    slot = idempotency_key(project, send_token or task_try.send_token)
    store = _store_for(slot, task_try, context.get("task_state_store"), project, ledger_conn_id)
    if send_token and not store.sees_others:
        log.warning("Without a ledger, send_token %r holds for this one task of this Dag run only.", send_token)
    return store


def _store_for(slot: str, task_try: TaskTry, store: Any, project: str, ledger_conn_id: str | None) -> SendStore:
    if store is None:
        if not ledger_conn_id:
            return NoSendStore(task_try.number)
        ledger = _ledger(ledger_conn_id, project, slot)
        if task_try.number <= 1 or ledger.visited(task_try.send_token):
            ledger.note_visit(task_try.send_token, task_try.number)
        else:
            ledger.unproven = unknown_before(
                task_try.number, f"the first one was not written down in {ledger}, as if it had been set later"
            )
        return ledger
    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    number, address = task_try.number, task_try.state_store_address
    state = TaskStateSendStore(store, slot, cleared_on_success=cleared, try_number=number, address=address)
    # A send is ended where it was begun, though the Dag has been given a ledger since, or another, or none.
    begun = state.begun_in()
    if state.holds_it() or not (begun or ledger_conn_id):
        return state
    conn_id, since = begun or (str(ledger_conn_id), number)
    if conn_id != ledger_conn_id:
        log.warning("ledger_conn_id is %r; this send was begun in %r, and is ended there.", ledger_conn_id, conn_id)
    ledger = _ledger(conn_id, project, slot)
    # Set between two tries, it does not know the siblings that have written elsewhere.
    ledger.sees_others = since <= 1
    ledger.unproven = state.unproven()
    if begun is None or ledger.visited(task_try.send_token):
        ledger.note_visit(task_try.send_token, number)
        if begun is None:
            state.begin_in(conn_id)
    else:
        ledger.unproven = unknown_before(
            number, f"an earlier one was written down in {ledger}, and it is another database now, or was emptied"
        )
    return ledger


def _ledger(conn_id: str, project: str, slot: str) -> SqlSendStore:
    return SqlSendStore(BaseHook.get_hook(conn_id), conn_id, project, slot)


def late_guard(guard: LateGuard, context: Context, settings: Settings) -> Callable[[Campaign], Campaign]:
    """The guard with the run's and the connection's side filled in; a skip becomes Airflow's."""

    def admit(campaign: Campaign) -> Campaign:
        try:
            admitted = guard.admit(
                campaign,
                backfill=_is_backfill(context),
                due=_due(context),
                zone=settings.timezone,
                now=datetime.now(UTC),
            )
        except SendSkippedError as skip:
            raise AirflowSkipException(f"Campaign {campaign.title!r} is not sent: {skip}.") from None
        if admitted is not campaign:
            log.info("Campaign %r falls in quiet hours; moved to %s.", campaign.title, admitted.send_at)
        return admitted

    return admit


def _is_backfill(context: Context) -> bool:
    run_type: Any = getattr(context.get("dag_run"), "run_type", None)
    return str(getattr(run_type, "value", run_type)).startswith("backfill")


def _due(context: Context) -> datetime | None:
    """When the run was due: the end of its data interval; without one, when it could start at the earliest."""
    dag_run = context.get("dag_run")
    for name in ("data_interval_end", "run_after", "logical_date"):
        moment = context.get(name) or getattr(dag_run, name, None)
        if isinstance(moment, datetime):
            return moment
    return None
