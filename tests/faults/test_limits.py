"""429, with and without ``Retry-After``: obeyed when the budget allows, told to the caller when it does not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushRateLimitError
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CREATES, USES, check_success, requests_of_success
from tests.faults.pool import Pool, Seen, table

BEYOND = 300


def gap(seen: Seen) -> float:
    """Seconds between the first two requests, as the emulator measured them."""
    first, second, *_ = seen.emulator.requests()
    return second.monotonic - first.monotonic


@pytest.mark.parametrize(
    ("said", "at_least"),
    [
        pytest.param({"retry_after": 1}, 1.0, id="seconds"),
        pytest.param({"retry_after": "1.2"}, 1.2, id="half-seconds"),
        # A date has no fractions of a second: two seconds are more than one.
        pytest.param({"retry_after": 2, "retry_after_date": True}, 0.9, id="date"),
    ],
)
def test_retry_after_is_obeyed(
    said: dict[str, Any], at_least: float, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, effect="429", nth=1, **said)

    seen = pool.call_all(monkeypatch, flavour, arrange, timeout=20, max_attempts=3, retry_budget=30)

    assert table(seen, lambda row: row.told.name) == {
        name: "TruepushRateLimitError" if name in CREATES else None for name in USES
    }
    assert table(seen, lambda row: row.requests) == {
        name: 1 if name in CREATES else 1 + requests_of_success(name) for name in USES
    }
    for row in seen:
        if row.endpoint not in CREATES:
            check_success(row.emulator, row.endpoint, row.told.value)
            # 0.05: the answer is on its way for a while, and the emulator measures at its own end of it.
            assert gap(row) >= at_least - 0.05


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_retry_after_beyond_the_budget_is_told_at_once(
    as_date: bool, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, effect="429", retry_after=BEYOND, retry_after_date=as_date)

    seen = pool.call_all(monkeypatch, flavour, arrange, timeout=20, max_attempts=5, retry_budget=60)

    assert table(seen, lambda row: row.requests) == dict.fromkeys(USES, 1)
    assert table(seen, lambda row: row.commits) == dict.fromkeys(USES, 0)
    for row in seen:
        assert isinstance(row.told.error, TruepushRateLimitError)
        assert row.told.error.retry_after == pytest.approx(BEYOND, abs=30 if as_date else 0)
        assert row.seconds < BEYOND / 2


@pytest.mark.parametrize("nonsense", ["soon", "-5", "nan", ""])
def test_a_senseless_retry_after_is_none(
    nonsense: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="429", retry_after=nonsense)
    connect(monkeypatch, emulator, max_attempts=1)

    told = attempt(flavour, CONN_ID, "get_campaign_stats", "ab" * 12)

    assert isinstance(told.error, TruepushRateLimitError)
    assert told.error.retry_after is None
    assert emulator.count() == 1


def test_the_waits_of_a_call_share_one_budget(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="429", retry_after=0.4)
    connect(monkeypatch, emulator, max_attempts=50, retry_budget=1, timeout=20)

    start = time.monotonic()
    told = attempt(flavour, CONN_ID, "get_campaign_stats", "ab" * 12)

    assert told.name == "TruepushRateLimitError"
    # Two waits of at least 0.4 s fit into one second, a third does not.
    assert emulator.count() == 3
    assert time.monotonic() - start >= 0.8


def test_without_retry_after_the_waits_grow(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="429")
    connect(monkeypatch, emulator, max_attempts=3, timeout=20)

    told = attempt(flavour, CONN_ID, "get_campaign_stats", "ab" * 12)

    first, second, third = (request.monotonic for request in emulator.requests())
    assert told.name == "TruepushRateLimitError"
    # Half a second and a whole one, each jittered down to a half at the most.
    assert second - first >= 0.2
    assert third - second >= 0.45


def test_a_budget_of_nothing_allows_no_repeat(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="status", status=502)
    connect(monkeypatch, emulator, retry_budget=0)

    assert attempt(flavour, CONN_ID, "get_campaign_stats", "ab" * 12).name == "TruepushServerError"
    assert emulator.count() == 1
