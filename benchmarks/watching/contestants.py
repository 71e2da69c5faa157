"""The contestants: this provider's trigger, those of three others, and two ideals without Airflow."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

TOKEN = "a-token-of-the-benchmark"
HOUR = 3600.0


class Setting:
    """Where to poll, and how often.

    :param folder: the server's.
    :param interval: seconds between polls.
    :param extra: of the Truepush connection.
    """

    def __init__(self, folder: Path, interval: float, extra: dict[str, Any]) -> None:
        self.port = int((folder / "port").read_text())
        self.bundle = folder / "ca.pem"
        self.interval = interval
        self.extra = extra

    def declare(self, conn_id: str, **fields: Any) -> None:
        """Declare an Airflow connection."""
        os.environ[f"AIRFLOW_CONN_{conn_id.upper()}"] = json.dumps(fields)


Start = Callable[[int], "asyncio.Task[Any]"]


class Waiting(NamedTuple):
    """Triggers of Airflow's that wait: the id and the fields of their connection, and what makes one by its number."""

    conn_id: str
    connection: dict[str, Any]
    make: Callable[[int], Any]


def truepush(setting: Setting) -> Waiting:
    """``TruepushCampaignStatsTrigger``."""
    from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger

    extra = {"verify": str(setting.bundle), **setting.extra}
    host = f"https://127.0.0.1:{setting.port}"

    def make(number: int) -> TruepushCampaignStatsTrigger:
        return TruepushCampaignStatsTrigger(
            campaign_id=f"{number:024x}",
            truepush_conn_id="bench_truepush",
            goal={"thresholds": {"delivered": 1000}},
            poke_interval=setting.interval,
            timeout=HOUR,
            started_at=time.time(),
        )

    return Waiting("bench_truepush", {"conn_type": "truepush", "host": host, "password": TOKEN, "extra": extra}, make)


def http_sensor(setting: Setting) -> Waiting:
    """``HttpSensorTrigger``; it waits on 404 only."""
    from airflow.providers.http.triggers.http import HttpSensorTrigger

    def make(number: int) -> HttpSensorTrigger:
        return HttpSensorTrigger(
            endpoint=f"sensor/{number:024x}", http_conn_id="bench_http", poke_interval=setting.interval
        )

    return Waiting("bench_http", {"conn_type": "http", "host": f"https://127.0.0.1:{setting.port}"}, make)


def dbt_cloud(setting: Setting) -> Waiting:
    """``DbtCloudRunJobTrigger``."""
    from airflow.providers.dbt.cloud.triggers.dbt import DbtCloudRunJobTrigger

    host = f"127.0.0.1:{setting.port}"

    def make(number: int) -> DbtCloudRunJobTrigger:
        return DbtCloudRunJobTrigger(
            conn_id="bench_dbt",
            run_id=number,
            end_time=time.time() + HOUR,
            poll_interval=setting.interval,
            account_id=1,
        )

    return Waiting("bench_dbt", {"conn_type": "dbt_cloud", "host": host, "login": "1", "password": TOKEN}, make)


def airbyte(setting: Setting) -> Waiting:
    """``AirbyteSyncTrigger``; it blocks the loop for each request."""
    from airflow.providers.airbyte.triggers.airbyte import AirbyteSyncTrigger

    host = f"https://127.0.0.1:{setting.port}"

    def make(number: int) -> AirbyteSyncTrigger:
        return AirbyteSyncTrigger(
            job_id=number, conn_id="bench_airbyte", end_time=time.time() + HOUR, poll_interval=setting.interval
        )

    return Waiting("bench_airbyte", {"conn_type": "airbyte", "host": host, "login": "id", "password": TOKEN}, make)


TRIGGERS: dict[str, tuple[str, Callable[[Setting], Waiting]]] = {
    "truepush": ("`TruepushCampaignStatsTrigger`", truepush),
    "http": ("`HttpSensorTrigger`", http_sensor),
    "dbt": ("dbt Cloud's trigger", dbt_cloud),
    "airbyte": ("Airbyte's trigger", airbyte),
}


async def _drain(trigger: Any) -> None:
    async for event in trigger.run():
        raise RuntimeError(f"a trigger that was to wait fired: {event}")


def _in_a_loop(waits: Callable[[Setting], Waiting]) -> Callable[[Setting], Start]:
    """Triggers without a triggerer, their connection in the environment."""

    def begin(setting: Setting) -> Start:
        waiting = waits(setting)
        setting.declare(waiting.conn_id, **waiting.connection)
        return lambda number: asyncio.create_task(_drain(waiting.make(number)))

    return begin


def _quiet_truepush(setting: Setting) -> Start:
    from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger

    # The lines are counted elsewhere, and are none per poll.
    TruepushCampaignStatsTrigger.log = logging.getLogger("bench")
    return _in_a_loop(truepush)(setting)


def _session(setting: Setting, limit: int) -> Any:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=limit, ssl=ssl.create_default_context(cafile=setting.bundle))
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=90, sock_read=30))


_HEADERS = {"Authorization": TOKEN, "Accept": "application/json"}


async def _ask(session: Any, url: str) -> None:
    async with session.get(url, headers=_HEADERS) as response:
        if json.loads(await response.read())["data"]["Delivered"] >= 1000:
            raise RuntimeError("done")


def coroutines(setting: Setting) -> Start:
    """No Airflow: a coroutine per campaign, one aiohttp session for all."""
    session = _session(setting, 0)
    base = f"https://127.0.0.1:{setting.port}/api/v1/campaignStats/"

    async def wait(number: int) -> None:
        while True:
            await _ask(session, f"{base}{number:024x}")
            await asyncio.sleep(setting.interval)

    return lambda number: asyncio.create_task(wait(number))


def batches(setting: Setting) -> Start:
    """No Airflow: one poller, 20 connections, what is due in batches every 250 ms."""
    session = _session(setting, 20)
    base = f"https://127.0.0.1:{setting.port}/api/v1/campaignStats/"
    all_urls: list[str] = []
    queue: list[str] = []

    async def work() -> None:
        while queue:
            await _ask(session, queue.pop())

    async def poll() -> None:
        slots, slot, at = int(setting.interval * 4), 0, time.monotonic()
        while True:
            queue.extend(all_urls[slot::slots])
            slot, at = (slot + 1) % slots, at + 0.25
            await asyncio.gather(*(work() for _ in range(20)))
            await asyncio.sleep(max(0.0, at - time.monotonic()))

    keeper: list[asyncio.Task[None]] = []

    def start(number: int) -> asyncio.Task[Any]:
        if not keeper:
            keeper.append(asyncio.create_task(poll()))
        all_urls.append(f"{base}{number:024x}")
        return asyncio.create_task(asyncio.Event().wait())

    return start


CONTESTANTS: dict[str, tuple[str, Callable[[Setting], Start]]] = {
    **{name: (label, _in_a_loop(waits)) for name, (label, waits) in TRIGGERS.items()},
    "truepush": (TRIGGERS["truepush"][0], _quiet_truepush),
    "coroutines": ("ideal: one coroutine each, one session", coroutines),
    "batches": ("ideal: one poller, 250 ms batches", batches),
}
