"""Processes for tests to kill, forked from one that has Airflow imported: to import it takes two seconds each time."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_context = multiprocessing.get_context("forkserver")
#: Imported once, by the process from which all others are forked.
_context.set_forkserver_preload(
    [
        "pytest",
        "airflow.providers.common.compat.sdk",
        "airflow_provider_truepush.operators.campaign",
        "airflow_provider_truepush.operators.trigger",
        "airflow_provider_truepush.transfers.stats_to_object_storage",
        "airflow_provider_truepush.transfers.stats_to_sql",
        "tests.transfers.tasks",
    ]
)


@contextmanager
def started(module: str, *arguments: str, output: Path) -> Iterator[ForkServerProcess]:
    """Do what ``python -m module arguments`` does, in a process that is killed at the end.

    :param output: a file for what it prints, errors included.
    """
    process = _context.Process(target=_run, args=(module, arguments, dict(os.environ), str(output)))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(30)


def _run(module: str, arguments: tuple[str, ...], environment: dict[str, str], output: str) -> None:
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(written, sys.stdout.fileno())
    os.dup2(written, sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
