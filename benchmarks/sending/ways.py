"""Three ways to send a campaign from an Airflow task."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from airflow.providers.common.compat.sdk import BaseOperator
from airflow.providers.http.operators.http import HttpOperator

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.support.tokens import SESSION_TOKEN

CAMPAIGN = {"title": "Sale", "message": "Today only", "link": "https://example.com/"}
PATH = "api/v1/createCampaign"
#: Seconds of patience, for all three alike.
TIMEOUT = 1.0


def http_operator(emulator: Emulator) -> BaseOperator:
    """Airflow's own, with ``retries``; it takes 200 for success, and so does everybody who uses it."""
    return HttpOperator(
        task_id="send",
        http_conn_id="plain_http",
        endpoint=PATH,
        method="POST",
        data=json.dumps(emulator_body()),
        headers=headers(),
        extra_options={"timeout": TIMEOUT},
        response_filter=lambda response: response.text[-200:],
    )


class GetPostSave(BaseOperator):
    """Look whether an id was saved, send, save the id: the order of Airflow's ResumableJobMixin."""

    def __init__(self, *, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._url = url

    def execute(self, context: Any) -> str:
        """Send unless an id was saved."""
        store = context["task_state_store"]
        saved: str | None = store.get("campaign")
        if saved is not None:
            return saved
        answer = requests.post(
            f"{self._url}/{PATH}",
            data=json.dumps(emulator_body()),
            headers=headers(),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        answer.raise_for_status()
        body = answer.json()
        if body.get("status") != "SUCCESS":
            raise RuntimeError(f"Truepush answered {body}")
        store.set("campaign", str(body["message"]), retention=timedelta(days=3650))
        return str(body["message"])


def get_post_save(emulator: Emulator) -> BaseOperator:
    """The pattern, written by hand with requests."""
    return GetPostSave(url=emulator.url, task_id="send")


def ours(emulator: Emulator) -> BaseOperator:
    """This provider's, as it comes but for a short window."""
    return TruepushCreateCampaignOperator(task_id="send", settle_window=timedelta(seconds=0.45), **CAMPAIGN)  # type: ignore[arg-type]


def emulator_body() -> dict[str, str]:
    """The same campaign in Truepush's words."""
    return dict(CAMPAIGN)


def headers() -> dict[str, str]:
    """What Truepush needs."""
    return {"Authorization": SESSION_TOKEN, "Content-Type": "application/json"}


WAYS: dict[str, Callable[[Emulator], BaseOperator]] = {
    "`HttpOperator` with retries": http_operator,
    "get, POST, save the id": get_post_save,
    "`TruepushCreateCampaignOperator`": ours,
}
