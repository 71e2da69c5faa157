"""Store the state of a wait from poll to poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.waiting.goal import Goal, Watch

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = get_logger(__name__)

_KEY = "truepush_watch"


class WatchMemory:
    """A watch that outlives the process, where polls run in several.

    Mode ``reschedule`` runs each poll in a new process and clears the task's XComs before it; Airflow 3.3 has the
    task state store for that.

    :param goal: when the wait ends.
    :param context: Airflow's context.
    :param across_processes: True when polls run in several processes.
    """

    def __init__(self, goal: Goal, context: Context, *, across_processes: bool) -> None:
        self._store: Any = None
        self._try_number = getattr(context.get("ti"), "try_number", None)
        self.watch = Watch(goal)
        if not across_processes:
            return
        self._store = context.get("task_state_store")
        if self._store is None:
            self._check_without_store(goal)
            return
        kept = self._store.get(_KEY)
        # A retry starts afresh, as it does in the other modes.
        if kept and kept["try_number"] == self._try_number:
            self.watch = Watch(goal, **kept["memory"])

    def save(self) -> None:
        """Keep the watch for the next process."""
        if self._store is not None:
            self._store.set(_KEY, {"try_number": self._try_number, "memory": self.watch.memory()})

    @staticmethod
    def _check_without_store(goal: Goal) -> None:
        if goal.settled_after is not None:
            raise AirflowFailException(
                "settled_after: before Airflow 3.3, mode 'reschedule' cannot remember when a counter changed last. The "
                "campaign is not affected. Use deferrable=True or mode='poke'."
            )
        log.warning(
            "Before Airflow 3.3, mode 'reschedule' cannot remember failed polls: the error budget has no effect, and "
            "only the timeout ends the wait. Use deferrable=True or mode='poke' for both."
        )
