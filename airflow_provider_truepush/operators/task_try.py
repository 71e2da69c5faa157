"""Read Airflow's context for a send: its identity, its send store, and whether the run is late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseHook, conf

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushSendStoreError
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.schedule.times import earliest
from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.sending.identity import Identity, project_fingerprint
from airflow_provider_truepush.sending.late_guard import LateGuard, SendSkippedError
from airflow_provider_truepush.sending.record import content_hash, legacy_content_hash
from airflow_provider_truepush.sending.siblings import Siblings
from airflow_provider_truepush.sending.sql_store import SqlSendStore
from airflow_provider_truepush.sending.state_store import TaskStateSendStore
from airflow_provider_truepush.sending.store import NoSendStore, SendStore, unknown_before
from airflow_provider_truepush.task.map_indexes import MapIndexes

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TaskTry:
    """One try of one task.

    :param task: Dag, run and task, unique to the task instance but for its map index.
    :param map_index: -1 for a task that is not mapped.
    :param number: from 1.
    :param clear_number: how often something of the Dag run was cleared; None when Airflow does not say.
    :param began: when the Dag run began at the earliest; None when Airflow does not say.
    """

    task: str
    map_index: int
    number: int
    clear_number: int | None = None
    began: datetime | None = None

    @classmethod
    def of(cls, context: Context) -> TaskTry:
        """Read it from Airflow's context; an operator called outside of Airflow has none of it."""
        ti: Any = context.get("ti")
        dag_run: Any = context.get("dag_run")
        names = [str(getattr(ti, name, None)) for name in ("dag_id", "run_id", "task_id")]
        index, number = getattr(ti, "map_index", None), getattr(ti, "try_number", None)
        cleared = getattr(dag_run, "clear_number", None)
        return cls(
            "/".join(names),
            index if isinstance(index, int) else -1,
            number if isinstance(number, int) else 1,
            cleared if isinstance(cleared, int) else None,
            # A run that is cleared gets a new start; it cannot have begun before it was due.
            earliest([getattr(dag_run, "start_date", None), _due(context)]),
        )

    @property
    def mapped(self) -> bool:
        """Report whether the task is one of several mapped ones."""
        return self.map_index >= 0

    @property
    def state_store_address(self) -> str:
        """Return where Airflow's REST API has the task's state (3.3+), with ``{key}`` where the key belongs."""
        dag_id, _, rest = self.task.partition("/")
        run_id, _, task_id = rest.rpartition("/")
        dag_id, run_id, task_id = (quote(part, safe="") for part in (dag_id, run_id, task_id))
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/state-store"
        return f"{path}/{{key}}?map_index={self.map_index}"

    def __str__(self) -> str:
        return f"try {self.number} of {self.task}{f' [{self.map_index}]' if self.mapped else ''}"


def siblings(context: Context) -> Siblings | None:
    """Return the other map indexes of a task in this Dag run; None outside of Airflow.

    A task that is not mapped may have been so in an earlier try.
    """
    task_try = TaskTry.of(context)
    if context.get("ti") is None:
        return None
    return Siblings(
        task_try.map_index,
        clear_number=task_try.clear_number,
        try_number=task_try.number,
        began=task_try.began,
        indexes=MapIndexes.of(context.get("ti")),
    )


def open_store(context: Context, *, conn_id: str, send_token: str | None, ledger_conn_id: str | None) -> SendStore:
    """Open the best send store that is available.

    :param conn_id: id of the Truepush connection.
    :param send_token: the user's own key, as far as it is known before there is a campaign.
    :param ledger_conn_id: an SQL connection for the ledger; None for Airflow's own task state store.
    """
    task_try = TaskTry.of(context)
    identity = Identity(task_try.task, task_try.map_index, conn_id, send_token=send_token)
    store = _store_for(identity, task_try, context.get("task_state_store"), ledger_conn_id)
    store.identity = identity
    return store


def identify(store: SendStore, campaign: Campaign, settings: Settings, send_token: str | None) -> SendStore:
    """Return the store in which the send of a campaign is recorded, bound to that send.

    :param store: see :func:`open_store`.
    :param campaign: what is sent.
    :param settings: of the Truepush connection.
    :param send_token: the user's own key; None for one of the task's.
    """
    assert store.identity is not None
    identity = replace(
        store.identity,
        project=project_fingerprint(settings.token),
        content=content_hash(campaign.content(settings.timezone)),
        legacy_contents=(content_hash(campaign.as_dict()), legacy_content_hash(campaign.as_dict())),
        send_token=send_token,
    )
    if send_token is not None and isinstance(store, NoSendStore) and not identity.is_mapped:
        checks.refuse(
            "send_token",
            send_token,
            "needs `ledger_conn_id`: without a ledger nothing records it, and it would be sent again in each run",
        )
    return store.identify(identity)


def check_item_token(context: Context, send_token: str | None, ledger_conn_id: str | None) -> None:
    """Refuse a token that all map indexes share, without a ledger: none would see that another one has sent it.

    :param context: Airflow's.
    :param send_token: as of :func:`identify`.
    :param ledger_conn_id: as of :func:`open_store`.
    """
    if send_token is None or ledger_conn_id:
        return
    ti: Any = context.get("ti")
    tasks: Any = getattr(context.get("dag"), "task_dict", None) or {}
    task = tasks.get(getattr(ti, "task_id", None))
    # A mapped operator, or one in a mapped task group.
    arguments = getattr(task, "partial_kwargs", None) or {"send_token": getattr(task, "send_token", None)}
    written = arguments.get("send_token")
    if isinstance(written, str) and "{" not in written and TaskTry.of(context).mapped:
        checks.refuse(
            "send_token",
            send_token,
            "is the same for every map index, which needs `ledger_conn_id`: without a ledger each one would send it",
        )


def _store_for(identity: Identity, task_try: TaskTry, store: Any, ledger_conn_id: str | None) -> SendStore:
    number = task_try.number
    first_of_run = number <= 1 and not task_try.clear_number
    if store is None:
        if not ledger_conn_id:
            return NoSendStore(number)
        ledger = _ledger(ledger_conn_id)
        if number <= 1 or ledger.has_visited(identity):
            ledger.record_visit(identity, number, first_of_run=first_of_run)
        else:
            ledger.unproven = unknown_before(
                number, f"the first one was not recorded in {ledger}, as if it had been set later"
            )
        return ledger

    def open_ledger() -> SendStore:
        ledger = _begin(state, identity, number, str(ledger_conn_id))
        ledger.sees_others = False
        return ledger

    state = TaskStateSendStore(
        store,
        cleared_on_success=conf.getboolean("state_store", "clear_on_success", fallback=False),
        try_number=number,
        address=task_try.state_store_address,
        ledger=open_ledger if ledger_conn_id else None,
    )
    # A send is ended where it was begun, though the Dag has been given a ledger since, or another, or none.
    begun = state.begun_in(identity)
    if state.holds_any(identity) or not (begun or ledger_conn_id):
        return state
    conn_id, since = begun or (str(ledger_conn_id), number)
    if conn_id != ledger_conn_id:
        log.warning(
            "ledger_conn_id is %r, but this send was begun in %r; it is completed there.",
            ledger_conn_id,
            conn_id,
        )
    if begun is None:
        ledger = _begin(state, identity, number, conn_id, first_of_run=first_of_run)
    else:
        ledger = _ledger(conn_id)
        ledger.unproven = state.unproven()
        if ledger.has_visited(identity):
            ledger.record_visit(identity, number)
        else:
            ledger.unproven = unknown_before(
                number, f"an earlier one was recorded in {ledger}, and it is another database now, or was emptied"
            )
    # Set between two tries, it does not know the siblings that are recorded elsewhere.
    ledger.sees_others = since <= 1
    return ledger


def _begin(
    state: TaskStateSendStore, identity: Identity, number: int, conn_id: str, *, first_of_run: bool = False
) -> SqlSendStore:
    """Open a ledger for a task that has not used one before."""
    ledger = _ledger(conn_id)
    ledger.unproven = state.unproven()
    ledger.record_visit(identity, number, first_of_run=first_of_run)
    state.begin_in(conn_id)
    return ledger


def _ledger(conn_id: str) -> SqlSendStore:
    try:
        hook = BaseHook.get_hook(conn_id)
    except Exception as error:
        raise TruepushSendStoreError(
            f"ledger_conn_id: connection {conn_id!r} cannot be used ({type(error).__name__}: {error}). {outcome()} "
            "Check that the connection exists and that its provider is installed, then clear the task."
        ) from error
    return SqlSendStore(hook, conn_id)


def late_guard(guard: LateGuard, context: Context, settings: Settings) -> Callable[[Campaign], Campaign]:
    """Return the guard, completed from the run and the connection; it raises Airflow's exception for a skip."""

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
            metrics.count(f"truepush.sends.skipped.{skip.guard}")
            raise AirflowSkipException(f"Campaign {campaign.title!r} is not sent: {skip}.") from None
        if admitted is not campaign:
            log.info("Campaign %r falls in quiet hours; moved to %s.", campaign.title, admitted.send_at)
        return admitted

    return admit


def _is_backfill(context: Context) -> bool:
    run_type: Any = getattr(context.get("dag_run"), "run_type", None)
    return str(getattr(run_type, "value", run_type)).startswith("backfill")


def _due(context: Context) -> datetime | None:
    """Return when the run was due: the end of its data interval; without one, the earliest time it could start."""
    dag_run = context.get("dag_run")
    for name in ("data_interval_end", "run_after", "logical_date"):
        moment = context.get(name) or getattr(dag_run, name, None)
        if isinstance(moment, datetime):
            return moment
    return None
