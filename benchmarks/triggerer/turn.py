"""One turn: a fresh database, a fresh triggerer, one kind of trigger."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from benchmarks.triggerer.deferring import DAG, DAG_ID, IDLE, INTERVAL
from benchmarks.watching.__main__ import server
from benchmarks.watching.server import Counters
from local_airflow.configuration import Installation
from local_airflow.processes import Started, stop

#: Airflow's default; here to be seen.
CAPACITY = 1000
#: Seconds that all may take until each has polled twice.
LONGEST_START = 90.0
_SETTLING = 2 * INTERVAL
_STEP_LIMIT = 300.0


class Prepared:
    """A migrated metadata database with one serialized Dag, to be copied for each turn.

    :param folder: for it, and for the turns' copies.
    :param count: instances of the Dag's task.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self.count = count
        self._dags = folder / "dags"
        self._dags.mkdir()
        (self._dags / f"{DAG_ID}.py").write_text(DAG.format(dag_id=DAG_ID, count=count))
        installation = Installation(folder / "prepared", dags=self._dags)
        for step in (["db", "migrate"], ["dags", "reserialize"]):
            run_to_end(step[0], ["airflow", *step], installation, installation.environment())

    def copy(self, name: str) -> Installation:
        """Another one of it."""
        home = self._folder / name
        shutil.copytree(self._folder / "prepared", home)
        shutil.rmtree(home / "logs", ignore_errors=True)
        return Installation(home, dags=self._dags)


def run_to_end(name: str, module: list[str], installation: Installation, env: dict[str, str]) -> str:
    """Run a module of Python's; what it wrote."""
    log = installation.home / "steps" / f"{name}.log"
    step = Started(name, [sys.executable, "-m", *module], env, log)
    try:
        deadline = time.monotonic() + _STEP_LIMIT
        while step.exit_code is None and time.monotonic() < deadline:
            time.sleep(0.1)
        if step.exit_code != 0:
            raise RuntimeError(f"{name} ended with {step.exit_code}:\n{step.tail()}")
        return step.tail()
    finally:
        stop([step], patience=4)


class Triggerer:
    """A running triggerer: its supervisor and its runner.

    :param installation: its Airflow.
    :param env: its environment.
    """

    def __init__(self, installation: Installation, env: dict[str, str]) -> None:
        self._installation = installation
        self.began = time.monotonic()
        command = ["airflow", "triggerer", "--capacity", str(CAPACITY), "--skip-serve-logs"]
        log = installation.logs / "triggerer.log"
        self.process = Started("triggerer", [sys.executable, "-m", *command], env, log)

    def check(self) -> None:
        """Raise when it has ended."""
        if self.process.exit_code is not None:
            raise RuntimeError(f"the triggerer ended:\n{self.process.tail()}")

    def cpu(self) -> tuple[float, float]:
        """Seconds of the supervisor and of the runner."""
        supervisor, *runner = [sum(process.cpu_times()[:2]) for process in self._family()]
        return supervisor, sum(runner)

    def rss_mb(self) -> tuple[float, float]:
        """Resident memory of the supervisor and of the runner; what they share counts in both."""
        supervisor, *runner = [process.memory_info().rss / 2**20 for process in self._family()]
        return supervisor, sum(runner)

    def _family(self) -> list[psutil.Process]:
        self.check()
        family = self.process.family()
        if len(family) != 2:
            raise RuntimeError(f"a triggerer is a supervisor and a runner, this one is {family}")
        return family

    def begun(self) -> int:
        """Return the number of triggers whose start the runner has logged. Each trigger has a log, as sensors have."""
        return sum(1 for _ in self._installation.logs.rglob("*.trigger.*.log"))

    def log_bytes(self) -> int:
        """What all logs hold."""
        return sum(path.stat().st_size for path in self._installation.logs.rglob("*.log"))

    def deferred(self) -> int:
        """Task instances that wait still."""
        with closing(sqlite3.connect(f"file:{self._installation.database}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM task_instance WHERE state = 'deferred'").fetchone()[0])


def measure(name: str, triggerer: Triggerer, counters: Counters, count: int, seconds: float) -> dict[str, Any]:
    """Let all begin and settle, then measure."""
    first_polls = LONGEST_START
    ready = False
    while not ready and time.monotonic() < triggerer.began + LONGEST_START:
        time.sleep(0.2)
        triggerer.check()
        counted = counters.read()
        if first_polls == LONGEST_START and (triggerer.begun() if name == IDLE else counted.once) >= count:
            first_polls = time.monotonic() - triggerer.began
        ready = first_polls < LONGEST_START and (name == IDLE or counted.twice >= count)
    if name == IDLE and not ready:
        raise RuntimeError(f"only {triggerer.begun()} of {count} triggers run:\n{triggerer.process.tail()}")
    time.sleep(_SETTLING)
    logged = triggerer.log_bytes()
    first, cpu, at = counters.read(), triggerer.cpu(), time.monotonic()
    time.sleep(seconds)
    last, cpu_then, passed = counters.read(), triggerer.cpu(), time.monotonic() - at
    polls = last.requests - first.requests
    supervisor, runner = (then - before for before, then in zip(cpu, cpu_then, strict=True))
    supervisor_mb, runner_mb = triggerer.rss_mb()
    return {
        "name": name,
        "triggers": count,
        "cpu_cores": (supervisor + runner) / passed,
        "supervisor_cores": supervisor / passed,
        "runner_cores": runner / passed,
        "polls_per_second": polls / passed,
        "wanted": 0.0 if name == IDLE else count / INTERVAL,
        "connections_per_poll": (last.made - first.made) / max(1, polls),
        "connections_open": last.open,
        "supervisor_rss_mb": supervisor_mb,
        "runner_rss_mb": runner_mb,
        "first_polls_s": first_polls,
        "polled_twice_before": first.twice,
        "log_bytes_per_second": (triggerer.log_bytes() - logged) / passed,
        "begun": triggerer.begun(),
        "failed": count - triggerer.deferred(),
        "blocked_warnings": triggerer.process.log.read_text(errors="replace").count("async thread was blocked"),
    }


def turn(name: str, prepared: Prepared, number: int, seconds: float) -> dict[str, Any]:
    """One contestant in a triggerer of its own."""
    installation = prepared.copy(f"{number}-{name}")
    with server() as folder:
        env = {**installation.environment(), "SSL_CERT_FILE": str(folder / "ca.pem")}
        run_to_end("deferring", ["benchmarks.triggerer.deferring", name, str(folder)], installation, env)
        triggerer = Triggerer(installation, env)
        try:
            result = measure(name, triggerer, Counters(folder / "counters", writes=False), prepared.count, seconds)
        finally:
            stop([triggerer.process], patience=4)
    shutil.rmtree(installation.home)
    print(
        f"[triggerer] {name:9} {prepared.count:5} {result['cpu_cores']:.3f} cores "
        f"(supervisor {result['supervisor_cores']:.3f}), {result['polls_per_second']:.0f} polls/s, "
        f"{result['first_polls_s']:.1f} s to begin, {result['failed']} failed",
        flush=True,
    )
    return result
