"""The real operator against the real emulator, with checkpoints between all that it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.send_record import SendRecord, send_slot
from airflow_provider_truepush.api.settings import Settings
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators import base, create_campaign, guards
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sending.journals import Journal
from airflow_provider_truepush.sending.ledger import TABLE, LedgerError
from airflow_provider_truepush.sending.protocol import CampaignSending
from tests.sending.attempts import Attempt, Killed, StateStore, here
from tests.tokens import SESSION_TOKEN

LINK = "https://example.com/"
#: Answers that say clearly that nothing was made.
_CLEAR = (400, 401, 403, 429)


@dataclass(frozen=True, slots=True)
class Setup:
    """What one history is about.

    :param journal: ``state``, ``ledger`` or ``none``.
    :param siblings: two mapped tasks with equal titles, in place of one task.
    :param dialect: settings of the emulator's.
    :param on_doubt: the operator's argument.
    """

    journal: str = "state"
    siblings: bool = False
    dialect: str | None = None
    on_doubt: str = "reconcile"


@dataclass(slots=True)
class JournalFault:
    """Makes the next call of a journal's method fail.

    :param method: which.
    :param done: whether it does its work first.
    :param times: how often.
    """

    method: str
    done: bool
    times: int = 1


class WatchedJournal(Journal):
    """A journal with checkpoints around each call, and faults in them."""

    def __init__(self, inner: Journal, world: World) -> None:
        super().__init__(inner.slot)
        self.inner, self._world = inner, world
        self.sees_others = inner.sees_others

    def _do(self, method: str, *args: Any) -> Any:
        here().stop_at(f"before {method}")
        fault = next((f for f in self._world.journal_faults if f.method == method and f.times), None)
        if fault is not None:
            fault.times -= 1
            if not fault.done:
                raise self._error()
        found = getattr(self.inner, method)(*args)
        if fault is not None:
            raise self._error()
        here().stop_at(f"after {method}")
        return found

    def _error(self) -> Exception:
        return LedgerError("made to fail") if self.sees_others else RuntimeError("made to fail")

    def read(self) -> SendRecord | None:
        found: SendRecord | None = self._do("read")
        here().saw_open = self._world.others_open(here())
        here().resumed = here().resumed or (found is not None and found.settled)
        return found

    def claim(self, record: SendRecord) -> None:
        attempt = here()
        attempt.stop_at("before intent")
        attempt.open = True
        attempt.closed_at = self._world.now + 130
        self._do("claim", record)

    def settle(self, record: SendRecord) -> None:
        self._do("settle", record)
        here().open = False

    def drop(self, record: SendRecord) -> None:
        self._do("drop", record)
        here().open = False

    def taken(self, campaign_ids: list[str]) -> set[str]:
        found: set[str] = self._do("taken", campaign_ids)
        return found

    def has_rivals(self, record: SendRecord) -> bool:
        return bool(self._do("has_rivals", record))

    def __str__(self) -> str:
        return str(self.inner)

    def how_to_adopt(self, record: SendRecord) -> str:
        return self.inner.how_to_adopt(record)

    def how_to_forget(self, record: SendRecord) -> str:
        return self.inner.how_to_forget(record)


class WatchedHook(TruepushHook):
    """The hook with checkpoints around each call."""

    world: World

    @property
    def settings(self) -> Settings:
        return self.world.settings

    def create_campaign(self, campaign: Any, *, just_before: Callable[[], None] | None = None) -> str | None:
        attempt, world = here(), self.world
        attempt.stop_at("before create")
        seen = len(world.emulator.requests("createCampaign"))
        client, refused = self.get_conn(), False

        def leaving() -> None:
            nonlocal refused
            attempt.stop_at("leaving")
            if just_before is not None:
                just_before()
            if world.refuse:
                # As if Truepush had gone away since the list was read.
                refused = True
                client._settings = replace(world.settings, base_url="http://127.0.0.1:9")
                world.refuse -= 1

        error: BaseException | None = None
        try:
            return super().create_campaign(campaign, just_before=leaving)
        except BaseException as raised:
            error = raised
            raise
        finally:
            client._settings = world.settings
            if not isinstance(error, Killed):
                rows = world.emulator.requests("createCampaign")[seen:]
                clear = refused or all(row.status in _CLEAR and not row.committed for row in rows)
                if not rows and not refused and isinstance(error, TruepushAmbiguousError):
                    clear = False  # struck before the emulator read it
                attempt.created = attempt.created or error is None
                attempt.in_doubt = attempt.in_doubt or (error is not None and not clear)
                attempt.stop_at("after create")

    def list_campaigns(self) -> Iterator[Any]:
        here().stop_at("before list")
        rows = list(super().list_campaigns())
        here().stop_at("after list")
        return iter(rows)


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
        self.emulator.set_dialect(page_size=2)
        if setup.dialect:
            self.emulator.set_dialect(id_style=setup.dialect)
        self.now = self.emulator.now().timestamp()
        self.store = StateStore(fenced=self._fenced)
        self.journal_faults: list[JournalFault] = []
        self.refuse = 0
        self.timeout = 10.0
        self.attempts: dict[str, list[Attempt]] = {"a": []}
        if setup.siblings:
            self.attempts["b"] = []

    @property
    def settings(self) -> Settings:
        """The connection."""
        return Settings(self.emulator.url, SESSION_TOKEN, timeout=self.timeout, max_attempts=2, retry_budget=50.0)

    def patch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the operator use this world."""
        hook = type("WatchedHookOfAWorld", (WatchedHook,), {"world": self})
        monkeypatch.setattr(base, "TruepushHook", hook)
        sender = partial(self.sender, sleep=self.sleep, clock=lambda: self.now)
        monkeypatch.setattr(create_campaign, "CampaignSending", sender)
        monkeypatch.setattr(create_campaign, "open_journal", self._open_journal)
        monkeypatch.setattr(guards.BaseHook, "get_hook", lambda conn_id: self.ledger and self.ledger())
        monkeypatch.setattr("airflow_provider_truepush.api.retry._FIRST_BACKOFF", 0.001)
        monkeypatch.setattr(time, "sleep", lambda seconds: None)
        monkeypatch.setattr(TruepushCreateCampaignOperator, "log", logging.getLogger("tests.sending"))

    def _open_journal(self, *args: Any, **kwargs: Any) -> WatchedJournal:
        return WatchedJournal(guards.open_journal(*args, **kwargs), self)

    def sleep(self, seconds: float) -> None:
        """How the sending waits."""
        self.now += seconds
        here().stop_at("asleep")

    def start(self, key: str) -> Attempt:
        """A retry, a clear, or a second process beside the first: the next try of a task."""
        tries = self.attempts[key]
        number = len(tries) + 1
        index = ("a", "b").index(key) if self.setup.siblings else -1
        ti = SimpleNamespace(
            dag_id="dag", run_id=f"run-{self.histories}", task_id="send", map_index=index, try_number=number
        )
        context: dict[str, Any] = {"ti": ti}
        if self.setup.journal == "state":
            context["task_state_store"] = self.store.accessor(key)
        operator = TruepushCreateCampaignOperator(
            task_id="send",
            title=f"Sale {self.histories}",
            message=self.message(key),
            link=LINK,
            ledger_conn_id="ledger" if self.setup.journal == "ledger" else None,
            on_doubt=self.setup.on_doubt,  # type: ignore[arg-type]
        )
        # Past Airflow's check that a task runner calls it.
        execute = TruepushCreateCampaignOperator.execute.__wrapped__  # type: ignore[attr-defined]
        tries.append(Attempt(lambda _: execute(operator, context), number))
        return tries[-1]

    def message(self, key: str) -> str:
        """What tells the sends apart in the emulator, and nowhere else."""
        return f"{self.histories}/{key}"

    def made(self, key: str) -> list[str]:
        """The oracle: ids of the campaigns that exist for a send."""
        return [row["id"] for row in self.emulator.campaigns() if row["payload"]["message"] == self.message(key)]

    def has_cause(self, attempt: Attempt) -> bool:
        """Whether an attempt may stop for a person: something about this send is in doubt."""
        if self.setup.journal == "none" and attempt.number > 1:
            return True
        return attempt.in_doubt or attempt.open or attempt.saw_open or self.others_open(attempt)

    def others_open(self, attempt: Attempt) -> bool:
        """Whether another try at the same send has begun and not come to a clear end."""
        tries = next(tries for tries in self.attempts.values() if attempt in tries)
        return any(other.open or other.in_doubt for other in tries if other is not attempt)

    def resolve(self, key: str, campaign_id: str | None) -> None:
        """What the error tells a person to do: name the campaign, or have it sent again."""
        index = ("a", "b").index(key) if self.setup.siblings else -1
        slot = send_slot("truepush_default", f"dag/run-{self.histories}/send/{index}")
        if self.setup.journal == "state":
            self.store.remove(key)
            if campaign_id:
                self.store.put(key, f"truepush_send_{slot[:16]}", campaign_id)
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


def ending(attempt: Attempt) -> str:
    """How an attempt has ended, in a word."""
    error = attempt.error
    if error is None:
        if attempt.created:
            return "sent" if attempt.result else "sent, id unknown"
        return "same id" if attempt.resumed else "adopted"
    if isinstance(error, Killed):
        return "killed"
    if isinstance(error, AirflowFailException):
        return "person" if isinstance(error.__cause__, TruepushAmbiguousError) else "refused"
    if isinstance(error, (TruepushError, RuntimeError)):
        return "retry"
    raise error
