"""Tries of a task that can be stopped, frozen and killed at every step, and what they share with Airflow."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError

_PATIENCE = 60.0
_current = threading.local()


class Killed(BaseException):
    """The process is gone: no ``except Exception`` sees it."""


class Attempt:
    """One try, in a thread that waits at every checkpoint until it is told to go on.

    :param work: what it does; given the attempt.
    :param number: the try's number, from 1.
    """

    def __init__(self, work: Callable[[Attempt], Any], number: int) -> None:
        self.number = number
        self.place = "start"
        self.over = False
        self.killed = False
        self.result: Any = None
        self.error: BaseException | None = None
        #: An intent of this attempt may stand in the send_store.
        self.open = False
        #: Its request left, and no clear answer came.
        self.in_doubt = False
        #: It has read an outcome.
        self.resumed = False
        #: Another try was not at a clear end when it last read the send_store.
        self.saw_open = False
        self.created = False
        self.closed_at = 0.0
        self._go = threading.Semaphore(0)
        self._parked = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True, name=f"attempt-{number}")
        self._thread.start()

    def _run(self, work: Callable[[Attempt], Any]) -> None:
        _current.attempt = self
        try:
            self.stop_at("start")
            self.result = work(self)
        except BaseException as error:
            self.error = error
        finally:
            self.over = True
            self._parked.release()

    def stop_at(self, place: str) -> None:
        """Called by the attempt itself: wait here until told to go on, or die."""
        if not self.killed:
            self.place = place
            self._parked.release()
            self._go.acquire()
        if self.killed:
            raise Killed(place)

    def step(self) -> None:
        """Let it run to its next checkpoint."""
        if self.place == "start":
            assert self._parked.acquire(timeout=_PATIENCE)
            self.place = "begun"
        if self.over:
            return
        self._go.release()
        assert self._parked.acquire(timeout=_PATIENCE), f"an attempt hangs after {self.place}"

    def finish(self) -> None:
        """Let it run to its end."""
        while not self.over:
            self.step()
        self._thread.join(_PATIENCE)

    def kill(self) -> None:
        """End it where it stands."""
        self.killed = True
        self.finish()


def here() -> Attempt:
    """The attempt that runs in this thread."""
    attempt: Attempt = _current.attempt
    return attempt


class StateStore:
    """Airflow's task state store, as it was measured: who has been overtaken reads nothing and may write nothing.

    :param fenced: without it, everybody may: as Variables and asset state are.
    """

    def __init__(self, *, fenced: bool = True) -> None:
        self.fenced = fenced
        self.values: dict[tuple[str, str], str] = {}
        self.newest: dict[str, int] = {}

    def accessor(self, scope: str) -> StateAccessor:
        """The store as the next attempt of a task sees it; every earlier one is overtaken by that."""
        self.newest[scope] = self.newest.get(scope, 0) + 1
        return StateAccessor(self, scope, self.newest[scope])

    def put(self, scope: str, key: str, value: Any) -> None:
        """What a person does in the UI."""
        self.values[scope, key] = json.dumps(value)

    def remove(self, scope: str) -> None:
        """The same."""
        self.values = {place: value for place, value in self.values.items() if place[0] != scope}


class StateAccessor:
    """``context["task_state_store"]`` of one attempt."""

    def __init__(self, store: StateStore, scope: str, generation: int) -> None:
        self._store, self._scope, self._generation = store, scope, generation

    @property
    def _stale(self) -> bool:
        return self._store.fenced and self._generation != self._store.newest[self._scope]

    def get(self, key: str, default: Any = None) -> Any:
        """Nothing, for whoever has been overtaken."""
        found = None if self._stale else self._store.values.get((self._scope, key))
        return default if found is None else json.loads(found)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """An error, for whoever has been overtaken."""
        assert retention is not None, "kept for 30 days only"
        if not self._store.fenced:
            here().stop_at("before the store's write")  # what was read before it proves nothing
        self._write()
        self._store.values[self._scope, key] = json.dumps(value)

    def delete(self, key: str) -> None:
        """An error, for whoever has been overtaken."""
        self._write()
        self._store.values.pop((self._scope, key), None)

    def _write(self) -> None:
        if self._stale:
            raise RuntimeError("404: no such task instance")


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
