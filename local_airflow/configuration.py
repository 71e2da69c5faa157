"""The settings of the local Airflow: environment variables only; none of the user's own Airflow settings apply."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from local_airflow.executors import LOCAL, Executor, Metadata, SqliteMetadata

LOOPBACK = "127.0.0.1"
USER = "admin"
REPOSITORY = Path(__file__).resolve().parent.parent
EXAMPLES = REPOSITORY / "example_dags"


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Installation:
    """One Airflow: its folder, the port of its API server, and the secrets that its components share.

    The secrets are kept from run to run, as the metadata database is: it encrypts connections with the Fernet key.

    :param home: folder for everything that it writes.
    :param dags: folder of its Dags.
    :param extra: environment variables without the prefix ``AIRFLOW__``, which win over all others.
    :param port: of the API server; 0 for the one of last time, or a free one.
    :param metadata: the metadata database; by default SQLite in the folder.
    :param executor: what runs the tasks.
    """

    home: Path
    dags: Path = EXAMPLES
    extra: dict[str, str] = field(default_factory=dict)
    port: int = 0
    metadata: Metadata | None = None
    executor: Executor = LOCAL

    def __post_init__(self) -> None:
        self.home = self.home.absolute()
        self.home.mkdir(parents=True, exist_ok=True)
        self.logs = self.home / "logs"
        self.database: Metadata = self.metadata or SqliteMetadata(self.home / "airflow.db")
        self.port = self.port or self._port_of_last_time() or free_port()
        (self.home / "port").write_text(str(self.port))
        self.url = f"http://{LOOPBACK}:{self.port}"
        self._secrets = self._load_secrets()
        self.password = self._secrets["password"]
        passwords = self.home / "passwords.json"
        passwords.write_text(json.dumps({USER: self.password}))
        passwords.chmod(0o600)

    def _port_of_last_time(self) -> int | None:
        """Return the port of the last time, unless something else listens there: addresses of runs stay the same."""
        path = self.home / "port"
        if not path.exists():
            return None
        port = int(path.read_text())
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                return None
        return port

    def _load_secrets(self) -> dict[str, str]:
        path = self.home / "secrets.json"
        if not path.exists():
            made = {name: secrets.token_urlsafe(24) for name in ("password", "jwt", "session")}
            made["fernet"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            path.touch(mode=0o600)
            path.write_text(json.dumps(made))
        loaded: dict[str, str] = json.loads(path.read_text())
        return loaded

    def environment(self) -> dict[str, str]:
        """Return the environment of every Airflow process."""
        env = _foreign_environment()
        settings = {**self._identity(), **self._addresses(), **_speed(), **self.executor.settings, **self.extra}
        env.update({f"AIRFLOW__{name}": value for name, value in settings.items()})
        env["AIRFLOW_HOME"] = str(self.home)
        env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", "")])
        return env

    def _identity(self) -> dict[str, str]:
        return {
            "API__SECRET_KEY": self._secrets["session"],
            "API_AUTH__JWT_SECRET": self._secrets["jwt"],
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__FERNET_KEY": self._secrets["fernet"],
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "CORE__TEST_CONNECTION": "Enabled",
            "DATABASE__SQL_ALCHEMY_CONN": self.database.url,
            "LOGGING__BASE_LOG_FOLDER": str(self.logs),
            "USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    def _addresses(self) -> dict[str, str]:
        return {
            "API__BASE_URL": self.url,
            "API__HOST": LOOPBACK,
            "API__PORT": str(self.port),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
        }


def _foreign_environment() -> dict[str, str]:
    """Return the user's environment without settings that change Airflow or slow it down."""
    unwanted = ("AIRFLOW", "COVERAGE", "COV_CORE", "PYTEST", "PYTHONDONTWRITEBYTECODE")
    env = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    env["NO_COLOR"] = "1"
    # A server on loopback cannot be reached through the user's proxy.
    env["NO_PROXY"] = env["no_proxy"] = ",".join(filter(None, [env.get("NO_PROXY"), LOOPBACK, "localhost"]))
    return env


def _speed() -> dict[str, str]:
    """Return short intervals and few processes, so that one run on a small machine is fast."""
    return {
        "API__WORKERS": "1",
        "CORE__PARALLELISM": "4",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        # A busy machine may take half a minute over the very first request of a task; Airflow gives it five seconds.
        "WORKERS__EXECUTION_API_TIMEOUT": "60",
    }
