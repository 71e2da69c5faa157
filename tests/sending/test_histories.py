"""Hundreds of histories in `make test`, thousands in `make prove`: none with a duplicate."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.sending.exploring import LONG, explore
from tests.sending.feeds import Feeds, FeedWorld
from tests.sending.world import Setup, World, ledger_hook
from tests.support.versions import HAS_STATE_STORE

HISTORIES = int(os.environ.get(LONG, "100"))
FEEDS = int(os.environ.get(LONG, "40"))


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.timeout(7200)
def test_no_history_sends_twice(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    endings = explore(world, HISTORIES)
    print("histories on all send_stores:", dict(endings.most_common()))
    assert endings["histories"] >= HISTORIES
    assert min(endings[how] for how in ("sent", "same id", "adopted", "person", "retry", "killed")) > 0


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.timeout(7200)
def test_no_feed_that_moves_sends_an_item_twice(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = FeedWorld(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    endings = explore(world, FEEDS, kind=Feeds)
    print("histories of feeds:", dict(endings.most_common()))
    assert endings["histories"] >= FEEDS
    assert endings["asked, feed never moved"] == 0
    rare = ["adopted"] if LONG in os.environ else []
    assert min(endings[how] for how in ("sent", "same id", "person", "retry", *rare)) > 0


@pytest.mark.usefixtures("silence", "sqlite")
def test_an_edited_item_is_asked_about_when_a_frozen_try_has_sent_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another map index published the item before the last clear, but never sent it, and holds it no longer."""
    world = FeedWorld(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    history: Any = type("History", (Feeds,), {"world": world, "endings": Counter()})()
    history.begin(store="state", own_titles=False, timing="at once", feed="AB", order="inserted", moves=False)
    history.start(place=0, steps=15, troubles=[])
    history.change(counted=True, feed=["A"])
    history.change(counted=True, feed=["B", "C", "A"])
    history.run(place=2, troubles=[])
    history.change(counted=True, feed=["A"])
    history.change(counted=True, feed=["B", "a", "C"])
    history.teardown()
    assert len(emulator.campaigns()) == 1


@pytest.mark.usefixtures("silence", "postgres")
@pytest.mark.skipif(LONG not in os.environ, reason="for `make prove`")
@pytest.mark.timeout(7200)
def test_no_history_on_postgresql_sends_twice(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(emulator, ledger=ledger_hook)
    world.only = Setup(send_store="ledger", siblings=True)
    world.patch(monkeypatch)
    endings = explore(world, HISTORIES // 10)
    print("histories on PostgreSQL:", dict(endings.most_common()))
    assert endings["histories"] >= HISTORIES // 10


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("send_store", ["state", "ledger"] if HAS_STATE_STORE else ["ledger"])
@pytest.mark.parametrize("steps", range(1, 12))
def test_a_frozen_try_sends_nothing_after_someone_had_it_sent_again(
    steps: int, send_store: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    world.begin(Setup(send_store=send_store))
    frozen = world.start("a")
    for _ in range(steps):
        frozen.step()
    assert world.made("a") == []
    world.now += 131
    world.start("a").finish()
    if not world.made("a"):
        world.resolve("a", None)
        again = world.start("a")
        again.finish()
        assert again.error is None
    frozen.finish()
    world.end()
    assert len(world.made("a")) == 1, f"sent again after {frozen.place}"


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.parametrize("steps", range(1, 11))
def test_without_a_store_a_frozen_try_sends_nothing_after_ten_minutes(
    steps: int, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing keeps it from sending but its own clock, and a person was told to decide after that time."""
    world = World(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    world.begin(Setup(send_store="none"))
    frozen = world.start("a")
    for _ in range(steps):
        frozen.step()
    assert world.made("a") == []
    world.now += 601
    retry = world.start("a")
    retry.finish()
    assert "its worker may still send" in str(retry.error)
    frozen.finish()
    world.end()
    assert world.made("a") == [], f"sent after {frozen.place}"
