"""Processes that ask for statistics as fast as they may.

``python -m tests.support.rate_workers FOLDER TASKS TRIGGERERS``: Airflow is imported once, and each
process is forked from that. Each logs to a file of its own until it is ended.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from airflow.providers.redis.hooks import redis as _preloaded  # noqa: F401

from airflow_provider_truepush.client import aio as _client, shared as _shared, sync as _sync  # noqa: F401
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks import rate_limit_connection as _look_up, session as _session  # noqa: F401
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.world import SENT

CONN_ID = "truepush_shared"


def task() -> None:
    """Ask as a task does, with one hook."""
    with TruepushHook(CONN_ID) as hook:
        while True:
            with suppress(TruepushError):
                hook.get_campaign_stats(SENT)


def triggerer() -> None:
    """Ask as a triggerer does, for many triggers in one event loop."""

    async def one() -> None:
        while True:
            with suppress(TruepushError):
                await TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT)

    async def run() -> None:
        await asyncio.gather(*(one() for _ in range(10)))

    asyncio.run(run())


def fork(work: Callable[[], None], log: Path) -> int:
    """Do a work in a process of its own; return its id."""
    if pid := os.fork():
        return pid
    logging.basicConfig(filename=log, level=logging.INFO, force=True)
    try:
        work()
    finally:
        os._exit(1)


def main() -> None:
    """Start the processes, and end them when this one is ended."""
    folder, tasks, triggerers = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    works = [task] * tasks + [triggerer] * triggerers
    pids = [fork(work, folder / f"{number}-{work.__name__}.log") for number, work in enumerate(works)]
    print("started", flush=True)
    sys.stdin.read()
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
