"""The parts that differ between one machine and a cluster: the metadata database, the executor and its components."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Component:
    """One process of Airflow.

    :param name: its name in messages, and of its log.
    :param arguments: of the ``airflow`` command.
    :param ready: text that it writes to its log once it works; empty when the API server reports its health.
    """

    name: str
    arguments: tuple[str, ...]
    ready: str = ""

    def command(self) -> list[str]:
        """Return the command."""
        return [sys.executable, "-m", "airflow", *self.arguments]


@dataclass(frozen=True)
class Executor:
    """What runs tasks, and the components of an Airflow with it.

    The log servers of scheduler, triggerer and workers are left out: they listen on every interface of the machine,
    and the API server reads log files on its own disk itself.

    :param components: started in this order.
    :param settings: environment variables without the prefix ``AIRFLOW__``.
    """

    components: tuple[Component, ...]
    settings: Mapping[str, str] = field(default_factory=dict)


API_SERVER = Component("api-server", ("api-server",))
SCHEDULER = Component("scheduler", ("scheduler", "--skip-serve-logs"))
DAG_PROCESSOR = Component("dag-processor", ("dag-processor",))


def triggerer(name: str = "triggerer") -> Component:
    """Return a triggerer."""
    return Component(name, ("triggerer", "--skip-serve-logs"))


#: The components that ``airflow standalone`` starts.
LOCAL = Executor((API_SERVER, SCHEDULER, DAG_PROCESSOR, triggerer()), {"CORE__EXECUTOR": "LocalExecutor"})


def celery(
    broker: str, results: str, folder: Path, workers: Mapping[str, str], triggerers: int, concurrency: int
) -> Executor:
    """Return Celery's executor with its workers, and several triggerers.

    :param broker: URL of the Redis that passes the tasks on.
    :param results: SQLAlchemy URL of the database for their results.
    :param folder: folder for the workers' PID files.
    :param workers: the queues of each worker, joined by commas, by the worker's name.
    :param triggerers: how many triggerers run.
    :param concurrency: task processes of each worker.
    """
    return Executor(
        (
            API_SERVER,
            SCHEDULER,
            DAG_PROCESSOR,
            *(triggerer(f"triggerer-{number}") for number in range(1, triggerers + 1)),
            *(_worker(name, queues, folder / f"{name}.pid") for name, queues in workers.items()),
        ),
        {
            "CORE__EXECUTOR": "CeleryExecutor",
            "CELERY__BROKER_URL": broker,
            "CELERY__RESULT_BACKEND": f"db+{results}",
            "CELERY__WORKER_CONCURRENCY": str(concurrency),
            "CELERY__WORKER_PREFETCH_MULTIPLIER": "1",
            # More than there are processes: the executor gives the slots of a lost worker's tasks back only after long.
            "CORE__PARALLELISM": str(4 * concurrency * len(workers)),
        },
    )


def _worker(name: str, queues: str, pid_file: Path) -> Component:
    arguments = (
        *("celery", "worker", "--queues", queues, "--celery-hostname", f"{name}@%h", "--pid", str(pid_file)),
        *("--skip-serve-logs", "--without-gossip", "--without-mingle"),
    )
    return Component(name, arguments, ready=" ready.")


@dataclass(frozen=True)
class SqliteMetadata:
    """A metadata database that stays from run to run.

    :param path: its file.
    """

    path: Path

    @property
    def url(self) -> str:
        """Return its SQLAlchemy URL.

        A scheduler that has waited for a lock, five seconds by default, ends with an error. Much longer than this does
        not help: some locks are held by a process that waits for the waiting one.
        """
        return f"sqlite:///{self.path}?timeout=20"

    def exists(self) -> bool:
        """Return whether it was created before."""
        return self.path.exists()

    def remove(self) -> None:
        """Delete it."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class FreshMetadata:
    """An empty database of a server that was started for this run.

    :param url: its SQLAlchemy URL.
    """

    url: str

    def exists(self) -> bool:
        """Return False: it has no tables yet."""
        return False

    def remove(self) -> None:
        """Do nothing: it is empty."""


Metadata = SqliteMetadata | FreshMetadata
