"""A try in a process of its own that dies at the worst moment: ``python -m tests.transfers.killed MOMENT PATH END``."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from datetime import datetime
from typing import Any

from airflow_provider_truepush.export import collect
from airflow_provider_truepush.export.files import sink
from tests.transfers.storing import store
from tests.transfers.tasks import Run


def die_while_copying(source: Any, target: Any, length: int) -> None:
    """Write half of a file, and end as a worker does that runs out of memory."""
    if source.read(5) == b"writt":  # the probe
        source.seek(0)
        target.write(source.read())
        return
    source.seek(0)
    target.write(source.read(1000))
    target.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str, path: str, interval_end: str) -> None:
    """Run the first try of a task, and die on the way."""
    if moment == "copying":
        shutil.copyfileobj = die_while_copying  # type: ignore[assignment]
    else:
        # Small batches, each of them kept: the test sees the parts appear, and kills the process then.
        sink.KEPT_EVERY = 0.0
        collect.LONGEST_WAIT = 0.2
    store(Run(interval_end=datetime.fromisoformat(interval_end)), path, format="jsonl")


if __name__ == "__main__":
    main(*sys.argv[1:])
