"""Fetching the statistics of 1,000 campaigns at 20 ms latency over TLS. ``python -m benchmarks.export.fetch``.

The server is a process of its own. The ways are run in turns; the best of each counts. The two that go one by one
fetch a tenth, and are counted ten times over.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow_provider_truepush.export.batches import ROW_BUDGET, Batch, Checkpoint, SinkResult
from airflow_provider_truepush.export.export import export
from airflow_provider_truepush.export.rows import ExportRun, Target
from airflow_provider_truepush.export.selection import Selection
from airflow_provider_truepush.hooks.truepush import TruepushHook
from benchmarks.measured import save, table

COUNT = 1000
LATENCY_MS = 20
ROUNDS = 3
ONE_BY_ONE = COUNT // 10
RESULT = Path(__file__).parent / "fetch.json"
BASE = "50 coroutines, one aiohttp session"
IDS = [f"{0x68000000 + number:08x}{number:016x}" for number in range(COUNT)]


class Counting:
    """A place that counts rows."""

    def __init__(self) -> None:
        self.rows = 0

    row_budget = ROW_BUDGET

    def prepare(self) -> None:
        """Nothing is needed."""

    def lookup(self, campaign_ids: Any, *, done: bool, unchanged: int | None) -> dict[str, Checkpoint]:
        """Nothing is known."""
        return {}

    def write(self, batch: Batch) -> None:
        """Count."""
        self.rows += len(batch.rows)

    def finish(self, *, complete: bool) -> SinkResult:
        """Nothing to report."""
        return SinkResult()

    def close(self) -> None:
        """Nothing is held."""


def ours() -> None:
    """The export, of every campaign by its id."""
    place = Counting()
    with TruepushHook("bench_truepush") as hook:
        run = ExportRun("shop", "key", "dag", "run")
        selection = Selection(targets=[Target(one) for one in IDS], refresh_for=None, stop_after_unchanged=None)
        export(hook, selection, run, place)
    assert place.rows == COUNT, place.rows


def coroutines() -> None:
    """Fifty coroutines, each asking for the next id."""
    import ssl

    import aiohttp

    connection = json.loads(os.environ["AIRFLOW_CONN_BENCH_TRUEPUSH"])
    base = f"https://127.0.0.1:{connection['port']}/api/v1/campaignStats/"
    context = ssl.create_default_context(cafile=json.loads(connection["extra"])["verify"])

    async def work(session: aiohttp.ClientSession, left: list[str]) -> None:
        while left:
            async with session.get(base + left.pop(), headers={"Authorization": "x"}) as response:
                assert json.loads(await response.read())["data"]["Reach"] == 1000

    async def whole() -> None:
        left = list(IDS)
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(work(session, left) for _ in range(50)))

    asyncio.run(whole())


def http_hook() -> None:
    """Airflow's HttpHook, one by one."""
    from airflow.providers.http.hooks.http import HttpHook

    hook = HttpHook("GET", http_conn_id="bench_http")
    for one in IDS[:ONE_BY_ONE]:
        assert hook.run(f"api/v1/campaignStats/{one}").json()["data"]["Reach"] == 1000


def http_operator() -> None:
    """Airflow's HttpOperator, one by one."""
    from airflow.providers.http.operators.http import HttpOperator

    for one in IDS[:ONE_BY_ONE]:
        operator = HttpOperator(
            task_id="fetch", method="GET", http_conn_id="bench_http", endpoint=f"api/v1/campaignStats/{one}"
        )
        assert "1000" in type(operator).execute.__wrapped__(operator, {})  # type: ignore[attr-defined]


WAYS: dict[str, tuple[Callable[[], None], int]] = {
    BASE: (coroutines, 1),
    "ours": (ours, 1),
    "HttpHook, one by one": (http_hook, COUNT // ONE_BY_ONE),
    "HttpOperator, one by one": (http_operator, COUNT // ONE_BY_ONE),
}


@contextlib.contextmanager
def server() -> Any:
    """A Truepush that answers after its latency, and connections to it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.watching.server", folder, str(LATENCY_MS)]
        with subprocess.Popen(command) as process:
            try:
                port = Path(folder) / "port"
                while not (port.exists() and port.read_text()):
                    time.sleep(0.05)
                found = {"host": "127.0.0.1", "port": int(port.read_text()), "password": "x"}
                bundle = str(Path(folder) / "ca.pem")
                extra = json.dumps({"verify": bundle})
                ours = {**found, "conn_type": "truepush", "extra": extra}
                os.environ["AIRFLOW_CONN_BENCH_TRUEPUSH"] = json.dumps(ours)
                plain = {**found, "conn_type": "http", "schema": "https", "extra": extra}
                os.environ["AIRFLOW_CONN_BENCH_HTTP"] = json.dumps(plain)
                os.environ["REQUESTS_CA_BUNDLE"] = bundle
                yield
            finally:
                process.terminate()


def main() -> None:
    """Measure, print the table, and keep it."""
    logging.disable(logging.CRITICAL)
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    with server():
        for number in range(ROUNDS + 1):
            for name, (way, factor) in WAYS.items():
                begin = time.perf_counter()
                way()
                if number:  # libraries are loaded in the first
                    times[name].append(factor * (time.perf_counter() - begin))
    best = {name: min(found) for name, found in times.items()}
    numbers = {
        name: {"seconds": round(took, 2), "times ours": round(took / best["ours"], 1)} for name, took in best.items()
    }
    print(table(["way", "s", "times ours"], [[name, *row.values()] for name, row in numbers.items()]))
    save(RESULT, {"campaigns": COUNT, "latency_ms": LATENCY_MS, "ways": numbers})


if __name__ == "__main__":
    main()
