"""The emulator of this benchmark, in a process of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow_provider_truepush.emulator import Emulator


def serve(pipe: Any, order: str, count: int, latency: float) -> None:
    """Run an emulator until the other side says so."""
    with Emulator(clock="real") as truepush:
        truepush.set_dialect(order=order, page_size=25)
        truepush.add_campaigns(count, spread=timedelta(days=365))
        if latency:
            truepush.fault("*", effect="delay", seconds=latency)
        pipe.send((truepush.connection_json, truepush.url, truepush.token))
        while pipe.recv() == "count":
            pipe.send(truepush.count())
            truepush.clear_requests()
