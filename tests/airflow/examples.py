"""Plays several example Dags in the one real Airflow at the same time."""

from __future__ import annotations

import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import requests

from airflow_provider_truepush.emulator import Emulator
from local_airflow.airflow_process import LocalAirflow
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.errors import LocalAirflowError

LIMIT = 400.0
#: Seconds between two looks at all scenarios: each is a dozen requests, which keep Airflow's API server busy.
PAUSE = 2.5
OVER = ("success", "failed")
RESTING = ("awaiting_input", "deferred")
#: Seconds after which a task that rests is taken to have ended its process, though the scheduler never logged that.
LOST_AFTER = 20.0

#: A scenario yields what it waits for, and goes on when that is true.
Scene = Generator[Callable[[], Any], None, None]


def connection(connection_id: str, emulator: Emulator) -> dict[str, Any]:
    """Return the connection to an emulator of this process, as the REST API accepts it."""
    parts = json.loads(emulator.connection_json)
    return {"connection_id": connection_id, **parts, "extra": json.dumps(parts["extra"])}


@dataclass
class Stage:
    """What scenarios can do to Airflow and to the emulator.

    :param airflow: where the Dags run.
    :param truepush: where their campaigns go.
    """

    airflow: LocalAirflow
    truepush: EmulatorProcess
    #: Ids of runs, under names of the scenarios' own.
    runs: dict[str, str] = field(default_factory=dict)
    #: The states of their tasks at a moment of the scenarios' choice.
    noted: dict[str, dict[str, list[str | None]]] = field(default_factory=dict)

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """A call of Airflow's REST API that may be made twice: its SQLite is locked at times."""
        for _ in range(4):
            try:
                return self.airflow.api._call(method, path, **kwargs)
            except LocalAirflowError as error:
                if "answered 500" not in str(error):
                    raise
                time.sleep(1)
        return self.airflow.api._call(method, path, **kwargs)

    def control(self, name: str, body: dict[str, Any]) -> Any:
        """Tell the emulator something."""
        answer = requests.post(f"{self.truepush.url}/_emulator/{name}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def ask(self, name: str) -> Any:
        """Ask the emulator for the truth."""
        return self.truepush._ask(name)

    def start(self, name: str, dag_id: str, **conf: Any) -> str:
        """Start a run, and remember its id under a name."""
        self.pause(dag_id, paused=False)
        self.runs[name] = f"manual__{datetime.now(UTC).isoformat()}"
        body = {"dag_run_id": self.runs[name], "logical_date": None, "conf": conf}
        try:
            self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        except LocalAirflowError as error:
            if "answered 409" not in str(error):  # the first of two calls was carried out after all
                raise
        return self.runs[name]

    def note(self, name: str, dag_id: str) -> None:
        """Remember the states of a run's tasks as they are now."""
        self.noted[name] = self.states(dag_id, self.runs[name])

    def clear(self, name: str, dag_id: str, *task_ids: str) -> None:
        """Have every task of a run done again, or these, as a person does who clears them."""
        body: dict[str, Any] = {"dry_run": False, "only_failed": False}
        if task_ids:
            body |= {"dag_run_id": self.runs[name], "task_ids": task_ids}
            self.call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)
        else:
            self.call("POST", f"/dags/{dag_id}/dagRuns/{self.runs[name]}/clear", json=body)

    def pause(self, dag_id: str, paused: bool = True) -> None:
        """Pause a Dag, or unpause it."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": paused})

    def dag_runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Every run of a Dag, those of its schedule included."""
        found: list[dict[str, Any]] = self.call("GET", f"/dags/{dag_id}/dagRuns")["dag_runs"]
        return found

    def ended(self, name: str, dag_id: str) -> Callable[[], bool]:
        """Whether a run has."""
        return lambda: self.airflow.api.run_state(dag_id, self.runs[name]) in OVER

    def all_ended(self, dag_id: str) -> Callable[[], bool]:
        """Whether every run of a Dag has."""
        return lambda: all(run["state"] in OVER for run in self.dag_runs(dag_id))

    def rests(self, name: str, dag_id: str, task_id: str) -> Callable[[], bool]:
        """Whether a task waits for a person or in the triggerer, and the scheduler knows that its process has ended.

        Airflow 3.3 fails a task that goes on before that. A person, or a campaign, is not that quick.
        """
        log = self.airflow.installation.logs / "components" / "scheduler.log"
        asked = re.compile(
            rf"Finished: dag_id={dag_id}, task_id={task_id}, run_id={re.escape(self.runs[name])},.* "
            "state=(awaiting_input|deferred),"
        )
        began, rests_since = time.monotonic(), math.inf

        def rests() -> bool:
            nonlocal rests_since
            if asked.search(log.read_text(errors="replace")):
                return True
            # A scheduler that ended because of a locked database does not log its last message.
            now = time.monotonic()
            if now < began + LOST_AFTER or self.states(dag_id, self.runs[name]).get(task_id, [None])[0] not in RESTING:
                return False
            rests_since = min(rests_since, now)
            return now >= rests_since + LOST_AFTER

        return rests

    def answer(self, name: str, dag_id: str, task_id: str, option: str) -> None:
        """Be that person."""
        path = f"/dags/{dag_id}/dagRuns/{self.runs[name]}/taskInstances/{task_id}/-1/hitlDetails"
        self.call("PATCH", path, json={"chosen_options": [option]})

    def states(self, dag_id: str, run_id: str) -> dict[str, list[str | None]]:
        """The states of a run's tasks, in the order of the map index."""
        found: dict[str, list[str | None]] = {}
        for row in sorted(self.airflow.api.task_instances(dag_id, run_id), key=lambda row: row["map_index"]):
            found.setdefault(row["task_id"], []).append(row["state"])
        return found

    def campaigns(self, run_id: str) -> list[dict[str, Any]]:
        """The campaigns that a run made whose links name their run, oldest first."""
        marked = [campaign for campaign in self.ask("campaigns") if campaign["source"] == "api"]
        return [row for row in marked if quote(run_id) in row["payload"]["link"]]

    def summary(self) -> str:
        """How far the runs have come that have not succeeded, for a person who wonders."""
        lines = []
        for dag_id in self.airflow.api.dags():
            runs = [run for run in self.dag_runs(dag_id) if run["state"] != "success"]
            lines += [f"{dag_id} {run['dag_run_id']}: {self.states(dag_id, run['dag_run_id'])}" for run in runs]
        return "\n".join(["runs that have not succeeded:", *lines])

    def requested(self) -> Counter[str]:
        """How many requests the emulator has seen, by endpoint."""
        return Counter(row["endpoint"] for row in self.ask("requests"))


class Show:
    """Scenarios that are played side by side.

    :param stage: where.
    :param scenes: by name.
    """

    def __init__(self, stage: Stage, scenes: Mapping[str, Scene]) -> None:
        self._stage = stage
        self._scenes = dict(scenes)
        self._waits: dict[str, Callable[[], Any]] = {name: lambda: True for name in scenes}
        self._failures: dict[str, Exception] = {}
        self.seconds: dict[str, float] = {}

    def play(self, *names: str) -> None:
        """Until some of them have ended, or all, well or badly."""
        began = time.monotonic()
        while open_ones := [name for name in self._waits if not names or name in names]:
            self._stage.airflow.check_alive()
            for name in open_ones:
                try:
                    if time.monotonic() - began > LIMIT:
                        raise TimeoutError(f"{name} has not ended after {LIMIT:.0f} s; {self._stage.summary()}")
                    while self._waits[name]():
                        self._waits[name] = next(self._scenes[name])
                except Exception as end:
                    del self._waits[name]
                    self.seconds[name] = time.monotonic() - began
                    if not isinstance(end, StopIteration):
                        self._failures[name] = end
            time.sleep(PAUSE)

    def check(self, name: str) -> None:
        """Raise what ended a scenario badly."""
        assert name in self._scenes
        if name in self._failures:
            raise self._failures[name]
