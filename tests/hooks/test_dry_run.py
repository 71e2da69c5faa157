"""`dry_run` changes nothing and says what would have gone out; `require_segment` refuses a send to everyone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import (
    CAMPAIGN,
    CHANGES,
    CREATES,
    LISTS,
    NEW_TRIGGER,
    SEGMENT,
    STATS,
    USES,
    check_success,
    furnish,
)

DRY_ID = "dry-run-0123456789abcdef"
#: What takes an id, and what it says to one that stands for nothing.
OF_AN_ID = {
    "get_campaign_stats": None,
    "cancel_campaign": True,
    "delete_template": True,
    "delete_trigger": True,
}


@pytest.mark.parametrize("name", [*CREATES, *CHANGES])
def test_a_dry_run_sends_nothing_that_changes_anything(
    name: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator, dry_run=True, timezone="UTC")
    use = USES[name]

    first, second = (call(flavour, CONN_ID, use.method, *use.args) for _ in range(2))

    assert emulator.count() == 0
    if name in CREATES:
        # Recognisably no id, and the same for the same content.
        assert first == second
        assert first.startswith("dry-run-")
    else:
        assert first is True
    (told, _) = [row.getMessage() for row in caplog.records if "not sent" in row.getMessage()]
    assert name in told
    assert all(str(value) in told for value in CAMPAIGN.values()) or name not in ("createCampaign", "createTemplate")


@pytest.mark.parametrize("name", ["campaignStats", *LISTS])
def test_a_dry_run_still_reads(
    name: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator, dry_run=True)
    check_success(emulator, name, call(flavour, CONN_ID, USES[name].method, *USES[name].args))
    assert emulator.count() == emulator.count(name) == (2 if name in LISTS else 1)


@pytest.mark.parametrize("dry", [True, False], ids=["dry", "wet"])
@pytest.mark.parametrize("method", OF_AN_ID)
def test_the_id_of_a_dry_run_is_never_asked_about(
    method: str, dry: bool, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, dry_run=dry)
    assert call(flavour, CONN_ID, method, DRY_ID) is OF_AN_ID[method]
    assert emulator.count() == 0


def test_a_dry_run_checks_what_it_does_not_send(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, dry_run=True)
    told = attempt(flavour, CONN_ID, "create_campaign", {**CAMPAIGN, "link": "not an address"})
    assert told.name == "TruepushValidationError"
    assert emulator.count() == 0


@pytest.mark.parametrize(
    ("method", "given"), [("create_campaign", CAMPAIGN), ("create_trigger", NEW_TRIGGER)], ids=["campaign", "trigger"]
)
def test_a_send_to_everyone_is_refused_where_a_segment_is_required(
    method: str, given: dict[str, Any], flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator, require_segment=True, timezone="UTC")

    told = attempt(flavour, CONN_ID, method, given)

    assert told.name == "TruepushValidationError"
    assert "segment_id" in str(told.error)
    assert "require_segment" in str(told.error)
    assert emulator.count() == 0
    assert len(call(flavour, CONN_ID, method, {**given, "segment_id": SEGMENT})) == 24
    assert emulator.count() == 1


def test_a_reader_may_stop_before_the_end_of_a_list(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list asks for a page when it is reached, not before."""
    from airflow_provider_truepush.hooks.truepush import TruepushHook

    emulator.set_dialect(page_size=2)
    emulator.add_campaigns(6)
    connect(monkeypatch, emulator)

    async def first_three() -> int:
        rows = TruepushAsyncHook(CONN_ID).list_campaigns()
        assert emulator.count() == 0
        return len([await anext(rows) for _ in range(3)])

    if flavour == "async":
        assert asyncio.run(first_three()) == 3
    else:
        with TruepushHook(CONN_ID) as hook:
            rows = hook.list_campaigns()
            assert emulator.count() == 0
            assert len([next(rows) for _ in range(3)]) == 3
    assert emulator.count() == 2


def test_the_counters_and_their_rates(flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    stats = call(flavour, CONN_ID, *_stats())
    assert stats == STATS
    assert (stats.delivery_rate, stats.view_rate) == (80 / 90, 40 / 80)
    assert (stats.click_rate, stats.unsubscribe_rate) == (9 / 80, 3 / 80)


def _stats() -> tuple[str, Any]:
    use = USES["campaignStats"]
    return (use.method, *use.args)
