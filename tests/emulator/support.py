"""What the emulator's tests share: a plain client, a raw socket, bodies that Truepush takes."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import requests

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator import Emulator
from tests.support.tokens import SESSION_TOKEN

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
BY_NAME: dict[str, Endpoint[Any]] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
CAMPAIGN: dict[str, Any] = {"title": "A title", "message": "A message", "link": "https://example.com/a"}
TEMPLATE: dict[str, Any] = {"name": "A template", **CAMPAIGN}
DAILY: dict[str, Any] = {"sub_type": "daily", "hours": 9, "minutes": 30}
UNKNOWN = "0123456789abcdef01234567"


def trigger(template_id: str, **changes: Any) -> dict[str, Any]:
    """The body of createTrigger."""
    return {"name": "A trigger", "templateId": template_id, "type": "repeated", "timings": DAILY, **changes}


class Api:
    """Calls the emulator as any client would."""

    def __init__(self, emulator: Emulator, token: str | None = None) -> None:
        self.emulator = emulator
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = token or emulator.token

    def call(self, name: str, argument: Any = None, body: Any = None, **options: Any) -> requests.Response:
        """One request."""
        endpoint = BY_NAME[name]
        url = self.emulator.url + endpoint.path + ("" if argument is None else f"/{argument}")
        options.setdefault("timeout", 5)
        return self.session.request(endpoint.method, url, json=body, allow_redirects=False, **options)

    def create(self, name: str, body: Any) -> str:
        """Create something; its id."""
        answer = self.call(name, body=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["message"].rsplit("id:", 1)[1])

    def stats(self, campaign_id: str) -> dict[str, int] | None:
        """The counters, or None."""
        answer = self.call("campaignStats", campaign_id)
        return None if answer.status_code == 204 else answer.json()["data"]

    def ids(self, name: str) -> list[str]:
        """The ids on all pages of a list."""
        found: list[str] = []
        page = 1
        while (answer := self.call(name, page)).status_code != 204:
            found += [row["_id"] for row in answer.json()["data"]]
            page += 1
        return found

    def code(self, name: str, argument: Any = None, body: Any = None) -> str:
        """The code that is answered."""
        answer = self.call(name, argument, body)
        return BY_NAME[name].negative if answer.status_code == 204 else str(answer.json()["data"])


def a_call(emulator: Emulator, endpoint: Endpoint[Any]) -> tuple[str | None, dict[str, Any] | None]:
    """An argument and a body with which an endpoint succeeds; makes what it needs."""
    later = emulator.now().timestamp() + 3600
    made = emulator.seed(
        {
            "templates": [{}],
            "triggers": [{}],
            "segments": [{}],
            "campaigns": [{"send_at": later} if endpoint.action == "cancel" else {}],
        }
    )
    arguments = {"create": None, "list": "1"}
    argument = arguments.get(endpoint.action, made[f"{endpoint.resource}s"][0])
    bodies = {
        "createCampaign": CAMPAIGN,
        "createTemplate": TEMPLATE,
        "createTrigger": trigger(made["templates"][0]),
        "triggerStatus": {"status": "inactive"},
    }
    return argument, bodies.get(endpoint.name)


def request_bytes(endpoint: Endpoint[Any], argument: str | None, body: Any, token: str = SESSION_TOKEN) -> bytes:
    """A request as it goes over the wire."""
    raw = b"" if body is None else json.dumps(body).encode()
    path = endpoint.path + ("" if argument is None else f"/{argument}")
    lines = (
        f"{endpoint.method} {path} HTTP/1.1", "Host: x", f"Authorization: {token}", f"Content-Length: {len(raw)}",
        "Connection: close", "", "",
    )  # fmt: skip
    return "\r\n".join(lines).encode() + raw


def exchange(port: int, data: bytes, timeout: float = 2.0) -> tuple[bytes, str]:
    """Send bytes over a connection of their own and read until it ends.

    :returns: what came back, and how it ended: ``fin``, ``rst`` or ``silence``.
    """
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        try:
            client.sendall(data)
            while chunk := client.recv(65536):
                received += chunk
        except TimeoutError:
            return received, "silence"
        except (ConnectionResetError, BrokenPipeError):
            return received, "rst"
    return received, "fin"


def control(emulator: Emulator, method: str, name: str, body: Any = None, status: int = 200, **options: Any) -> Any:
    """Ask the control address."""
    answer = requests.request(method, f"{emulator.url}/_emulator/{name}", json=body, timeout=30, **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def until(condition: Callable[[], bool], seconds: float = 3.0) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)
