"""The part of Airflow's REST API that its UI uses."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import requests

from local_airflow.configuration import USER
from local_airflow.errors import LocalAirflowError

TIMEOUT = 60


class AirflowApi:
    """A logged-in client of one Airflow."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url
        self._password = password
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no netrc: the server is on loopback

    def _call(self, method: str, path: str, root: str = "/api/v2", **kwargs: Any) -> Any:
        if "Authorization" not in self._session.headers:
            self._log_in()
        answer = self._ask(method, f"{self.url}{root}{path}", **kwargs)
        if not answer.ok:
            raise LocalAirflowError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    def _ask(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        """Send one request; a GET is repeated while a busy machine is slow or its SQLite is locked."""
        pauses = iter((1, 2, 4) if method == "GET" else ())
        while True:
            pause = next(pauses, None)
            try:
                answer = self._session.request(method, url, timeout=TIMEOUT, **kwargs)
            except requests.Timeout:
                if pause is None:
                    raise
            else:
                if answer.status_code < 500 or pause is None:
                    return answer
            time.sleep(pause or 0)

    def _log_in(self) -> None:
        body = {"username": USER, "password": self._password}
        answer = self._session.post(f"{self.url}/auth/token", json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def health(self) -> dict[str, str | None]:
        """Return the state of each component; empty while the API server does not answer."""
        try:
            answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=TIMEOUT)
        except (requests.ConnectionError, requests.Timeout):
            return {}
        return {name: part.get("status") for name, part in answer.json().items()} if answer.ok else {}

    def put_connection(self, connection: dict[str, Any]) -> None:
        """Create a connection, or replace the one with that id."""
        listed = self.connections()
        if connection["connection_id"] in {known["connection_id"] for known in listed}:
            self._call("DELETE", f"/connections/{connection['connection_id']}")
        self._call("POST", "/connections", json=connection)

    def connections(self) -> list[dict[str, Any]]:
        """Return all connections, as the UI lists them."""
        found: list[dict[str, Any]] = self._call("GET", "/connections")["connections"]
        return found

    def test_connection(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Return the answer of the test button: ``status`` and ``message``."""
        answer: dict[str, Any] = self._call("POST", "/connections/test", json=connection)
        return answer

    def connection_types(self) -> list[dict[str, Any]]:
        """Return the forms of all connection types, as the UI draws them."""
        found: list[dict[str, Any]] = self._call("GET", "/connections/hook_meta", root="/ui")
        return found

    def providers(self) -> list[dict[str, Any]]:
        """Return the installed providers."""
        found: list[dict[str, Any]] = self._call("GET", "/providers", params={"limit": 500})["providers"]
        return found

    def dags(self) -> dict[str, dict[str, Any]]:
        """Return the parsed Dags by id."""
        return {dag["dag_id"]: dag for dag in self._call("GET", "/dags")["dags"]}

    def import_errors(self) -> list[dict[str, Any]]:
        """Return the errors of Dag files that cannot be imported."""
        found: list[dict[str, Any]] = self._call("GET", "/importErrors")["import_errors"]
        return found

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run and return its id."""
        self._call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})
        run = self._call("POST", f"/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        return str(run["dag_run_id"])

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Clear one task of a run, so that it runs again."""
        body = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "only_failed": False}
        self._call("POST", f"/dags/{dag_id}/clearTaskInstances", json=body)

    def end_unfinished_runs(self, dag_id: str) -> None:
        """Mark the runs of an interrupted session as failed: their campaigns ended with its emulator."""
        runs = self._call("GET", f"/dags/{dag_id}/dagRuns", params={"state": ["queued", "running"]})["dag_runs"]
        for run in runs:
            self._call("PATCH", f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}", json={"state": "failed"})

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return queued, running, success or failed."""
        return str(self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the run's tasks, each with its state and try."""
        found: list[dict[str, Any]] = self._call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")[
            "task_instances"
        ]
        return found

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> str:
        """Return the log of a try, one event per line."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        content = self._call("GET", path, params={"full_content": "true"}).get("content", [])
        return "\n".join(str(event) for event in content)

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return the return value of a task, or None while it has returned nothing."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries"
        keys = {entry["key"] for entry in self._call("GET", path)["xcom_entries"]}
        if key not in keys:
            return None
        return self._call("GET", f"{path}/{key}", params={"deserialize": "false"})["value"]

    def run_page(self, dag_id: str, run_id: str) -> str:
        """Return the address of a run in the UI."""
        return f"{self.url}/dags/{dag_id}/runs/{quote(run_id, safe='')}"
