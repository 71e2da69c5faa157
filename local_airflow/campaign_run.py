"""Run the example Dag through Airflow's REST API, and report its progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_airflow.airflow_process import LocalAirflow
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.errors import LocalAirflowError

DAG_ID = "example_truepush_campaign"
CREATE, WAIT, STATS = "create_campaign", "wait_until_delivered", "fetch_stats"
LINE_INTERVAL = 1.5
BAR = 30
RUN_LIMIT = 300.0
#: The first version whose tasks have a state store that outlives a clear.
FIRST_WITH_TASK_STATE = (3, 3)


def growth(counters: dict[str, int]) -> str:
    """Return the progress of a campaign in one line."""
    share = counters["delivered"] / max(counters["reach"], 1)
    full = int(BAR * share)
    bar = "█" * full + "░" * (BAR - full)
    seen = f"{counters['views']:,} viewed, {counters['clicks']:,} clicked"
    return f"{bar} {100 * share:4.1f}% delivered: {counters['delivered']:,} of {counters['reach']:,}; {seen}"


@dataclass
class CampaignRun:
    """One run of the example, from the connection to the final counters.

    :param airflow: where it runs.
    :param emulator: where its campaign goes.
    :param say: called with each line of the report.
    """

    airflow: LocalAirflow
    emulator: EmulatorProcess
    say: Callable[[str], None] = lambda _: None
    dag_id: str = DAG_ID
    run_id: str = ""
    campaign_id: str | None = None
    states: dict[str, list[str]] = field(default_factory=dict)
    stats: dict[str, int] = field(default_factory=dict)
    _next_line: float = 0.0

    def run(self) -> dict[str, int]:
        """Start the run, follow it to its end, and return the counters that its last task fetched."""
        api = self.airflow.api
        self.airflow.wait_for_dag(self.dag_id)
        api.end_unfinished_runs(self.dag_id)
        api.put_connection(self.emulator.connection())
        self.run_id = api.trigger(self.dag_id, {"segment_id": self.emulator.segment()})
        self.say(f"Started run {self.run_id} of {self.dag_id}.")
        state = self._follow()
        if state != "success":
            raise LocalAirflowError(f"The run ended in the state {state}.\n{self._failed_logs()}")
        self.stats = api.xcom(self.dag_id, self.run_id, STATS)
        return self.stats

    def clear_and_run_again(self) -> None:
        """Clear the task that created the campaign, and check that its next try sends nothing.

        Before Airflow 3.3 a task has no state store of its own that outlives a clear. There the step is left out.
        """
        version = self.airflow.version
        if tuple(int(part) for part in version.split(".")[:2]) < FIRST_WITH_TASK_STATE:
            self.say(
                f"Did not clear {CREATE}: Airflow {version} keeps no task state across a clear (3.3 does), so the next "
                "try would need a manual decision. With ledger_conn_id it would find the campaign."
            )
            return
        api = self.airflow.api
        api.clear(self.dag_id, self.run_id, CREATE)
        deadline = time.monotonic() + RUN_LIMIT
        while (again := self.task(CREATE))["try_number"] < 2 or again["state"] != "success":
            self.airflow.check_alive()
            if again["state"] == "failed" or time.monotonic() > deadline:
                raise LocalAirflowError(
                    f"After the clear, {CREATE} ended in the state {again['state']}.\n{self._failed_logs()}"
                )
            time.sleep(0.5)
        campaign_id, sent = api.xcom(self.dag_id, self.run_id, CREATE), len(self.emulator.requests("createCampaign"))
        if campaign_id != self.campaign_id or sent != 1:
            raise LocalAirflowError(
                f"After the clear, {CREATE} returned {campaign_id}, not {self.campaign_id}; {sent} creates were sent."
            )
        self.say(
            f"Cleared {CREATE} and ran it again. It returned the same id; {sent} create request was sent in total."
        )

    @property
    def page(self) -> str:
        """Return the address of the run in the UI."""
        return self.airflow.api.run_page(self.dag_id, self.run_id)

    def _follow(self) -> str:
        deadline = time.monotonic() + RUN_LIMIT
        while time.monotonic() < deadline:
            self.airflow.check_alive()
            self._note_tasks()
            self._note_counters()
            state = self.airflow.api.run_state(self.dag_id, self.run_id)
            if state in ("success", "failed"):
                self._note_tasks()
                return state
            time.sleep(0.5)
        raise LocalAirflowError(f"The run did not end within {RUN_LIMIT:.0f} s. The states of its tasks: {self.states}")

    def _note_tasks(self) -> None:
        for instance in self.airflow.api.task_instances(self.dag_id, self.run_id):
            task, state = instance["task_id"], instance["state"] or "none"
            seen = self.states.setdefault(task, ["none"])
            if state != seen[-1]:
                seen.append(state)
                where = " It waits in the triggerer and holds no worker." if state == "deferred" else ""
                self.say(f"Task {task}: {state}.{where}")

    def _note_counters(self) -> None:
        """Report the counters of the campaign, at most every 1.5 seconds."""
        if self.campaign_id is None:
            if "success" in self.states.get(CREATE, ()):
                self.campaign_id = self.airflow.api.xcom(self.dag_id, self.run_id, CREATE)
            return
        counters = self.emulator.counters(self.campaign_id)
        if counters and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_INTERVAL
            self.say(growth(counters))

    def _failed_logs(self) -> str:
        """Return the logs of the tasks that did not succeed."""
        api, parts = self.airflow.api, []
        for instance in api.task_instances(self.dag_id, self.run_id):
            if instance["state"] in ("failed", "up_for_retry"):
                log = api.task_log(self.dag_id, self.run_id, instance["task_id"], instance["try_number"])
                parts.append(f"--- log of {instance['task_id']}\n" + "\n".join(log.splitlines()[-40:]))
        return "\n".join(parts)

    def task(self, task_id: str) -> dict[str, Any]:
        """Return a task's instance as Airflow shows it."""
        instances = self.airflow.api.task_instances(self.dag_id, self.run_id)
        return next(instance for instance in instances if instance["task_id"] == task_id)
