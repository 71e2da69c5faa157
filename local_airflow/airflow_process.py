"""Start the components of Airflow, wait until they are healthy, restart them, stop them."""

from __future__ import annotations

import fcntl
import importlib.metadata
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType

from local_airflow.configuration import Installation
from local_airflow.errors import LocalAirflowError
from local_airflow.executors import Component
from local_airflow.processes import Started, kill, stop
from local_airflow.rest import AirflowApi

HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")
START_LIMIT = 300.0
#: What a component prints before it ends because another held SQLite's lock for too long.
LOCKED = "database is locked"
#: How often components are started again after that.
MOST_RESTARTS = 5


class LocalAirflow(AbstractContextManager["LocalAirflow"]):
    """A running Airflow: ``with LocalAirflow(Installation(folder)) as airflow: airflow.api...``.

    :param installation: its folder and settings.
    :param say: called with each line of the report.
    """

    def __init__(self, installation: Installation, say: Callable[[str], None] = lambda _: None) -> None:
        self.installation = installation
        self.components: list[Started] = []
        self.api = AirflowApi(installation.url, installation.password)
        self._say = say
        self._lock = (installation.home / "lock").open("w")
        self._names: set[str] = set()
        self._locked = 0
        self._started_at = datetime.now(UTC)

    @property
    def version(self) -> str:
        """Return the installed version of Airflow."""
        return importlib.metadata.version("apache-airflow")

    def __enter__(self) -> LocalAirflow:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LocalAirflowError(f"An Airflow already runs in {self.installation.home}.") from None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process that was started. The triggerer alone would take 10 seconds, the others take 3."""
        stop(self.components, patience=4)
        self.components.clear()
        self._lock.close()

    def _start(self) -> None:
        began = time.monotonic()
        self._migrate()
        chosen = self.installation.executor.components
        self._say(f"Starting {', '.join(component.name for component in chosen)}.")
        for component in chosen:
            self.start(component)
        self._wait_until(lambda: self._unhealthy() == [], lambda: f"{', '.join(self._unhealthy())} to be healthy")
        self._say(f"Airflow {self.version} is ready after {time.monotonic() - began:.0f} s.")

    def start(self, component: Component) -> Started:
        """Start a component; its log keeps what earlier processes of that name wrote for this Airflow."""
        again = component.name in self._names
        self._names.add(component.name)
        log = self.installation.logs / "components" / f"{component.name}.log"
        environment = self.installation.environment()
        started = Started(component.name, component.command(), environment, log, append=again)
        self.components.append(started)
        return started

    def started(self, name: str) -> Started:
        """Return the running component of that name."""
        return next(component for component in self.components if component.name == name)

    def kill(self, name: str) -> int:
        """Kill a component and all its descendants at once; return how many processes that were."""
        component = self.started(name)
        self.components.remove(component)
        return kill(component)

    def restart(self, name: str) -> Started:
        """Start a component again that has ended or was killed, as a supervisor does."""
        self.components = [component for component in self.components if component.name != name]
        return self.start(next(one for one in self.installation.executor.components if one.name == name))

    def restart_ended(self) -> list[str]:
        """Start the components again that have ended by themselves; return their names."""
        ended = [component.name for component in self.components if component.exit_code is not None]
        for name in ended:
            self.restart(name)
        return ended

    def _migrate(self) -> None:
        """Create the metadata database once for a version of Airflow; another version's is deleted."""
        home, version, database = self.installation.home, self.version, self.installation.database
        mark = home / "migrated"
        if mark.exists() and mark.read_text() == version and database.exists():
            return
        self._say("Creating the metadata database (the first time only).")
        mark.unlink(missing_ok=True)
        database.remove()
        shutil.rmtree(self.installation.logs, ignore_errors=True)
        migration = self.start(Component("migration", ("db", "migrate")))
        while migration.exit_code is None:
            time.sleep(0.1)
        self.components.remove(migration)
        if migration.exit_code:
            raise LocalAirflowError(f"`airflow db migrate` failed.\n{migration.tail()}")
        mark.write_text(version)

    def _unhealthy(self) -> list[str]:
        health = self.api.health()
        unhealthy = [name for name in HEALTHY if health.get(name) != "healthy"]
        silent = (component for component in self.installation.executor.components if component.ready)
        return unhealthy + [one.name for one in silent if one.ready not in self.started(one.name).output]

    def wait_for_dag(self, dag_id: str) -> None:
        """Wait until this Airflow has parsed the Dag's file; the database may hold an earlier version of it."""
        self._say(f"Waiting until the Dag {dag_id} is parsed.")

        def parsed() -> bool:
            errors = self.api.import_errors()
            if errors:
                raise LocalAirflowError(f"{errors[0]['filename']} cannot be imported.\n{errors[0]['stack_trace']}")
            read_at = self.api.dags().get(dag_id, {}).get("last_parsed_time")
            return read_at is not None and datetime.fromisoformat(read_at) > self._started_at

        self._wait_until(parsed, lambda: f"the Dag {dag_id}")

    def _wait_until(self, done: Callable[[], bool], what: Callable[[], str]) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not done():
            self.check_alive()
            if time.monotonic() > deadline:
                raise LocalAirflowError(f"Waited {START_LIMIT:.0f} s for {what()}, without success.")
            time.sleep(0.5)

    def check_alive(self) -> None:
        """Raise when a component has ended by itself.

        One that ended because SQLite's database was locked for long, as on a busy machine, is started again.
        """
        for component in list(self.components):
            if component.exit_code is None:
                continue
            if LOCKED not in component.tail() or self._locked >= MOST_RESTARTS:
                raise LocalAirflowError(
                    f"The {component.name} ended with exit code {component.exit_code}.\n{component.tail()}"
                )
            self._locked += 1
            self._say(f"The {component.name} ended because its database was locked. Starting it again.")
            self.restart(component.name)
