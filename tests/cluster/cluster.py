"""A whole cluster on this machine: PostgreSQL, Redis, the emulator, and Airflow with two workers and two triggerers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg2
import redis
import requests

from local_airflow.airflow_process import LocalAirflow
from local_airflow.configuration import LOOPBACK
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.errors import LocalAirflowError
from local_airflow.servers import PostgresServer, RedisServer

PACKAGES = {
    "Airflow": "apache-airflow",
    "Celery": "celery",
    "airflow-provider-truepush": "airflow-provider-truepush",
}
DATABASES = ("airflow", "warehouse")
#: Tasks of the queue "victim" run on the second worker only, so that a kill hits them and nothing else.
WORKERS = {"worker-1": "default", "worker-2": "default,victim"}
TRIGGERERS = 2
CONCURRENCY = 4
#: Requests per second of the connection whose limit all processes share.
RATE = 5
#: Emulated seconds per second. A campaign is delivered within five emulated minutes; the provider tolerates clocks that
#: differ by an hour, which this speed reaches in an hour.
SPEED = 2.0
#: Seconds that a step may take on a busy machine.
LIMIT = 600.0
#: Seconds for which a request is not answered while its worker is killed.
HANG = 300
OVER = ("success", "failed")
#: What a supervisor such as systemd starts again.
PAUSE_BEFORE_RESTART = 1.0


@dataclass
class Cluster:
    """The running parts, and what scenarios do to them.

    :param say: called with each line of progress.
    """

    home: Path
    airflow: LocalAirflow
    truepush: EmulatorProcess
    postgres: PostgresServer
    redis: RedisServer
    say: Callable[[str], None]
    #: How often each component was started again after it had ended by itself.
    restarts: dict[str, int] = field(default_factory=dict)
    #: The campaigns of the sensors.
    watched: list[str] = field(default_factory=list)
    #: Sends that ended with a manual decision.
    doubtful: int = 0
    #: What Redis was told, which a search looks through.
    broker_watch: Any = None

    # Truepush

    def ask(self, control: str, **query: str) -> Any:
        """Ask the emulator for the truth."""
        return self.truepush._ask(control, **query)

    def control(self, name: str, body: Mapping[str, Any], method: str = "POST") -> Any:
        """Tell the emulator something."""
        answer = requests.request(method, f"{self.truepush.url}/_emulator/{name}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def campaigns(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the campaigns that requests created whose titles begin with a text, oldest first."""
        rows: list[dict[str, Any]] = self.ask("campaigns")
        return [row for row in rows if row["source"] == "api" and row["payload"]["title"].startswith(prefix)]

    def hung(self, phase: str) -> list[dict[str, Any]]:
        """Return the creates that the emulator does not answer."""
        rows: list[dict[str, Any]] = self.ask("requests", endpoint="createCampaign")
        return [row for row in rows if row["fault"] == f"{phase}/hang"]

    def versions(self) -> list[str]:
        """Return what runs, with versions."""
        ((postgres,),) = self.query("airflow", "SHOW server_version")
        found = [f"{name} {version(package)}" for name, package in PACKAGES.items()]
        return [*found, f"PostgreSQL {postgres.split()[0]}", f"Redis {self.broker().info()['redis_version']}"]

    # Databases

    def query(self, database: str, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg2.connect(self.postgres.url(database, "postgresql")) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows = cursor.fetchall()
        connection.close()
        return rows

    def rows(self, table: str) -> int:
        """Return the number of rows of a table of the warehouse; 0 before it exists."""
        (found,) = self.query("warehouse", "SELECT to_regclass(%s)", (table,))
        return int(self.query("warehouse", f"SELECT count(*) FROM {table}")[0][0]) if found[0] else 0

    def broker(self) -> redis.Redis:
        """Return a client of Redis."""
        return redis.Redis(host=LOOPBACK, port=self.redis.port, password=self.redis.password)

    # Airflow

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Call Airflow's REST API; a call that fails while a server restarts is repeated."""
        deadline = time.monotonic() + 90
        while True:
            try:
                return self.airflow.api._call(method, path, **kwargs)
            except (LocalAirflowError, requests.RequestException) as error:
                answered = isinstance(error, LocalAirflowError) and "answered 5" not in str(error)
                if answered or time.monotonic() > deadline:
                    raise
                self.supervise()
                time.sleep(1)

    def start(self, dag_id: str, **conf: Any) -> str:
        """Start a run; return its id."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        self.say(f"{dag_id} {conf or ''}")
        return str(run["dag_run_id"])

    def states(self, dag_id: str, run_id: str) -> dict[str, dict[str, int]]:
        """Return how many instances of each task are in each state."""
        rows = self.query(
            "airflow",
            "SELECT task_id, coalesce(state, 'none'), count(*) FROM task_instance WHERE dag_id = %s AND run_id = %s "
            "GROUP BY 1, 2",
            (dag_id, run_id),
        )
        found: dict[str, dict[str, int]] = {}
        for task_id, state, count in rows:
            found.setdefault(task_id, {})[state] = count
        return found

    def tries(self, dag_id: str, run_id: str, task_id: str) -> list[int]:
        """Return the number of the last try of each instance of a task."""
        rows = self.query(
            "airflow",
            "SELECT try_number FROM task_instance WHERE dag_id = %s AND run_id = %s AND task_id = %s",
            (dag_id, run_id, task_id),
        )
        return [row[0] for row in rows]

    def waits(self) -> dict[int, int]:
        """Return how many deferred tasks each triggerer has."""
        rows = self.query(
            "airflow",
            "SELECT triggerer_id, count(*) FROM trigger WHERE classpath LIKE '%%CampaignStatsTrigger' GROUP BY 1",
        )
        return {triggerer or 0: count for triggerer, count in rows}

    def log(self, dag_id: str, run_id: str, task_id: str) -> str:
        """Return the logs of all tries of a task."""
        folder = self.airflow.installation.logs / f"dag_id={dag_id}" / f"run_id={run_id}" / f"task_id={task_id}"
        return "\n".join(path.read_text(errors="replace") for path in sorted(folder.rglob("*.log")))

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        (row,) = self.query("airflow", "SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", (dag_id, run_id))
        return str(row[0])

    def finish(self, dag_id: str, run_id: str, limit: float = LIMIT) -> str:
        """Wait until a run has ended; return its state."""
        self.until(lambda: self.run_state(dag_id, run_id) in OVER, f"{dag_id} to end", limit)
        return self.run_state(dag_id, run_id)

    def until(self, done: Callable[[], Any], what: str, limit: float = LIMIT) -> None:
        """Wait, and start components again that have ended meanwhile."""
        began = time.monotonic()
        while True:
            with suppress(psycopg2.OperationalError, requests.ConnectionError):  # a server restarts just now
                if done():
                    self.say(f"{what}: {time.monotonic() - began:.0f} s")
                    return
            self.supervise()
            if time.monotonic() - began > limit:
                raise TimeoutError(f"waited {limit:.0f} s for {what}\n{self.unfinished()}")
            time.sleep(0.5)

    def supervise(self) -> None:
        """Start components again that have ended, as systemd would."""
        for name in self.airflow.restart_ended():
            self.restarts[name] = self.restarts.get(name, 0) + 1
            self.say(f"{name} had ended and was started again.")
            time.sleep(PAUSE_BEFORE_RESTART)

    def unfinished(self) -> str:
        """Return the tasks of runs that have not succeeded, for someone who wonders."""
        rows = self.query(
            "airflow",
            "SELECT i.dag_id, i.task_id, coalesce(i.state, 'none'), count(*), max(i.try_number) FROM task_instance i "
            "JOIN dag_run r ON r.dag_id = i.dag_id AND r.run_id = i.run_id WHERE r.state <> 'success' "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2",
        )
        return "\n".join(str(row) for row in rows)
