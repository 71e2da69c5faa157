"""From Airflow's context to what the sending core asks for: which send this is, and whether it is late."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseHook, conf

from airflow_provider_truepush.api.campaign import Campaign
from airflow_provider_truepush.api.late_guard import LateGuard, SendSkippedError
from airflow_provider_truepush.api.send_record import send_slot
from airflow_provider_truepush.api.settings import Settings
from airflow_provider_truepush.sending.journals import Journal, NoJournal, TaskStateJournal
from airflow_provider_truepush.sending.ledger import SqlLedger

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

    def __str__(self) -> str:
        return f"try {self.number} of {self.task}{f' [{self.map_index}]' if self.mapped else ''}"


def open_journal(context: Context, *, project: str, send_token: str, ledger_conn_id: str | None) -> Journal:
    """The best place there is to write a send down.

    :param project: a stable name of the Truepush project.
    :param send_token: what makes two tries the same send.
    :param ledger_conn_id: an SQL connection for the ledger; None for Airflow's own task state store.
    """
    slot = send_slot(project, send_token)
    number, store = TaskTry.of(context).number, context.get("task_state_store")
    cleared = conf.getboolean("state_store", "clear_on_success", fallback=False)
    if store is not None:
        state = TaskStateJournal(store, slot, cleared_on_success=cleared, try_number=number)
        # What was begun in the store is ended there, though the Dag has been given a ledger since.
        if not ledger_conn_id or state.holds_it():
            return state
    if ledger_conn_id:
        hook = BaseHook.get_hook(ledger_conn_id)
        return SqlLedger(hook, ledger_conn_id, project, slot)
    return NoJournal(number)


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
