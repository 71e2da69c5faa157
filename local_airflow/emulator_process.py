"""The emulator of Truepush in a separate process, as a user would start it."""

from __future__ import annotations

import re
import secrets
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

from airflow_provider_truepush.emulator.__main__ import TOKEN_VARIABLE
from local_airflow.errors import LocalAirflowError
from local_airflow.processes import Started, stop

START_LIMIT = 60.0
TIMEOUT = 10


class EmulatorProcess(AbstractContextManager["EmulatorProcess"]):
    """A running emulator with one project.

    :param log: file for its output.
    :param env: its environment.
    :param speed: emulated seconds per second.
    :param token: the project's token; a fresh one when none is given.
    :param state: file that keeps its objects, so that it can be stopped and started again.
    """

    def __init__(
        self, log: Path, env: dict[str, str], speed: float, token: str | None = None, state: Path | None = None
    ) -> None:
        self.token = token or f"demo-{secrets.token_urlsafe(24)}"
        self.url = ""
        self.process: Started | None = None
        self.log = log
        # The process list shows arguments to every user of the machine, and no environment.
        self._env = {**env, TOKEN_VARIABLE: self.token}
        self._speed = speed
        self._state = state
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> EmulatorProcess:
        try:
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()
        self.stop()

    def start(self) -> None:
        """Start it, a second time under the same address."""
        port = str(urlsplit(self.url).port or 0) if self.url else "0"
        options = ["--port", port, "--clock", "real", "--speed", str(self._speed)]
        if self._state is not None:
            options += ["--state", str(self._state)]
        command = [sys.executable, "-m", "airflow_provider_truepush.emulator", *options]
        self.process = Started("emulator", command, self._env, self.log, append=bool(self.url))
        self.url = self._address(self.process)

    def stop(self) -> None:
        """Stop it: connections to its address are refused from then on."""
        if self.process is not None:
            stop([self.process], patience=3)
            self.process = None

    def _address(self, process: Started) -> str:
        """Return the address that it prints when it listens."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if found := re.search(r"listening on (http://\S+)", process.output):
                return found[1]
            if process.exit_code is not None:
                raise LocalAirflowError(f"The emulator ended with exit code {process.exit_code}.\n{process.tail()}")
            time.sleep(0.05)
        raise LocalAirflowError(f"The emulator did not start within {START_LIMIT:.0f} s.")

    def connection(self, connection_id: str = "truepush_default") -> dict[str, Any]:
        """Return the Airflow connection to it, as the REST API accepts it."""
        parts = urlsplit(self.url)
        return {
            "connection_id": connection_id,
            "conn_type": "truepush",
            "description": "The Truepush emulator on this machine",
            "host": f"{parts.scheme}://{parts.hostname}",
            "port": parts.port,
            "password": self.token,
            "extra": '{"timezone": "Etc/UTC"}',
        }

    def segment(self) -> str:
        """Return the id of the project's first segment."""
        return str(self._ask("segments")[0]["id"])

    def counters(self, campaign_id: str) -> dict[str, int] | None:
        """Return a campaign's counters by their lower-case names, or None while it has none."""
        found: dict[str, int] | None = self._ask(f"stats/{campaign_id}")
        return found

    def requests(self, endpoint: str) -> list[dict[str, Any]]:
        """Return every request to an endpoint so far, oldest first."""
        found: list[dict[str, Any]] = self._ask("requests", endpoint=endpoint)
        return found

    def _ask(self, control: str, **query: str) -> Any:
        answer = self._session.get(f"{self.url}/_emulator/{control}", params=query, timeout=TIMEOUT)
        if not answer.ok:
            raise LocalAirflowError(f"The emulator answered {answer.status_code} to {control}: {answer.text[:300]}")
        return answer.json()
