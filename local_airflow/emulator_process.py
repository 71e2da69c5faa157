"""The emulator of Truepush in a process of its own, as a user would start it."""

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
    """

    def __init__(self, log: Path, env: dict[str, str], speed: float, token: str | None = None) -> None:
        self.token = token or f"demo-{secrets.token_urlsafe(24)}"
        self.url = ""
        self.process: Started | None = None
        self._log = log
        self._env = env
        self._speed = speed
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> EmulatorProcess:
        options = ["--port", "0", "--clock", "real", "--speed", str(self._speed), "--token", self.token]
        command = [sys.executable, "-m", "airflow_provider_truepush.emulator", *options]
        self.process = Started("emulator", command, self._env, self._log)
        try:
            self.url = self._address(self.process)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()
        if self.process is not None:
            stop([self.process], patience=3)

    def _address(self, process: Started) -> str:
        """Return the address that it prints when it listens."""
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if found := re.search(r"listening on (http://\S+)", process.log.read_text(errors="replace")):
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
