"""Tries of tasks with the create operator, as Airflow would run them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.sending.attempts import StateStore
from tests.support.versions import HAS_STATE_STORE

CAMPAIGN: dict[str, Any] = {"title": "Sale", "message": "Today only", "link": "https://example.com/"}
WINDOW = timedelta(seconds=0.45)


class Tasks:
    """Runs tries, and counts what comes of them.

    :param emulator: where they send.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.store = StateStore()
        self.pushed: dict[str, Any] = {}
        #: XComs by task and run, then by map index: Airflow deletes those of a map index when it starts again.
        self.xcoms: dict[str, dict[int, dict[str, Any]]] = {}
        #: How often something of the Dag run was cleared.
        self.clear_number = 0
        self._tries: dict[str, int] = {}

    def operator(self, **given: Any) -> TruepushCreateCampaignOperator:
        """The operator, with a campaign and a short window."""
        # What is left out cannot be given as None.
        optional = {name: given.pop(name) for name in ("ledger_conn_id", "send_token") if name in given}
        given |= {name: value for name, value in optional.items() if value is not None}
        return TruepushCreateCampaignOperator(**{"task_id": "send", "settle_window": WINDOW, **CAMPAIGN, **given})

    def context(
        self, task: str = "send", run: str = "run-1", index: int = -1, *, state: bool = HAS_STATE_STORE, **given: Any
    ) -> dict[str, Any]:
        """The next try of a task instance.

        :param state: whether there is a task state store; by default as this Airflow has it.
        """
        scope = f"{task}/{run}/{index}"
        self._tries[scope] = self._tries.get(scope, 0) + 1
        of_task = self.xcoms.setdefault(f"{task}/{run}", {})
        mine = of_task[index] = {}

        def push(key: str, value: Any) -> None:
            self.pushed[key] = mine[key] = value

        def pull(task_ids: str, key: str) -> Any:
            assert task_ids == task
            return [values[key] for values in of_task.values() if key in values]

        ti = SimpleNamespace(
            dag_id="dag",
            run_id=run,
            task_id=task,
            map_index=index,
            try_number=self._tries[scope],
            xcom_push=push,
            xcom_pull=pull,
        )
        context: dict[str, Any] = {"ti": ti, "dag_run": self.dag_run(), **given}
        if state:
            context["task_state_store"] = self.store.accessor(scope)
        return context

    def dag_run(self) -> SimpleNamespace:
        """The Dag run, as Airflow shows it to a task."""
        now = self.emulator.now()
        return SimpleNamespace(run_type="manual", clear_number=self.clear_number, run_after=now - timedelta(minutes=5))

    def run(self, context: dict[str, Any] | None = None, **given: Any) -> Any:
        """A try from beginning to end."""
        operator = self.operator(**given)
        # Past Airflow's check that a task runner calls it.
        execute: Callable[..., Any] = TruepushCreateCampaignOperator.execute.__wrapped__  # type: ignore[attr-defined]
        return execute(operator, self.context() if context is None else context)

    @property
    def made(self) -> list[str]:
        """The oracle: the campaigns that createCampaign has made."""
        return [row["id"] for row in self.emulator.campaigns() if row["source"] == "api"]

    @property
    def sends(self) -> int:
        """How many creates have reached Truepush."""
        return len(self.emulator.requests("createCampaign"))

    def lose_the_answer(self, *, carried_out: bool = True) -> None:
        """The next create gets none."""
        phase = "after_commit" if carried_out else "before_commit"
        self.emulator.fault("createCampaign", effect="fin", phase=phase, nth=1)


def in_days(days: float) -> datetime:
    """A moment at noon, so that no hour near it is special."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)
