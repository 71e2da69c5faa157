"""The real operator against the real emulator, with checkpoints between all that it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks import truepush as hooks
from airflow_provider_truepush.models import Campaign
from airflow_provider_truepush.operators import campaign_send, task_try
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.protocol import CampaignSending
from airflow_provider_truepush.sending.record import content_hash
from airflow_provider_truepush.sending.sql_store import TABLE
from airflow_provider_truepush.sending.state_store import state_key
from tests.sending.attempts import Attempt, StateStore, here
from tests.sending.watched import StoreFault, WatchedHook, WatchedStore
from tests.support.tokens import SESSION_TOKEN

LINK = "https://example.com/"


@dataclass(frozen=True, slots=True)
class Setup:
    """What one history is about.

    :param send_store: ``state``, ``ledger`` or ``none``; ``both`` is Airflow 3.3 with a ledger.
    :param later_send_store: the same, from the third try on: a Dag is given a ledger, or loses it.
    :param siblings: two mapped tasks with equal titles, in place of one task.
    :param dialect: settings of the emulator's.
    :param on_doubt: the operator's argument.
    :param order: of the list of campaigns.
    :param moves: whether rows are added and moved while each try reads the list.
    """

    send_store: str = "state"
    later_send_store: str | None = None
    siblings: bool = False
    dialect: str | None = None
    on_doubt: str = "reconcile"
    order: str = "inserted"
    moves: bool = False


_open_store = task_try.open_store


class World:
    """Everything around the tries of one history after the other.

    :param emulator: Truepush.
    :param sender: what sends; :class:`CampaignSending`, or something worse in its place.
    :param ledger: makes the hook of an SQL connection.
    :param fenced: whether the task state store is.
    """

    def __init__(
        self,
        emulator: Emulator,
        sender: Any = CampaignSending,
        ledger: Callable[[], Any] | None = None,
        *,
        fenced: bool = True,
    ) -> None:
        self.emulator, self.sender, self.ledger, self._fenced = emulator, sender, ledger, fenced
        self.histories = 0
        #: For all histories alike.
        self.only: Setup | None = None
        self.begin(Setup())

    def begin(self, setup: Setup) -> None:
        """A new history."""
        self.histories += 1
        self.setup = setup
        self.emulator.reset(seed=self.histories)
        self.emulator.set_dialect(page_size=2, order=setup.order)
        if setup.dialect:
            self.emulator.set_dialect(id_style=setup.dialect)
        self.now = self.emulator.now().timestamp()
        self.store = StateStore(fenced=self._fenced)
        self.xcoms: dict[int, dict[str, Any]] = {}
        self.clear_number = 0
        #: How many tries a task had when it was last cleared.
        self.cleared: dict[str, int] = {}
        self.store_faults: list[StoreFault] = []
        #: Tasks whose first try has come as far as its send_store.
        self.began: set[str] = set()
        self.refuse = 0
        #: Whether the list no longer moves.
        self.is_mended = False
        self.timeout = 10.0
        self.attempts: dict[str, list[Attempt]] = {"a": []}
        if setup.siblings:
            self.attempts["b"] = []

    @property
    def settings(self) -> Settings:
        """The connection."""
        return Settings(
            self.emulator.url,
            SESSION_TOKEN,
            timeout=self.timeout,
            max_attempts=2,
            retry_budget=50.0,
            timezone=ZoneInfo("UTC"),
        )

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the operator use this world."""
        hook = type("WatchedHookOfAWorld", (WatchedHook,), {"world": self})
        monkeypatch.setattr(hooks, "TruepushHook", hook)
        sender = partial(self.sender, sleep=self.sleep, clock=lambda: self.now)
        monkeypatch.setattr(campaign_send, "CampaignSending", sender)
        monkeypatch.setattr(task_try, "open_store", self._open_store)
        monkeypatch.setattr(BaseHook, "get_hook", lambda conn_id: self.ledger and self.ledger())
        monkeypatch.setattr("airflow_provider_truepush.api.protocol.retry.FIRST_BACKOFF", 0.001)
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        monkeypatch.setattr(TruepushCreateCampaignOperator, "log", logging.getLogger("tests.sending"))

    def _open_store(self, context: Any, **kwargs: Any) -> WatchedStore:
        send_store = _open_store(context, **kwargs)
        if context["ti"].try_number == 1:
            self.began.add(self._key_of(context["ti"].map_index))
        return WatchedStore(send_store, self)

    def send_store(self, number: int) -> str:
        """Where a try writes."""
        later = self.setup.later_send_store
        return later if later is not None and number > 2 else self.setup.send_store

    def unproven(self, key: str, number: int) -> bool:
        """Whether an empty store proves nothing to a try: Airflow before 3.3, with no trace of an earlier one."""
        send_store = self.send_store(number)
        if number <= 1 or send_store in ("state", "both"):
            return False
        return send_store == "none" or self.setup.send_store == "none" or key not in self.began

    def sleep(self, seconds: float) -> None:
        """How the sending waits."""
        self.now += seconds
        here().stop_at("asleep")

    def start(self, key: str) -> Attempt:
        """A retry, a clear, or a second process beside the first: the next try of a task."""
        tries = self.attempts[key]
        number = len(tries) + 1
        index = self.index(key)
        if self.setup.moves and not self.is_mended:
            self.emulator.end_churn()
            self.emulator.churn("listCampaign", add=1, move=1, times=4)
        ti = SimpleNamespace(
            dag_id="dag",
            run_id=f"run-{self.histories}",
            task_id="send",
            map_index=index,
            try_number=number,
            **self.xcoms_of(index),
        )
        began = datetime.fromtimestamp(self.now, UTC) - timedelta(minutes=5)
        run = SimpleNamespace(run_type="manual", clear_number=self.clear_number, run_after=began)
        context: dict[str, Any] = {"ti": ti, "dag_run": run}
        send_store = self.send_store(number)
        if send_store in ("state", "both"):
            context["task_state_store"] = self.store.accessor(key)
        operator = TruepushCreateCampaignOperator(
            task_id="send",
            title=self.title(key),
            message=self.message(key),
            link=LINK,
            **({"ledger_conn_id": "ledger"} if send_store in ("ledger", "both") else {}),
            on_doubt=self.setup.on_doubt,  # type: ignore[arg-type]
            **self.given(key),
        )
        # Past Airflow's check that a task runner calls it.
        execute = TruepushCreateCampaignOperator.execute.__wrapped__  # type: ignore[attr-defined]
        tries.append(Attempt(lambda _: execute(operator, context), number))
        return tries[-1]

    def clear(self, *, counted: bool = True) -> None:
        """Somebody clears the run.

        :param counted: whether Airflow counts it; with ``reset_dag_runs=false`` it does not.
        """
        self.clear_number += counted
        self.cleared = {key: len(tries) for key, tries in self.attempts.items()}

    def state(self, key: str) -> str | None:
        """Return the state of a task that has started."""
        tries = self.attempts[key]
        if not tries[-1].over:
            return "running"
        return None if self.cleared.get(key) == len(tries) else "failed"

    def given(self, key: str) -> dict[str, Any]:
        """Return further arguments of the operator."""
        return {}

    def _key_of(self, map_index: int) -> str:
        return "ab"[max(map_index, 0)]

    def index(self, key: str) -> int:
        """Return the map index of a task."""
        return ("a", "b").index(key) if self.setup.siblings else -1

    def title(self, key: str) -> str:
        """Return what the list of campaigns shows of a send."""
        return f"Sale {self.histories}"

    def xcoms_of(self, index: int) -> dict[str, Any]:
        """Return what a try can do with XComs; Airflow deletes those of its last try when it starts."""
        mine = self.xcoms[index] = {}

        def pull(task_ids: str, key: str) -> list[Any]:
            here().stop_at("before xcoms")
            return [values[key] for values in list(self.xcoms.values()) if key in values]

        def push(key: str, value: Any) -> None:
            here().stop_at("before xcom")
            if self.xcoms[index] is mine:  # a superseded try may write no more
                mine[key] = value

        def states(dag_id: str, task_ids: list[str], run_ids: list[str]) -> dict[str, Any]:
            found = {self.index(key): self.state(key) for key, tries in self.attempts.items() if tries}
            return {run_ids[0]: {f"send_{index}": state for index, state in found.items()}}

        return {"xcom_pull": pull, "xcom_push": push, "get_task_states": states}

    def message(self, key: str) -> str:
        """What tells the sends apart in the emulator, and nowhere else."""
        return f"{self.histories}/{key}"

    def content(self, key: str) -> str:
        """Return the hash of what a send says."""
        title, message = self.title(key), self.message(key)
        return content_hash(Campaign(title=title, message=message, link=LINK).as_dict())

    def made(self, key: str) -> list[str]:
        """The oracle: ids of the campaigns that exist for a send."""
        return [row["id"] for row in self.emulator.campaigns() if row["payload"]["message"] == self.message(key)]

    def has_cause(self, attempt: Attempt) -> bool:
        """Whether an attempt may stop for a person: something about this send is in doubt."""
        key = next(key for key, tries in self.attempts.items() if attempt in tries)
        if self.unproven(key, attempt.number):
            return True
        return attempt.in_doubt or attempt.open or attempt.saw_open or self.others_open(attempt)

    def others_open(self, attempt: Attempt) -> bool:
        """Whether another try at the same send has begun and not come to a clear end."""
        tries = next(tries for tries in self.attempts.values() if attempt in tries)
        return any(other.open or other.in_doubt for other in tries if other is not attempt)

    def resolve(self, key: str, campaign_id: str | None) -> None:
        """What the error tells a person to do: name the campaign, or have it sent again."""
        index = self.index(key)
        identity = Identity(f"dag/run-{self.histories}/send", index, "truepush_default", content=self.content(key))
        slot, name = identity.key, state_key(identity.key)
        only_state = {self.setup.send_store, self.setup.later_send_store} <= {"state", None}
        if only_state or (key, name) in self.store.values:
            self.store.values.pop((key, name), None)
            if campaign_id:
                self.store.put(key, name, campaign_id)
            return
        assert self.ledger is not None
        change = f"DELETE FROM {TABLE} WHERE slot = '{slot}'"
        if campaign_id:
            change = f"UPDATE {TABLE} SET settled = 1, campaign_id = '{campaign_id}' WHERE slot = '{slot}'"
        with closing(self.ledger().get_conn()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(change)
            connection.commit()

    def end(self) -> None:
        """Leave no thread behind."""
        for tries in self.attempts.values():
            for attempt in tries:
                attempt.kill()


def ledger_hook() -> Any:
    """The hook of the connection ``ledger``, past the one that a world has put in the place of all."""
    connection: Any = BaseHook.get_connection("ledger")
    return connection.get_hook()
