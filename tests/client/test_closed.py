"""What is asked of a connection that is not open, or of Airflow's metrics where it has none."""

from __future__ import annotations

import asyncio

import pytest

from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.http1 import BrokenExchangeError, HttpConnection


async def test_nothing_is_sent_on_a_connection_that_was_never_opened() -> None:
    connection = HttpConnection(asyncio.get_running_loop())
    with pytest.raises(BrokenExchangeError, match="before the request could be sent"):
        await connection.exchange(b"GET / HTTP/1.1\r\n\r\n", 1.0)
    assert not connection.sent


def test_a_connection_whose_loop_has_ended_is_left_to_the_collector() -> None:
    loop = asyncio.new_event_loop()
    connection = HttpConnection(loop)
    loop.close()
    connection.abort()
    assert not connection.kept_alive


def test_without_airflows_metrics_nothing_is_emitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_stats", lambda: None)
    metrics.count("truepush.requests")
    metrics.timing("truepush.request.duration", 0.5)
    metrics.gauge("truepush.pollers", 1)
