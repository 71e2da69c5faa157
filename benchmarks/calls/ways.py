"""The ways to make a call, each a function that makes so many and returns what they cost."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

TOKEN = "a-token-of-the-benchmark"
_HEADERS = {"Authorization": TOKEN, "Accept": "application/json", "Content-Type": "application/json"}
_AT_ONCE = 50
Cost = tuple[float, float]


def campaign(number: int) -> str:
    """An id."""
    return f"{number:024x}"


def blocking(call: Callable[[int], Any], calls: int) -> Cost:
    """One after another: CPU seconds and seconds."""
    call(0)
    cpu, at = time.process_time(), time.perf_counter()
    for number in range(calls):
        call(number)
    return time.process_time() - cpu, time.perf_counter() - at


async def at_once(call: Callable[[int], Awaitable[Any]], calls: int) -> Cost:
    """Fifty at a time."""
    await asyncio.gather(*(call(number) for number in range(_AT_ONCE)))
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            await call(number)

    cpu, at = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return time.process_time() - cpu, time.perf_counter() - at


class Place:
    """The server.

    :param folder: its folder.
    """

    def __init__(self, folder: Path) -> None:
        self.url = f"https://127.0.0.1:{(folder / 'port').read_text()}"
        self.bundle = str(folder / "ca.pem")
        self.stats = f"{self.url}/api/v1/campaignStats/"
        extra = {"verify": self.bundle}
        given = {"conn_type": "truepush", "host": self.url, "password": TOKEN, "extra": extra}
        os.environ["AIRFLOW_CONN_BENCH_TRUEPUSH"] = json.dumps(given)
        os.environ["AIRFLOW_CONN_BENCH_HTTP"] = json.dumps({"conn_type": "http", "host": self.url})


def truepush_hook(place: Place, calls: int) -> Cost:
    """``TruepushHook``."""
    from airflow_provider_truepush.hooks.truepush import TruepushHook

    with TruepushHook("bench_truepush") as hook:
        return blocking(lambda number: hook.get_campaign_stats(campaign(number)), calls)


def requests_session(place: Place, calls: int) -> Cost:
    """``requests.Session``, kept."""
    import requests

    with requests.Session() as session:
        session.verify = place.bundle
        session.trust_env = False
        return blocking(
            lambda number: session.get(place.stats + campaign(number), headers=_HEADERS, timeout=30).json(), calls
        )


def http_hook(place: Place, calls: int) -> Cost:
    """``HttpHook``, as it comes."""
    from airflow.providers.http.hooks.http import HttpHook

    hook = HttpHook(method="GET", http_conn_id="bench_http")
    return blocking(lambda number: hook.run(f"api/v1/campaignStats/{campaign(number)}", headers=_HEADERS).json(), calls)


def truepush_async_hook(place: Place, calls: int) -> Cost:
    """``TruepushAsyncHook``."""
    from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook

    async def run() -> Cost:
        async with TruepushAsyncHook("bench_truepush") as hook:
            return await at_once(lambda number: hook.get_campaign_stats(campaign(number)), calls)

    return asyncio.run(run())


def aiohttp_session(place: Place, calls: int) -> Cost:
    """``aiohttp.ClientSession``, kept."""
    import aiohttp

    async def run() -> Cost:
        connector = aiohttp.TCPConnector(limit=_AT_ONCE, ssl=ssl.create_default_context(cafile=place.bundle))
        async with aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(90, sock_read=30)
        ) as session:

            async def call(number: int) -> Any:
                async with session.get(place.stats + campaign(number), headers=_HEADERS) as response:
                    return await response.json()

            return await at_once(call, calls)

    return asyncio.run(run())


def http_async_hook(place: Place, calls: int) -> Cost:
    """``HttpAsyncHook``, with a session per call, as its own operators use it."""
    import aiohttp
    from airflow.providers.http.hooks.http import HttpAsyncHook

    async def run() -> Cost:
        hook = HttpAsyncHook(method="GET", http_conn_id="bench_http")

        async def call(number: int) -> Any:
            async with aiohttp.ClientSession() as session:
                path = f"api/v1/campaignStats/{campaign(number)}"
                response = await hook.run(session=session, endpoint=path, headers=_HEADERS)
                return await response.json()

        return await at_once(call, calls)

    return asyncio.run(run())


#: By name: shown as, the function, and the bare way it is compared with.
WAYS: dict[str, tuple[str, Callable[[Place, int], Cost], str]] = {
    "truepush_hook": ("`TruepushHook`", truepush_hook, "requests_session"),
    "requests_session": ("bare `requests.Session`", requests_session, "requests_session"),
    "http_hook": ("`HttpHook`", http_hook, "requests_session"),
    "truepush_async_hook": ("`TruepushAsyncHook`", truepush_async_hook, "aiohttp_session"),
    "aiohttp_session": ("bare `aiohttp.ClientSession`", aiohttp_session, "aiohttp_session"),
    "http_async_hook": ("`HttpAsyncHook`", http_async_hook, "aiohttp_session"),
}
