"""What is written down about a send, and which campaigns it may have created."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.models import CampaignRef
from airflow_provider_truepush.sending.record import SendRecord, content_hash, idempotency_key, is_recent
from tests.api.support import NOW, quick

DAY = timedelta(days=1)


def made(at: datetime, ending: int = 0) -> str:
    """An id of a campaign that was created at this moment."""
    return f"{int(at.timestamp()):08x}{ending:016x}"


def record(**given: Any) -> SendRecord:
    facts: dict[str, Any] = {
        "key": idempotency_key("truepush_default", "a run"),
        "content": content_hash({"title": "T"}),
        "title": "T",
        "before": (made(NOW, 1), made(NOW, 2)),
        "attempt": "attempt 1",
        "author": "try 1 of a task",
        "made_at": NOW.timestamp(),
        "deadline": NOW.timestamp() + 600,
    }
    return SendRecord(**{**facts, **given})


def test_different_sends_have_different_keys() -> None:
    keys = {idempotency_key(project, token) for project in ("a", "b", "a b", "") for token in ("c", "b c", "", "a")}
    assert len(keys) == 16
    assert idempotency_key("a", "b") == idempotency_key("a", "b")


@quick
@given(st.dictionaries(st.text(max_size=3), st.integers() | st.lists(st.text(max_size=3)), min_size=2))
def test_a_content_hash_does_not_depend_on_the_order_of_fields(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    assert content_hash(turned) == content_hash(content)
    name = next(iter(content))
    assert content_hash({**content, name: "changed"}) != content_hash(content)


@pytest.mark.parametrize("given_record", [record(), record().with_outcome("a" * 24), record().with_outcome(None)])
def test_a_record_survives_json(given_record: SendRecord) -> None:
    again = SendRecord.from_dict(json.loads(json.dumps(given_record.as_dict())))
    assert again == given_record
    assert isinstance(again.before, tuple)


def test_an_outcome_settles_a_record() -> None:
    intent = record()
    assert (intent.settled, intent.campaign_id) == (False, None)
    known, unknown = intent.with_outcome("a" * 24), intent.with_outcome(None)
    assert (known.settled, known.campaign_id) == (True, "a" * 24)
    assert (unknown.settled, unknown.campaign_id) == (True, None)
    assert intent.settled is False


def test_new_campaigns_are_those_of_the_title_that_did_not_exist_before() -> None:
    ours, theirs = made(NOW, 7), made(NOW, 5)
    listed = [
        CampaignRef(ours, "T"),
        CampaignRef(theirs, "T"),
        CampaignRef(made(NOW, 1), "T"),  # was there before
        CampaignRef(made(NOW, 8), "t"),
        CampaignRef(made(NOW, 9), "T "),
        CampaignRef(made(NOW - 2 * DAY), "T"),  # too old
        CampaignRef("no-object-id", "T"),  # may be anything
    ]
    assert record().new_campaigns(listed) == sorted([theirs, ours, "no-object-id"])
    assert record().new_campaigns([]) == []


@pytest.mark.parametrize(
    ("at", "recent"),
    [(NOW, True), (NOW + DAY, True), (NOW - DAY, True), (NOW - DAY - timedelta(seconds=1), False)],
)
def test_old_campaigns_are_not_recent(at: datetime, recent: bool) -> None:
    assert is_recent(made(at), NOW) == recent
    assert bool(record().new_campaigns([CampaignRef(made(at, 99), "T")])) == recent


def test_an_id_without_a_time_may_be_recent() -> None:
    assert is_recent("no-object-id", datetime(2100, 1, 1, tzinfo=UTC))
