"""The lists of both hooks over a socket, while rows are added, deleted and moved between the pages."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushListMovedError, TruepushProtocolError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.contract.driver import FLAVOURS, Flavour, call, connect
from tests.contract.fixtures import own_emulator

__all__ = ["own_emulator"]

CONN_ID = "truepush_default"


@pytest.fixture(autouse=True)
def connection(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, own_emulator, CONN_ID)


def triggers(emulator: Emulator, count: int) -> list[str]:
    return [emulator.seed({"triggers": [{"name": f"Trigger {n}"}]})["triggers"][0] for n in range(count)]


@pytest.mark.parametrize("order", ["oldest", "newest", "shuffled"])
def test_sixteen_tasks_that_delete_by_name_leave_none(own_emulator: Emulator, order: str) -> None:
    own_emulator.set_dialect(order=order, page_size=10)
    triggers(own_emulator, 60)
    own_emulator.fault("listTrigger", effect="delay", seconds=0.01)

    def delete(number: int) -> bool:
        with TruepushHook(CONN_ID) as hook:
            (found,) = hook.find_triggers(name=f"Trigger {number}")
            return hook.delete_trigger(found.id)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(delete, range(60)))
    assert own_emulator.triggers() == []


async def test_the_same_with_the_async_hook(own_emulator: Emulator) -> None:
    own_emulator.set_dialect(page_size=10)
    triggers(own_emulator, 60)
    hook = TruepushAsyncHook(CONN_ID)

    async def delete(number: int) -> bool:
        (found,) = await hook.find_triggers(name=f"Trigger {number}")
        return await hook.delete_trigger(found.id)

    async with hook:
        assert all(await asyncio.gather(*(delete(number) for number in range(60))))
    assert own_emulator.triggers() == []


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_absence_is_proven_by_two_looks(own_emulator: Emulator, flavour: Flavour) -> None:
    own_emulator.set_dialect(page_size=10)
    triggers(own_emulator, 25)
    assert call(flavour, CONN_ID, "find_triggers", "Nowhere") == []
    assert [request.argument for request in own_emulator.requests("listTrigger")] == list("12341234")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_absence_in_a_list_with_a_duplicate_is_proven_by_four_looks(
    own_emulator: Emulator, flavour: Flavour, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.set_dialect(page_size=10)
    (first, *_) = triggers(own_emulator, 25)
    row = {"_id": first, "name": "Trigger 0", "status": "active"}
    own_emulator.fault("listTrigger", effect="odd_rows", rows=[row])
    assert call(flavour, CONN_ID, "find_triggers", "Nowhere") == []
    assert [request.argument for request in own_emulator.requests("listTrigger")] == list("1234123443211234")
    assert f"1 of its rows more than once, such as {first}" in caplog.text


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_ids_in_upper_and_lower_case_are_no_sign_of_missing_rows(
    own_emulator: Emulator, flavour: Flavour, caplog: pytest.LogCaptureFixture
) -> None:
    own_emulator.set_dialect(page_size=10)
    own_emulator.add_campaigns(25)
    ids = {row["id"] for row in own_emulator.campaigns()}
    rows = [{"_id": f" {max(ids).upper()} ", "title": "The same"}]
    own_emulator.fault("listCampaign", effect="odd_rows", rows=rows)
    found = call(flavour, CONN_ID, "list_campaigns", datetime.now(UTC) - timedelta(days=400))
    assert sorted(row.id for row in found) == sorted(ids)
    assert "may be missing" not in caplog.text


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_list_that_never_holds_still_proves_nothing(
    own_emulator: Emulator, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_truepush.api.protocol.list_limits.LONGEST_PAUSE", 0.01)
    own_emulator.set_dialect(page_size=10)
    triggers(own_emulator, 35)
    own_emulator.churn("listTrigger", add=2, delete=2)
    with pytest.raises(TruepushListMovedError) as caught:
        call(flavour, CONN_ID, "find_triggers", "Nowhere")
    assert caught.value.endpoint == "listTrigger"


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("order", ["oldest", "newest", "title", "shuffled", "inserted"])
@pytest.mark.parametrize(("size", "count"), [(1, 36), (25, 120), (500, 120)])
def test_since_a_moment_in_every_order(
    own_emulator: Emulator, flavour: Flavour, order: str, size: int, count: int
) -> None:
    own_emulator.set_dialect(order=order, page_size=size)
    own_emulator.add_campaigns(count, spread=timedelta(days=12))
    since = datetime.now(UTC) - timedelta(days=2)
    rows = call(flavour, CONN_ID, "list_campaigns", since)
    everything = call(flavour, CONN_ID, "list_campaigns")
    assert {row.id for row in rows} == {row.id for row in everything if row.created_at >= since}
    # Two days of twelve.
    assert count / 8 <= len(rows) <= count / 4.8


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("given", [(), (datetime(2026, 1, 1, tzinfo=UTC),)])
def test_a_list_without_end(own_emulator: Emulator, flavour: Flavour, given: Any) -> None:
    own_emulator.fault("listCampaign", effect="endless_list")
    with pytest.raises(TruepushProtocolError):
        call(flavour, CONN_ID, "list_campaigns", *given)
    assert own_emulator.count("listCampaign") < 500
