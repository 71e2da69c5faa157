"""React when Airflow ends a task: its signal may arrive at any moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from enum import Enum, auto

#: Seconds for which the signal handler waits for the action when the task may hold a lock that the action needs.
_PATIENCE = 2.0


class _Phase(Enum):
    #: Airflow's own code runs: before ``execute``, after it, or around a deferral.
    OUTSIDE = auto()
    #: The task waits for an answer of Airflow, or writes to its send store.
    GUARDED = auto()
    #: The task sleeps, or waits for Truepush.
    RELEASED = auto()


class KillSwitch:
    """Runs an action once Airflow has ended the task.

    Airflow calls ``on_kill`` from a signal handler, which interrupts the task anywhere. If the task is waiting for an
    answer of Airflow, it holds the lock of that channel, and an action that asks Airflow as well would wait forever.
    So the action runs in the handler only while the task is ``released()``. While it is ``guarded()``, the task runs
    the action itself as soon as it has its answer. While Airflow's own code runs, around ``execute``, the action gets
    a thread, for which the handler waits only briefly.

    :param action: what to do. It is called with no argument, may be called again, and must raise nothing.
    """

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action
        self._phase = _Phase.OUTSIDE
        #: True after Airflow has ended the task, until :meth:`reset`.
        self.killed = False

    def on_kill(self) -> None:
        """Record that Airflow has ended the task, and run the action as soon as it is safe."""
        self.killed = True
        if self._phase is _Phase.RELEASED:
            self._action()
        elif self._phase is _Phase.OUTSIDE:
            context = copy_context()
            thread = threading.Thread(target=context.run, args=(self._action,), name="truepush-on-kill")
            thread.start()
            thread.join(_PATIENCE)

    def reset(self) -> None:
        """Forget the kill: the next try may use the same operator."""
        self.killed = False

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Mark the time in which the signal handler must not act; run the action afterwards if it was called."""
        with self._as(_Phase.GUARDED):
            yield

    @contextmanager
    def released(self) -> Iterator[None]:
        """Mark the time in which the signal handler may act by itself; run the action now if it was called before."""
        with self._as(_Phase.RELEASED):
            yield

    def release(self) -> None:
        """Release until the end of the surrounding ``with``: for a sleep in code of others."""
        self._enter(_Phase.RELEASED)

    @contextmanager
    def _as(self, phase: _Phase) -> Iterator[None]:
        before = self._phase
        self._enter(phase)
        try:
            yield
        finally:
            self._enter(before)

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        if self.killed and phase is not _Phase.GUARDED:
            self._action()
