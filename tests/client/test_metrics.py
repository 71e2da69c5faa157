"""Metrics, as a StatsD daemon receives them: a real UDP socket, Airflow's own client."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.metrics import METRICS, RequestMetrics
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError, TruepushRateLimitError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import health_log, poller
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, own_emulator, plain_machine
from tests.contract.world import SENT
from tests.sensors.context import TaskInstance, context
from tests.transfers.storing import store
from tests.transfers.tasks import Run

__all__ = ["emulator", "own_emulator", "plain_machine"]

WINDOW = timedelta(seconds=1)


class Daemon:
    """Stands for a StatsD daemon: keeps what it receives."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.3)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def received(self) -> dict[str, list[tuple[float, str]]]:
        """What has come since the last time: values and kinds, by name."""
        found: dict[str, list[tuple[float, str]]] = {}
        while True:
            try:
                datagram = self.socket.recv(65_536).decode()
            except TimeoutError:
                return found
            for line in datagram.splitlines():
                name, value, kind = re.fullmatch(r"airflow\.(truepush\.[^:]+):([0-9.e+-]+)\|(\w+)", line).groups()  # type: ignore[union-attr]
                found.setdefault(name, []).append((float(value), kind))


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon that Airflow's configuration names; Airflow has set its metrics up by that."""
    pytest.importorskip("statsd")
    stats = pytest.importorskip("airflow.sdk.observability.stats", reason="earlier Airflow sets up metrics only once")
    from airflow.sdk.observability.metrics import stats_utils

    daemon = Daemon()
    with monkeypatch.context() as configured:
        configured.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
        configured.setenv("AIRFLOW__METRICS__STATSD_HOST", "127.0.0.1")
        configured.setenv("AIRFLOW__METRICS__STATSD_PORT", str(daemon.port))
        stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
        yield daemon
    stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
    daemon.socket.close()


def pattern(name: str) -> str:
    return re.sub(r"<\w+>", "[A-Za-z0-9_-]+", re.escape(name).replace(r"\<", "<").replace(r"\>", ">"))


def row_of(name: str) -> metrics.Metric:
    (row,) = [row for row in METRICS if re.fullmatch(pattern(row.name), name)]
    return row


def check(received: dict[str, list[tuple[float, str]]]) -> None:
    """Every name is in the table, and of the kind that the table says."""
    for name, values in received.items():
        expected = {"counter": "c", "timer": "ms", "gauge": "g"}[row_of(name).kind]
        assert {kind for _, kind in values} == {expected}, name
        assert len(f"airflow.{name}") <= 63


def total(received: dict[str, list[tuple[float, str]]], name: str) -> float:
    return sum(value for value, _ in received.get(name, []))


def test_requests_by_endpoint_and_outcome(emulator: Emulator, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, max_attempts=1, timeout=20)
    with TruepushHook(CONN_ID) as hook:
        for effect in (None, None, "429", "status", "fin"):
            emulator.clear_faults()
            if effect:
                emulator.fault("campaignStats", effect=effect)
            try:
                hook.get_campaign_stats(SENT)
            except TruepushError:
                assert effect
    received = daemon.received()
    check(received)
    sums = {name: total(received, name) for name in received if ".requests." in name}
    assert sums == {
        "truepush.requests.campaignStats.ok": 2,
        "truepush.requests.campaignStats.rate_limited": 1,
        "truepush.requests.campaignStats.server_error": 1,
        "truepush.requests.campaignStats.no_answer": 1,
    }
    assert total(received, "truepush.rate_limited") == 1
    assert total(received, "truepush.cooldown") > 0
    assert all(0 < value < 20_000 for value, _ in received["truepush.latency.campaignStats"])


async def test_the_async_client_counts_the_same(
    emulator: Emulator, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, timeout=20)
    async with TruepushAsyncHook(CONN_ID) as hook:
        await asyncio.gather(*(hook.get_campaign_stats(SENT) for _ in range(20)))
    await asyncio.sleep(2.2)  # a client stays open for a moment
    received = daemon.received()
    check(received)
    assert total(received, "truepush.requests.campaignStats.ok") == emulator.count("campaignStats") == 20


def create(**arguments: Any) -> TruepushCreateCampaignOperator:
    content = {"title": "Sale", "message": "All of it", "link": "https://shop.example", "truepush_conn_id": CONN_ID}
    return TruepushCreateCampaignOperator(task_id="send", **content, **arguments)


def run(operator: Any, with_context: Any) -> Any:
    return type(operator).execute.__wrapped__(operator, with_context)


def test_the_metrics_of_sends(emulator: Emulator, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, max_attempts=1, timeout=20, timezone="Etc/UTC")
    first = context()
    run(create(), first)
    run(create(), {**first, "ti": TaskInstance(try_number=2)})
    emulator.fault("createCampaign", effect="fin", phase="before_commit")
    with pytest.raises(Exception, match="manual decision"):
        run(create(settle_window=WINDOW), context(TaskInstance(run_id="doubt")))
    emulator.clear_faults()
    emulator.fault("createCampaign", effect="fin", phase="after_commit")
    run(create(settle_window=WINDOW), context(TaskInstance(run_id="lost")))
    emulator.clear_faults()
    with pytest.raises(AirflowSkipException):
        run(create(quiet_hours=("00:00", "23:59"), in_quiet_hours="skip"), context(TaskInstance(run_id="night")))
    received = daemon.received()
    check(received)
    sends = {name.removeprefix("truepush.sends."): total(received, name) for name in received if ".sends." in name}
    assert sends == {"sent": 1, "resumed": 1, "manual_decision": 1, "adopted": 1, "skipped.quiet_hours": 1}


async def test_the_metrics_of_pollers(own_emulator: Emulator, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_log, "SPAN", 0.2)
    monkeypatch.setattr(poller, "REPORT", 0.1)
    connect(monkeypatch, own_emulator, timeout=20)
    goal = Goal({"delivered": 10}).as_dict()

    async def waiting(number: int) -> None:
        trigger = TruepushCampaignStatsTrigger(
            campaign_id=f"{number:024x}",
            truepush_conn_id=CONN_ID,
            goal=goal,
            poke_interval=0.05,
            timeout=60.0,
            started_at=time.time(),
        )
        async for _ in trigger.run():
            pass

    waits = [asyncio.create_task(waiting(number)) for number in range(5)]
    await asyncio.sleep(1.5)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    await asyncio.sleep(0.2)
    received = daemon.received()
    check(received)
    campaigns = [value for value, _ in received[f"truepush.poller.{CONN_ID}.campaigns"]]
    assert 5 in campaigns
    assert campaigns[-1] == 0
    assert f"truepush.poller.{CONN_ID}.lateness" in received
    assert all(0 < value < 5 for value, _ in received[f"truepush.poller.{CONN_ID}.interval"])
    polls = own_emulator.count("campaignStats")
    assert total(received, "truepush.requests.campaignStats.ok") >= 0.3 * polls


def test_the_metrics_of_exports(
    emulator: Emulator, daemon: Daemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connect(monkeypatch, emulator, "truepush_default", timeout=20, max_attempts=1)
    ids = emulator.add_campaigns(12, reach=1000)
    emulator.advance(3600)
    emulator.set_series(ids[3], [None])
    store(Run(), tmp_path, campaign_ids=ids, format="jsonl")
    received = daemon.received()
    check(received)
    exports = {
        name.removeprefix("truepush.exports."): total(received, name) for name in received if ".exports." in name
    }
    assert exports.pop("rows_per_second") > 0
    assert exports == {"rows": 11, "missing": 1}


def test_a_thousand_requests_a_second_are_emitted_once_a_second(daemon: Daemon) -> None:
    now = 0.0

    def clock() -> float:
        return now

    collected = RequestMetrics(clock)
    for number in range(10_000):
        now = number / 1000
        collected.record("campaignStats", "ok", 0.01)
    collected.flush()
    received = daemon.received()
    assert {name: len(values) for name, values in received.items()} == {
        "truepush.requests.campaignStats.ok": 11,
        "truepush.latency.campaignStats": 11,
        "truepush.latency_max.campaignStats": 11,
    }
    assert total(received, "truepush.requests.campaignStats.ok") == 10_000


EMIT_ALL_KINDS = """
metrics.count("truepush.sends.sent")
metrics.timing("truepush.cooldown", 1.0)
metrics.gauge("truepush.exports.rows_per_second", 1.0)
"""


def test_outside_of_airflow_nothing_is_emitted() -> None:
    script = f"import sys; sys.modules['airflow'] = None\nfrom {metrics.__name__.rpartition('.')[0]} import metrics"
    subprocess.run([sys.executable, "-c", f"{script}\n{EMIT_ALL_KINDS}"], check=True)


@pytest.mark.usefixtures("daemon")
def test_a_metric_that_cannot_be_emitted_raises_no_error() -> None:
    from airflow.sdk.observability import stats

    tried: list[str] = []

    class Broken:
        def __getattr__(self, name: str) -> Callable[..., None]:
            def fail(*args: object, **more: object) -> None:
                tried.append(name)
                raise OSError("no route to host")

            return fail

    stats.initialize(factory=Broken, export_legacy_names=False)  # type: ignore[arg-type]
    exec(EMIT_ALL_KINDS)
    assert tried == ["incr", "timing", "gauge"]


def test_every_outcome_is_in_the_table() -> None:
    def subclasses(kind: type[TruepushError]) -> set[type[TruepushError]]:
        return {kind}.union(*(subclasses(one) for one in kind.__subclasses__()))

    row = row_of("truepush.requests.campaignStats.ok")
    for kind in subclasses(TruepushError):
        error = kind.__new__(kind)
        assert f"`{metrics.outcome_of(error)}`" in row.meaning
    assert metrics.outcome_of(TruepushRateLimitError("slow down")) == "rate_limited"


def test_the_name_of_a_connection_is_one_short_segment() -> None:
    assert metrics.segment("My conn.id/ä") == "My_conn_id__"
    assert len(metrics.segment("x" * 200)) == 24
