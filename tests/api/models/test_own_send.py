"""What is recorded of a send, and how it is read back."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.models.own_send import UNKNOWN, OwnSend, read_own_send, send_details

SEGMENT = "5f0c1b2a3d4e5f6071829304"


def test_details_come_back() -> None:
    link = "https://example.com/größe?a=1"
    campaign = Campaign("Sale", "Today", link, tags={"b", "a"}, segment_id=SEGMENT)  # type: ignore[arg-type]
    text = send_details(campaign.named("VIP \N{ROCKET}"))
    assert text.isascii()
    found = read_own_send("try 2 of a_dag/manual__2026-11-20T00:00:00+00:00/send", text)
    expected = OwnSend(
        link, SEGMENT, "VIP \N{ROCKET}", ("a", "b"), "a_dag", "manual__2026-11-20T00:00:00+00:00", "send"
    )
    assert found == expected
    assert found.tags_json == '["a","b"]'


def test_a_campaign_that_is_moved_keeps_the_name_of_its_segment() -> None:
    campaign = Campaign("Sale", "Today", "https://example.com", segment_id=SEGMENT).named("VIP")
    assert campaign.moved_to("2026-12-01T10:00:00+00:00").segment_name == "VIP"  # type: ignore[arg-type]
    assert campaign == Campaign("Sale", "Today", "https://example.com", segment_id=SEGMENT)


def test_without_tags_is_another_thing_than_unknown_tags() -> None:
    assert read_own_send("", send_details(Campaign("Sale", "Today", "https://example.com"))).tags_json == "[]"
    assert read_own_send("", None).tags_json is None


def test_details_that_no_column_holds_are_left_out() -> None:
    assert send_details(Campaign("Sale", "Today", "https://example.com/" + "a" * 60_000)) == ""


@pytest.mark.parametrize(
    ("author", "task"),
    [
        ("try 1 of dag/run/task", ("dag", "run", "task")),
        ("try 1 of dag/run/group.task [12]", ("dag", "run", "group.task")),
        ("try 1 of dag/a/b/c/task", ("dag", "a/b/c", "task")),
        ("someone", (None, None, None)),
        ("map index 3", (None, None, None)),
        ("try 1 of dag/task", (None, None, None)),
    ],
)
def test_the_task_is_read_from_the_author(author: str, task: tuple[str | None, ...]) -> None:
    found = read_own_send(author, None)
    assert (found.dag_id, found.run_id, found.task_id) == task


@pytest.mark.parametrize("details", ["", "no JSON", "[]", "7", '{"tags": "a", "link": 5}', "null", None])
def test_details_that_someone_wrote(details: Any) -> None:
    assert read_own_send("someone", details) == UNKNOWN
