"""``python -m benchmarks.watching.contestant NAME N SECONDS FOLDER [EXTRA]``: one contestant, in its own process."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.watching.contestants import CONTESTANTS, Setting
from benchmarks.watching.server import Counters

INTERVAL = 1.0
_LAG_EVERY = 0.02
_LONGEST_START = 90.0
_IDLE_SECONDS = 4.0


def rss_kb() -> float:
    """Resident memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024


async def lag(found: list[float]) -> None:
    """How late the loop is for somebody who sleeps."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_LAG_EVERY)
        found.append(time.perf_counter() - began - _LAG_EVERY)


async def idle_cores(probe: list[float]) -> float:
    """What a loop costs in which one trigger waits, and who looks how late it is: a share of all figures of a few."""
    task = asyncio.create_task(lag(probe))
    await asyncio.sleep(1)
    cpu, at = time.process_time(), time.perf_counter()
    await asyncio.sleep(_IDLE_SECONDS)
    cores = (time.process_time() - cpu) / (time.perf_counter() - at)
    task.cancel()
    return cores


async def measure(name: str, count: int, seconds: float, folder: Path, extra: dict[str, Any]) -> dict[str, Any]:
    """Start all, let them settle, measure."""
    counters = Counters(folder / "counters", writes=False)
    start = CONTESTANTS[name][1](Setting(folder, INTERVAL, extra))
    tasks = [start(10**9)]
    before = counters.read()[0]
    while counters.read()[0] == before:  # imports, connections and the like
        await asyncio.sleep(0.1)
    idle = await idle_cores([])
    gc.collect()
    memory, before, began = rss_kb(), counters.read()[0], time.perf_counter()
    tasks += [start(number) for number in range(count)]
    lags: list[float] = []
    probe = asyncio.create_task(lag(lags))
    while counters.read()[0] < before + 2 * count and time.perf_counter() < began + _LONGEST_START and not extra:
        await asyncio.sleep(0.2)
    starting, worst = time.perf_counter() - began, max(lags, default=0.0)
    await asyncio.sleep(2 * INTERVAL)
    lags.clear()
    first, cpu, at = counters.read(), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    last, cpu, passed = counters.read(), time.process_time() - cpu, time.perf_counter() - at
    polls = last[0] - first[0]
    dead = [task for task in tasks if task.done()]
    gc.collect()
    result = {
        "name": name,
        "triggers": count,
        "cpu_ms_per_poll": 1000 * cpu / max(1, polls),
        "cpu_ms_per_further_poll": 1000 * (cpu - idle * passed) / max(1.0, polls - passed / INTERVAL),
        "cpu_cores": cpu / passed,
        "idle_cores": idle,
        "polls_per_second": polls / passed,
        "wanted": len(tasks) / INTERVAL,
        "connections_per_poll": (last[1] - first[1]) / max(1, polls),
        "connections_open": last[2],
        "lag_p99_ms": 1000 * sorted(lags)[int(0.99 * len(lags))] if lags else 1000 * passed,
        "lag_max_ms": 1000 * max(lags, default=passed),
        "lag_max_starting_ms": 1000 * worst,
        "starting_s": starting,
        "kb_per_trigger": (rss_kb() - memory) / count,
        "rss_mb": rss_kb() / 1024,
        "dead": len(dead),
    }
    probe.cancel()
    if dead:
        result["died_of"] = repr(dead[0].exception())[:300]
    return result


if __name__ == "__main__":
    logging.disable(logging.INFO)
    _, which, number, duration, where, *rest = sys.argv
    print(
        json.dumps(
            asyncio.run(measure(which, int(number), float(duration), Path(where), json.loads(rest[0]) if rest else {}))
        ),
        flush=True,
    )
    os._exit(0)  # what others leave open is not measured
