"""``requests_per_second`` holds for all threads and loops of a process; only lower bounds on time are asserted."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from airflow_provider_truepush.client import shared_rate
from airflow_provider_truepush.client.connections import REST
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT

RATE = 20
CALLS = 20


def threads() -> None:
    def one(_: int) -> None:
        with TruepushHook(CONN_ID) as hook:
            for _ in range(CALLS // 4):
                hook.get_campaign_stats(SENT)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))


def coroutines() -> None:
    async def run() -> None:
        await asyncio.gather(*(TruepushAsyncHook(CONN_ID).get_campaign_stats(SENT) for _ in range(CALLS)))

    asyncio.run(run())


def loops_and_threads() -> None:
    async def run() -> None:
        hook = TruepushAsyncHook(CONN_ID)
        await asyncio.gather(*(hook.get_campaign_stats(SENT) for _ in range(CALLS // 4)))

    def blocking() -> None:
        with TruepushHook(CONN_ID) as hook:
            for _ in range(CALLS // 4):
                hook.get_campaign_stats(SENT)

    with ThreadPoolExecutor(4) as pool:
        works: list[Callable[[], None]] = [blocking, blocking, lambda: asyncio.run(run()), lambda: asyncio.run(run())]
        for future in [pool.submit(work) for work in works]:
            future.result()


def creates() -> None:
    def one(_: int) -> None:
        call("async" if _ % 2 else "sync", CONN_ID, "create_campaign", CAMPAIGN)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(CALLS)))


@pytest.mark.parametrize("work", [threads, coroutines, loops_and_threads, creates])
def test_all_clients_together_keep_the_rate(
    work: Callable[[], None], own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, requests_per_second=RATE, timeout=60)
    start = time.monotonic()

    work()

    arrivals = sorted(request.monotonic - start for request in own_emulator.requests())
    assert len(arrivals) == CALLS
    # Request number n may leave at n / RATE at the earliest. However late it is, that is no error.
    early = [(n, at) for n, at in enumerate(arrivals) if at < n / RATE]
    assert early == []


def test_no_request_waits_without_a_rate(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("airflow_provider_truepush.client.sync.time.sleep", slept.append)
    connect(monkeypatch, own_emulator)
    threads()
    assert own_emulator.count() == CALLS
    # The rest of a kept connection is no rate_limiter.
    assert all(seconds <= REST for seconds in slept)


def test_a_429_of_one_client_slows_down_all(
    flavour: Flavour, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.fault("listSegment", effect="429", retry_after=1, nth=1)
    connect(monkeypatch, own_emulator, timeout=60)

    limited = threading.Thread(target=call, args=(flavour, CONN_ID, "list_segments"))
    limited.start()
    while "The next is in" not in caplog.text:
        time.sleep(0.01)
    call(flavour, CONN_ID, "get_campaign_stats", SENT)
    limited.join()

    first = own_emulator.requests("listSegment")[0].monotonic
    assert all(request.monotonic >= first + 0.95 for request in own_emulator.requests()[1:])


def test_a_503_with_retry_after_is_repeated_at_that_time(
    flavour: Flavour, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_emulator.fault("campaignStats", effect="status", status=503, retry_after=2, nth=1)
    connect(monkeypatch, own_emulator, timeout=60)
    call(flavour, CONN_ID, "get_campaign_stats", SENT)
    first, second = (request.monotonic for request in own_emulator.requests())
    assert second - first >= 1.95


def test_the_limit_of_a_closed_hook_does_not_apply_to_others(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, "truepush_slow", requests_per_second=1)
    connect(monkeypatch, own_emulator, "truepush_fast", requests_per_second=500)
    slow = TruepushHook("truepush_slow")
    assert slow.get_campaign_stats(SENT) is None
    fast = TruepushHook("truepush_fast")
    fast.get_conn()
    assert project_of(own_emulator).per_second == 1
    slow.close()
    assert project_of(own_emulator).per_second == 500
    # It can be used again, and is then counted again.
    assert slow.get_campaign_stats(SENT) is None
    assert project_of(own_emulator).per_second == 1
    slow.close()
    fast.close()
    assert project_of(own_emulator).per_second is None


def project_of(emulator: Emulator) -> shared_rate._Project:
    return shared_rate._projects[(emulator.url, emulator.token)]


@pytest.mark.parametrize("bare", [False, True], ids=["Truepush's own", "bare"])
def test_a_429_to_a_create_slows_down_all(
    bare: bool, flavour: Flavour, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault: dict[str, Any] = (
        {"effect": "status", "status": 429, "body": ""} if bare else {"effect": "429", "retry_after": 3}
    )
    own_emulator.fault("createCampaign", **fault)
    connect(monkeypatch, own_emulator)
    with TruepushHook(CONN_ID) as other:
        other.get_campaign_stats(SENT)
        told = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)
        assert told.name == ("TruepushAmbiguousError" if bare else "TruepushRateLimitError")
        assert project_of(own_emulator).rate_limiter.limited
