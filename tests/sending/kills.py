"""Real tasks of a real Airflow, killed by real signals around the POST.

``python -m tests.sending.kills --kills 100 --stops 8`` runs them and prints what came of them.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import psutil
import requests

from local_airflow.airflow_process import LocalAirflow
from local_airflow.configuration import Installation
from local_airflow.emulator_process import EmulatorProcess
from tests.support.tokens import SESSION_TOKEN

T = TypeVar("T")

DAG_ID, TASK_ID = "killed", "send"
#: Airflow gives a silent task up after this many seconds.
HEARTBEAT = 8
#: Tries under way at once; more only wait for each other.
AT_ONCE = 3
_LIMIT = 300.0
_AROUND = ("before", "after")

#: ``start``: killed some time after the task has started; ``post``: some time after its POST has arrived; ``freeze``
#: and ``stop``: the same, frozen until the next try has ended, and woken up then.
Aim = Literal["start", "post", "freeze", "stop"]


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one run.

    :param number: which.
    :param aim: when it was struck.
    :param struck: whether the signal found the process.
    :param tries: how many Airflow made.
    :param posted: whether its POST had arrived by then.
    :param made: the campaigns that it made in truth.
    :param outcome: ``same id``, ``adopted``, ``sent``, ``person``, or ``failed``.
    """

    number: int
    aim: Aim
    struck: bool
    posted: bool
    tries: int
    made: list[str]
    outcome: str


class Kills:
    """One Airflow and one emulator, and the runs in them.

    :param folder: for everything they write.
    :param seed: of the moments.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir(parents=True)
        self.installation = Installation(
            folder / "airflow",
            dags=Path(__file__).parent / "dags",
            extra={
                "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT),
                "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
                "WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
                "CORE__PARALLELISM": "6",
            },
        )
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def run(self, kills: int, stops: int, say: Any = print) -> list[Run]:
        """Start everything, strike that often, and stop everything.

        :param kills: tasks to kill.
        :param stops: tasks to freeze.
        :param say: told what came of each, as JSON.
        """
        log = self.installation.home / "emulator.log"
        environment = {**self.installation.environment(), "KILLED_NOTES": str(self.notes)}
        self.installation.environment = lambda: environment  # type: ignore[method-assign]
        emulator = EmulatorProcess(log, environment, 1.0, token=SESSION_TOKEN)
        airflow = LocalAirflow(self.installation, say)
        with emulator as self.emulator, airflow as self.airflow:
            self.airflow.api.put_connection(self.emulator.connection())
            self.airflow.wait_for_dag(DAG_ID)
            _patiently(lambda: self.airflow.api._call("PATCH", f"/dags/{DAG_ID}", json={"is_paused": False}))
            self._widen()
            aims: tuple[Aim, Aim] = ("start", "post")
            done: list[Run] = []
            # A task that had ended before its signal came does not count.
            while (left := kills - sum(run.struck for run in done)) > 0:
                numbers = range(len(done) + 1, len(done) + left + 1)
                done += self._all([(number, aims[number % 2]) for number in numbers], say)
            stopped: tuple[Aim, Aim] = ("freeze", "stop")
            frozen = [(len(done) + number, stopped[number % 2]) for number in range(1, stops + 1)]
            # A frozen task holds one of Airflow's few workers.
            return done + self._all(frozen, say, at_once=2)

    def _all(self, planned: list[tuple[int, Aim]], say: Any, at_once: int = AT_ONCE) -> list[Run]:
        done: list[Run] = []
        with ThreadPoolExecutor(at_once) as threads:
            for run in threads.map(lambda plan: self._one(*plan), planned):
                done.append(run)
                say(json.dumps(asdict(run)))
        return done

    def _widen(self) -> None:
        """Make the moments before the intent and around the commit long enough to be hit."""
        moments = (("listCampaign", "after_commit"), *(("createCampaign", f"{when}_commit") for when in _AROUND))
        for endpoint, phase in moments:
            fault: dict[str, Any] = {"endpoint": endpoint, "effect": "delay", "phase": phase}
            fault |= {"seconds": 0.8, "probability": 0.5}
            self._control("faults", fault)

    def _control(self, name: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.emulator.url}/_emulator/{name}", json=body, timeout=30).raise_for_status()

    def _one(self, number: int, aim: Aim) -> Run:
        with self._lock:
            run_id = self._trigger(number)
            delay = self._random.uniform(0.0, 1.2) if aim == "post" else self._random.uniform(0.0, 2.0)
        task, supervisor = self._note(number)
        if aim in ("post", "stop"):
            self._wait_for(lambda: self._posts(number), or_gone=task)
        time.sleep(delay / 2 if aim in ("freeze", "stop") else delay)
        posted = bool(self._posts(number))
        freezes = aim in ("freeze", "stop")
        struck = self._freeze(run_id, task, supervisor) if freezes else _send(task, signal.SIGKILL)
        state = self._end(run_id)
        made = [row["committed"] for row in self._posts(number) if row["committed"]]
        tries, outcome = self._outcome(run_id, state, made)
        return Run(number, aim, struck, posted, tries, made, outcome)

    def _trigger(self, number: int) -> str:
        """Start a run under an id of its own: asked for twice, it is still one run."""
        run_id, api = f"kill-{number}", self.airflow.api
        body = {"dag_run_id": run_id, "logical_date": None, "conf": {"number": number}}

        def start() -> None:
            try:
                api._call("POST", f"/dags/{DAG_ID}/dagRuns", json=body)
            except Exception as error:
                if "409" not in str(error):
                    raise

        _patiently(start)
        return run_id

    def _freeze(self, run_id: str, task: psutil.Process, supervisor: psutil.Process) -> bool:
        """Stop the task and its supervisor until Airflow has given them up and the next try has ended."""
        struck = all([_send(supervisor, signal.SIGSTOP), _send(task, signal.SIGSTOP)])
        if struck:
            self._wait_for(lambda: self._end_seen(run_id))
        for process in (task, supervisor):
            _send(process, signal.SIGCONT)
        time.sleep(5)  # time enough for the one that woke up to do damage
        return struck

    def _end_seen(self, run_id: str) -> bool:
        return self._state(run_id) in ("success", "failed")

    def _state(self, run_id: str) -> str:
        return _patiently(lambda: self.airflow.api.run_state(DAG_ID, run_id))

    def _note(self, number: int) -> tuple[psutil.Process, psutil.Process]:
        note = self.notes / f"{number}.1"
        self._wait_for(note.exists)
        task, supervisor = (psutil.Process(int(pid)) for pid in note.read_text().split())
        return task, supervisor

    def _posts(self, number: int) -> list[dict[str, Any]]:
        rows = self.emulator.requests("createCampaign")
        return [row for row in rows if (row["body"] or {}).get("title") == f"Kill {number}"]

    def _end(self, run_id: str) -> str:
        self._wait_for(lambda: self._end_seen(run_id))
        return self._state(run_id)

    def _outcome(self, run_id: str, state: str, made: list[str]) -> tuple[int, str]:
        api = self.airflow.api
        (instance,) = _patiently(lambda: api.task_instances(DAG_ID, run_id))
        tries = instance["try_number"]
        log = _patiently(lambda: api.task_log(DAG_ID, run_id, TASK_ID, tries))
        if state != "success":
            return tries, "person" if "may have been sent, and is not sent again" in log else "failed"
        returned = _patiently(lambda: api.xcom(DAG_ID, run_id, TASK_ID))
        if [returned] != made:
            return tries, f"wrong id {returned}"
        for words, outcome in (("Already sent by", "same id"), ("adopted campaign", "adopted")):
            if words in log:
                return tries, outcome
        return tries, "sent"

    def _wait_for(self, done: Any, or_gone: psutil.Process | None = None) -> None:
        end = time.monotonic() + _LIMIT
        while not done():
            if or_gone is not None and not or_gone.is_running():
                return
            if time.monotonic() > end:
                raise TimeoutError(f"waited {_LIMIT:.0f} s in vain")
            time.sleep(0.1)


def _patiently(call: Callable[[], T]) -> T:
    """Airflow's SQLite is locked now and then, and its API answers 500."""
    for _ in range(9):
        try:
            return call()
        except Exception:
            time.sleep(1)
    return call()


def _send(process: psutil.Process, number: signal.Signals) -> bool:
    """Signal a process; false when it has ended. psutil never hits a process that has taken over the id."""
    with suppress(psutil.NoSuchProcess):
        alive = process.status() != psutil.STATUS_ZOMBIE
        process.send_signal(number)
        return alive
    return False


def summary(runs: list[Run]) -> dict[str, Any]:
    """The numbers."""
    return {
        "runs": len(runs),
        "killed": sum(run.struck for run in runs if run.aim in ("start", "post")),
        "frozen": sum(run.struck for run in runs if run.aim in ("freeze", "stop")),
        "frozen before the POST had arrived": sum(run.struck and not run.posted for run in runs if run.aim == "freeze"),
        "and the try did not get through": sum(run.struck and run.tries > 1 for run in runs),
        "duplicates": sum(len(run.made) > 1 for run in runs),
        "outcomes": dict(Counter(run.outcome for run in runs).most_common()),
        "stopped for a person, and it was out": sum(run.outcome == "person" and bool(run.made) for run in runs),
        "by aim": {
            aim: dict(Counter(run.outcome for run in runs if run.aim == aim))
            for aim in ("start", "post", "freeze", "stop")
        },
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--stops", type=int, default=8)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = Kills(Path(folder), given.seed).run(given.kills, given.stops, lambda line: print(line, flush=True))
    print(json.dumps(summary(runs), indent=1))


if __name__ == "__main__":
    main()
