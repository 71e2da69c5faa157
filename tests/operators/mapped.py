"""A mapped task of this provider in one Dag run, over tries and clears, with what Airflow keeps of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException

from airflow_provider_truepush.exceptions import TruepushError
from tests.operators.tries import check_that_alerts_find
from tests.sending.attempts import StateStore


class MappedRun:
    """Runs tries of map indexes.

    :param kind: the operator.
    :param began: when the Dag run began.
    :param has_store: whether Airflow has a task state store.
    :param has_states: whether Airflow shows a task the states of others.
    :param arguments: those of every map index.
    """

    def __init__(
        self, kind: type[Any], began: datetime, *, has_store: bool = True, has_states: bool = True, **arguments: Any
    ) -> None:
        self._kind, self._arguments = kind, arguments
        self._has_store, self._has_states = has_store, has_states
        self._began = self._start = began
        self.clear_number = 0
        self.store = StateStore()
        #: By map index: Airflow deletes them when it starts again.
        self.xcoms: dict[int, dict[str, str]] = {}
        self.states: dict[int, str | None] = {}
        self.tries: dict[int, int] = {}
        #: Of all tries.
        self.pulls = self.pushes = self.asked = 0

    def clear(self, after: timedelta = timedelta(minutes=1)) -> None:
        """Somebody clears the whole run, some time after it began."""
        self.clear_number += 1
        self._start += after
        self.states = dict.fromkeys(self.states)

    def put_clocks_ahead(self, seconds: float) -> None:
        """Let everything so far have been written by workers whose clocks are ahead."""

        def later(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            ahead = ("made_at", "sent_at")
            return {key: value + seconds if key in ahead and value else value for key, value in pairs}

        def rewritten(text: str) -> str:
            return json.dumps(json.loads(text, object_pairs_hook=later))

        self.store.values = {place: rewritten(text) for place, text in self.store.values.items()}
        self.xcoms = {
            index: {key: rewritten(text) for key, text in given.items()} for index, given in self.xcoms.items()
        }

    def start(self, index: int) -> dict[str, Any]:
        """Airflow starts a try of a map index: its XComs are deleted."""
        self.states[index] = "running"
        self.xcoms[index] = {}
        self.tries[index] = number = self.tries.get(index, 0) + 1
        ti = SimpleNamespace(
            dag_id="dag",
            run_id="run",
            task_id="create",
            map_index=index,
            try_number=number,
            xcom_push=lambda key, value: self._push(index, key, value),
            xcom_pull=self._pull,
        )
        if self._has_states:
            ti.get_task_states = self._ask
        run = SimpleNamespace(start_date=self._start, run_after=self._began, clear_number=self.clear_number)
        context: dict[str, Any] = {"ti": ti, "dag_run": run}
        if self._has_store:
            context["task_state_store"] = self.store.accessor(str(index))
        return context

    def execute(self, index: int, context: dict[str, Any], **arguments: Any) -> str:
        """Run a try that has been started; returns its value, or how it ended."""
        self.states[index] = "failed"
        try:
            operator = self._kind(task_id="create", **{**self._arguments, **arguments})
            self.states[index] = "running"
            found = self._kind.execute.__wrapped__(operator, context)
        except AirflowFailException as error:
            check_that_alerts_find(error)
            self.states[index] = "failed"
            return f"stopped: {error}"
        except AirflowSkipException as error:
            self.states[index] = "skipped"
            return f"skipped: {error}"
        except (AirflowException, TruepushError) as error:
            self.states[index] = "up_for_retry"
            return f"retry: {error}"
        self.states[index] = "success"
        return str(found)

    def run(self, index: int, **arguments: Any) -> str:
        """Start a try and run it."""
        return self.execute(index, self.start(index), **arguments)

    def run_feed(self, *names: str) -> list[str]:
        """Run a try of every map index of a feed, and mark those that it no longer has."""
        for index in range(len(names)):
            self.states.setdefault(index, None)
        self.states.update(dict.fromkeys((index for index in self.states if index >= len(names)), "removed"))
        return [self.run(index, name=name) for index, name in enumerate(names)]

    def _push(self, index: int, key: str, value: Any) -> None:
        self.pushes += 1
        self.xcoms[index][key] = json.dumps(value)

    def _pull(self, task_ids: str, key: str) -> Any:
        assert task_ids == "create"
        self.pulls += 1
        found = [json.loads(self.xcoms[index][key]) for index in sorted(self.xcoms) if key in self.xcoms[index]]
        return found[0] if len(found) == 1 else found

    def _ask(self, *, dag_id: str, task_ids: list[str], run_ids: list[str]) -> Any:
        self.asked += 1
        return {run_ids[0]: {f"{task_ids[0]}_{index}": state for index, state in self.states.items()}}
