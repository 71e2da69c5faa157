"""What must never happen: a second create, a followed redirect, the token at another host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.driver import CONN_ID, Flavour, connect
from tests.contract.world import CREATES, USES, furnish
from tests.faults.pool import Pool, table


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    status: int, flavour: Flavour, pool: Pool, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, effect="redirect", status=status, location=f"{own_emulator.url}/api/v1/{name}")

    seen = pool.call_all(monkeypatch, flavour, arrange, timeout=20, max_attempts=5)

    assert (own_emulator.connections_opened, own_emulator.count()) == (0, 0)
    assert table(seen, lambda row: row.requests) == dict.fromkeys(USES, 1)
    assert table(seen, lambda row: row.told.name) == {
        name: "TruepushAmbiguousError" if name in CREATES else "TruepushProtocolError" for name in USES
    }


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [None, "", {"status_code": 500, "status": "ERROR", "data": "DB-ERROR"}])
def test_no_create_is_sent_again_after_a_server_error(
    status: int, body: str | dict[str, object] | None, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, phase="after_commit", effect="status", status=status, body=body, nth=1)

    seen = pool.call_all(monkeypatch, flavour, arrange, CREATES, timeout=20, max_attempts=5)

    assert [(row.told.name, row.requests, row.commits) for row in seen] == 3 * [("TruepushAmbiguousError", 1, 1)]


def test_a_create_that_is_slower_than_the_timeout_is_in_doubt_and_comes_once(
    flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, effect="delay", phase="before_commit", seconds=2.0)

    seen = pool.call_all(monkeypatch, flavour, arrange, CREATES, timeout=0.8, max_attempts=5)

    assert [(row.told.name, row.commits) for row in seen] == 3 * [("TruepushAmbiguousError", 0)]
    for row in seen:
        for _ in range(1200):
            if row.commits:
                break
            time.sleep(0.05)
        assert (row.requests, row.commits) == (1, 1)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", [name for name in USES if name not in CREATES])
def test_a_kept_connection_that_breaks_is_repeated_by_us_alone(
    name: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """urllib3 and aiohttp both know how to send again by themselves, unseen and uncounted."""
    furnish(emulator)
    connect(monkeypatch, emulator, max_attempts=1, timeout=20)
    # The first page of another list makes the connection, which is then closed under the request that matters.
    warm_up = "listTemplate" if name == "listSegment" else "listSegment"
    emulator.fault(name, effect="fin", phase="before_commit")

    told = attempt_two(flavour, USES[warm_up].method, name)

    assert told == "TruepushAmbiguousError"
    assert emulator.count(name) == 1
    assert emulator.requests()[0].connection == emulator.requests(name)[0].connection


def attempt_two(flavour: Flavour, first: str, name: str) -> str:
    """Read a list and then use an endpoint, over the same hook; returns the error's name."""
    use = USES[name]

    async def run() -> None:
        async with TruepushAsyncHook(CONN_ID) as hook:
            assert [row async for row in getattr(hook, first)()]
            result = getattr(hook, use.method)(*use.args)
            await (anext(result) if isinstance(result, AsyncIterator) else result)

    try:
        if flavour == "async":
            asyncio.run(run())
        else:
            with TruepushHook(CONN_ID) as hook:
                assert list(getattr(hook, first)())
                result = getattr(hook, use.method)(*use.args)
                next(result)  # a list asks when it is read
    except TruepushError as error:
        return type(error).__name__
    return "nothing"
