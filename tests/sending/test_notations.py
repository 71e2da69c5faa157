"""Two notations of the same segment, or of the minute at which a campaign goes out, are one send."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from airflow_provider_truepush.api.models.campaign import Campaign
from tests.sending.feed_tasks import Feed
from tests.sending.tasks import Tasks, in_days
from tests.support.versions import HAS_STATE_STORE

BERLIN = ZoneInfo("Europe/Berlin")
NOON = in_days(3)
NOTATIONS: list[Any] = [
    NOON.isoformat(),
    NOON.strftime("%Y-%m-%dT%H:%M:%SZ"),
    NOON.astimezone(BERLIN).replace(tzinfo=None).isoformat(),
    NOON.astimezone(ZoneInfo("America/New_York")),
    (NOON - timedelta(seconds=50)).isoformat(),
    (NOON - timedelta(seconds=10)).astimezone(BERLIN).replace(tzinfo=None),
]
Place = tuple[str | None, bool]


@pytest.fixture(params=["ledger", "ledger before 3.3", *(["state"] if HAS_STATE_STORE else [])])
def place(request: pytest.FixtureRequest) -> Callable[[str], Place]:
    return lambda ledger: (None if request.param == "state" else ledger, "before" not in request.param)


@pytest.fixture
def feed(place: Callable[[str], Place], tasks: Tasks, sqlite: str) -> Feed:
    ledger, state = place(sqlite)
    return Feed(tasks, ledger, titles=False, state=state)


def test_items_that_go_out_in_the_same_minute_are_sent_once(feed: Feed) -> None:
    ids = {feed.send(index, "A", send_at=send_at) for index, send_at in enumerate(NOTATIONS)}
    assert (len(ids), feed.tasks.sends) == (1, 1)
    later = feed.send(len(NOTATIONS), "A", send_at=NOON + timedelta(seconds=1))
    assert later not in ids
    assert feed.tasks.sends == 2


def test_one_segment_is_one_send_however_its_id_is_written(feed: Feed) -> None:
    segment = next(iter(feed.tasks.emulator.segments()))
    ids = {feed.send(0, "A", segment_id=segment["id"].upper()), feed.send(1, "A", segment=segment["name"])}
    assert (len(ids), feed.tasks.sends) == (1, 1)


@pytest.mark.parametrize("token", [False, True], ids=["no token", "token added later"])
@pytest.mark.parametrize("send_at", NOTATIONS[1:4], ids=["UTC", "naive", "New York"])
def test_what_an_earlier_version_has_sent_is_found(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, send_at: Any, token: bool
) -> None:
    """It recorded each notation under a hash of its own."""

    def run(items: str, **given: Any) -> dict[str, str]:
        return {
            item: feed.send(index, item, send_at=send_at, **({"send_token": item} if token and given else {}))
            for index, item in enumerate(items)
        }

    with monkeypatch.context() as before_the_upgrade:
        before_the_upgrade.setattr(Campaign, "content", lambda self, zone: self.as_dict())
        first = run("AB")
    feed.clear()
    after = run("BA", after=True)
    assert after == first or (token and all(found.startswith("stopped") for found in after.values()))
    assert feed.tasks.sends == 2


def test_a_segment_in_capitals_of_an_earlier_version_is_the_same_message(
    feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is rendered anew as well."""
    segment = next(iter(feed.tasks.emulator.segments()))["id"].upper()
    with monkeypatch.context() as before_the_upgrade:
        before_the_upgrade.setattr(Campaign, "content", lambda self, zone: self.as_dict())
        first = feed.send(0, "A", segment_id=segment, send_at=NOON)
    feed.clear()
    assert feed.send(0, "A", segment_id=segment, send_at=NOON + timedelta(days=1)) == first
    assert feed.tasks.sends == 1
