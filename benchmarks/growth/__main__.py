"""``python -m benchmarks.growth [--quick]``: requests, seconds and CPU by the number of campaigns in a project.

Creates and exports are measured as in a process that lists for the first time, polls as those of a watcher at work; the
emulator has a process of its own.
``HttpOperator`` sends its one POST and looks at nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.growth.server import serve
from benchmarks.measured import machine, table

HERE = Path(__file__).parent
COUNTS = (0, 100, 1_000, 10_000, 100_000)
ORDERS = ("newest", "oldest")
LATENCIES = (0.0, 0.1)
CONN_ID = "truepush_default"
HEADER = ("what", "order", "latency (ms)", "campaigns", "requests", "seconds", "CPU (ms)")


@contextmanager
def emulator(order: str, count: int, latency: float) -> Iterator[tuple[Any, str, str]]:
    """An emulator in a process of its own; sets the connection."""
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(there, order, count, latency))
    process.start()
    try:
        connection, url, token = here.recv()
        os.environ[f"AIRFLOW_CONN_{CONN_ID.upper()}"] = connection
        os.environ["AIRFLOW_CONN_BARE"] = json.dumps({"conn_type": "http", "host": url})
        yield here, url, token
        here.send("end")
    finally:
        process.join(10)
        process.kill()


def measure(pipe: Any, work: Callable[[], object], *, is_steady: bool) -> dict[str, float]:
    """Count the requests, the seconds and the milliseconds of CPU of a piece of work.

    :param is_steady: the process has listed before.
    """
    from airflow_provider_truepush.hooks import lists

    if not is_steady:
        lists._hints.clear()
    pipe.send("count")
    pipe.recv()
    began, cpu = time.perf_counter(), time.process_time()
    work()
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    pipe.send("count")
    return {"requests": pipe.recv(), "seconds": round(seconds, 3), "cpu_ms": round(used * 1000, 1)}


def create() -> None:
    """Send a campaign with the operator of this provider."""
    from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator

    operator = TruepushCreateCampaignOperator(
        task_id="create", title=f"t {time.time()}", message="m", link="https://example.com/"
    )
    operator.execute({})


def bare_post(token: str) -> None:
    """Send a campaign with ``HttpOperator``."""
    from airflow.providers.http.operators.http import HttpOperator

    HttpOperator(
        task_id="post",
        http_conn_id="bare",
        endpoint="/api/v1/createCampaign",
        headers={"Authorization": token, "Content-Type": "application/json"},
        data=json.dumps({"title": f"t {time.time()}", "message": "m", "link": "https://example.com/"}),
    ).execute({})


def poll() -> None:
    """List as a watcher does in steady state."""
    from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook

    async def listed() -> list[Any]:
        hook = TruepushAsyncHook(CONN_ID)
        since = datetime.now(UTC) - timedelta(hours=1)
        return [row async for row in hook.list_campaigns(since, is_poll=True)]

    asyncio.run(listed())


def export(count: int) -> None:
    """Fetch the statistics of the latest campaigns, some hundred of them, as an export does."""
    from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook

    async def fetched() -> int:
        hook, rows = TruepushAsyncHook(CONN_ID), 0
        # A hundred campaigns of a project that has some.
        since = datetime.now(UTC) - timedelta(days=365 * min(1.0, 100 / max(1, count)))
        async with hook:
            async for row in hook.list_campaigns(since):
                rows += await hook.get_campaign_stats(row.id) is not None
        return rows

    asyncio.run(fetched())


def main(quick: bool) -> None:
    """Measure everything, and write the table, the numbers and the plot."""
    counts = COUNTS[:-1] if quick else COUNTS
    rows: list[dict[str, Any]] = []
    with emulator("newest", 100, 0) as (_, _, token):
        for first in (create, poll, lambda: export(100), lambda: bare_post(token)):
            first()  # imports
    for latency in LATENCIES:
        for order in ORDERS:
            for count in counts:
                with emulator(order, count, latency) as (pipe, _, token):
                    ways: dict[str, Callable[[], object]] = {
                        "create": create,
                        "HttpOperator": lambda token=token: bare_post(token),  # type: ignore[misc]
                        "poll": poll,
                        "export of 100": lambda count=count: export(count),  # type: ignore[misc]
                    }
                    if count == 0 or (latency and quick):
                        del ways["export of 100"]
                    for name, work in ways.items():
                        if name == "poll":
                            work()  # what a watcher knows from its first poll
                        found = measure(pipe, work, is_steady=name == "poll")
                        rows.append(
                            {"what": name, "order": order, "latency_ms": latency * 1000, "campaigns": count, **found}
                        )
                        print(rows[-1], flush=True)
    (HERE / "result.json").write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
    lines = [tuple(row.values()) for row in rows]
    (HERE / "result.md").write_text(table(HEADER, lines) + "\n")
    plot(rows)


def plot(rows: list[dict[str, Any]]) -> None:
    """Draw requests over campaigns."""
    try:
        import matplotlib
    except ImportError:
        print("[growth] matplotlib is not installed; no plot was drawn")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 4), sharey=True)
    for axis, what in zip(axes, ("create", "poll", "export of 100"), strict=True):
        for order in ORDERS:
            chosen = [r for r in rows if (r["what"], r["order"], r["latency_ms"]) == (what, order, 0)]
            axis.plot([r["campaigns"] for r in chosen], [r["requests"] for r in chosen], "o-", label=f"{order} first")
        axis.plot(COUNTS, [max(1, -(-n // 25) + 1) for n in COUNTS], ":", color="gray", label="walking the whole list")
        axis.set(title=what, xlabel="campaigns in the project", xscale="symlog", yscale="log")
    axes[0].set_ylabel("requests")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(HERE / "result.png", dpi=110)


if __name__ == "__main__":
    main("--quick" in sys.argv)
