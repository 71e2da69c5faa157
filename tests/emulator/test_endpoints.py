"""The thirteen endpoints, over a real socket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import CAMPAIGN, START, TEMPLATE, UNKNOWN, Api, a_call, trigger
from tests.support.tokens import SESSION_TOKEN


@pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slash"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_succeeds_with_and_without_a_slash(
    emulator: Emulator, api: Api, endpoint: Endpoint[Any], slash: str
) -> None:
    argument, body = a_call(emulator, endpoint)
    path = endpoint.path + ("" if argument is None else f"/{argument}") + slash
    answer = api.session.request(endpoint.method, emulator.url + path, json=body, timeout=30)
    assert answer.status_code == 200
    assert answer.json()["status"] == "SUCCESS"
    assert endpoint.success in (None, answer.json()["data"])
    (record,) = emulator.requests()
    assert (record.endpoint, record.argument, record.body) == (endpoint.name, argument, body)
    assert record.outcome == (endpoint.success or "SUCCESS")
    assert (record.committed is None) is endpoint.reads


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "someone-else"}, {"Authorization": f"Bearer {SESSION_TOKEN}"}]
)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_a_missing_or_unknown_token_is_turned_away(
    emulator: Emulator, endpoint: Endpoint[Any], headers: dict[str, str]
) -> None:
    argument, body = a_call(emulator, endpoint)
    url = emulator.url + endpoint.path + ("" if argument is None else f"/{argument}")
    answer = requests.request(endpoint.method, url, json=body, headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.json()["data"] == "TOKEN-NOT-FOUND"
    (record,) = emulator.requests()
    assert not record.authorised
    assert record.committed is None


def test_projects_do_not_see_each_other() -> None:
    with Emulator(token=["one", "two"]) as emulator:
        first, second = Api(emulator, "one"), Api(emulator, "two")
        campaign = first.create("createCampaign", CAMPAIGN)
        template = first.create("createTemplate", TEMPLATE)
        made = first.create("createTrigger", trigger(template))
        segment = first.ids("listSegment")[0]
        assert second.code("campaignStats", campaign) == "NO-STATS-FOUND"
        assert second.code("deleteTemplate", template) == "NO-TEMPLATE-FOUND-TO-DELETE"
        assert second.code("deleteTrigger", made) == "NO-TRIGGER-FOUND-TO-DELETE"
        assert second.code("deleteSegment", segment) == "NO-SEGMENT-FOUND-TO-DELETE"
        assert second.code("createCampaign", body={**CAMPAIGN, "segment": segment}) == "BAD-REQUEST"
        assert second.code("createTrigger", body=trigger(template)) == "BAD-REQUEST"
        assert second.ids("listCampaign") == []
        assert not set(second.ids("listSegment")) & set(first.ids("listSegment"))
        second.create("createTrigger", trigger(second.create("createTemplate", TEMPLATE)))
        assert [row["project"] for row in emulator.triggers()] == ["project-1", "project-2"]
        assert len(emulator.campaigns("two")) == 0
        first.session.close()
        second.session.close()


def test_ids_are_object_ids_of_the_clock(emulator: Emulator, api: Api) -> None:
    emulator.advance(90)
    made = api.create("createCampaign", CAMPAIGN)
    assert len(made) == 24
    assert int(made[:8], 16) == int(START.timestamp()) + 90


def test_the_same_seed_gives_the_same_answers() -> None:
    seen = []
    for seed in (7, 7, 8):
        with Emulator(start=START, seed=seed) as emulator:
            client = Api(emulator)
            made = client.create("createCampaign", CAMPAIGN)
            emulator.advance(45)
            seen.append((made, client.stats(made)))
            client.session.close()
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_a_campaign_at_once_cannot_be_cancelled(emulator: Emulator, api: Api) -> None:
    made = api.create("createCampaign", CAMPAIGN)
    assert api.code("cancelCampaign", made) == "ALREADY-SENT-OR-CANCELLED"
    assert api.stats(made) is not None


def test_a_scheduled_campaign_sends_at_its_time_in_the_projects_zone() -> None:
    with Emulator(start=START, timezone="America/New_York") as emulator:
        client = Api(emulator)
        # 12:00 UTC is 07:00 in New York.
        body = {**CAMPAIGN, "scheduled": True, "timings": {"date": "02/03/2026", "time": "07:30"}}
        made = client.create("createCampaign", body)
        assert emulator.campaigns()[0]["send_at"] == "2026-03-02T12:30:00+00:00"
        assert client.stats(made) is None
        emulator.advance(timedelta(minutes=29, seconds=59))
        assert client.stats(made) is None
        assert emulator.campaigns()[0]["status"] == "scheduled"
        emulator.advance(1)
        assert client.stats(made) == dict.fromkeys(client.stats(made) or {}, 0) | {"Reach": 100_000}
        assert client.code("cancelCampaign", made) == "ALREADY-SENT-OR-CANCELLED"
        client.session.close()


def test_cancelling_works_once_until_the_send(emulator: Emulator, api: Api) -> None:
    timings = {"date": "02-03-2026", "time": "12:01"}
    made = api.create("createCampaign", {**CAMPAIGN, "scheduled": True, "timings": timings})
    emulator.advance(59)
    assert api.code("cancelCampaign", made) == "CAMPAIGN-CANCELLED-SUCCESFULLY"
    assert api.code("cancelCampaign", made) == "ALREADY-SENT-OR-CANCELLED"
    emulator.advance(3600)
    assert api.stats(made) is None
    assert emulator.campaigns()[0]["status"] == "cancelled"
    assert api.code("cancelCampaign", UNKNOWN) == "ALREADY-SENT-OR-CANCELLED"


@pytest.mark.parametrize(
    "extra",
    [{"scheduled": True}, {"scheduled": False, "timings": {"date": "01-01-2020", "time": "10:00"}}, {"timings": {}}],
)
def test_what_is_not_scheduled_in_full_goes_out_at_once(emulator: Emulator, api: Api, extra: dict[str, Any]) -> None:
    api.create("createCampaign", {**CAMPAIGN, **extra})
    assert emulator.campaigns()[0]["status"] == "sent"


@pytest.mark.parametrize("name", ["segment", "Segment"])
def test_a_segment_limits_the_reach(emulator: Emulator, api: Api, name: str) -> None:
    segment = emulator.add_segment("Few", 120)
    made = api.create("createCampaign", {**CAMPAIGN, name: segment})
    emulator.advance(timedelta(days=10))
    stats = api.stats(made)
    assert stats is not None
    assert stats["Reach"] == stats["Sent"] == 120
    assert api.code("deleteSegment", segment) == "SEGMENT-DELETED-SUCCESSFULLY"
    assert api.code("deleteSegment", segment) == "NO-SEGMENT-FOUND-TO-DELETE"
    assert api.code("createCampaign", body={**CAMPAIGN, name: segment}) == "BAD-REQUEST"
    assert api.stats(made) == stats


def test_lists_come_in_pages_and_end(emulator: Emulator, api: Api) -> None:
    emulator.set_dialect(page_size=3)
    made = [api.create("createTemplate", {**TEMPLATE, "name": f"T{number}"}) for number in range(7)]
    assert api.ids("listTemplate") == made
    assert len(api.call("listTemplate", 3).json()["data"]) == 1
    assert api.call("listTemplate", 4).status_code == 204
    emulator.set_dialect(order="newest")
    assert api.ids("listTemplate") == made[::-1]
    rows = api.call("listTemplate", 1).json()["data"]
    assert rows[0] == {"_id": made[-1], "name": "T6"}
    for page in ("0", "-1", "one", "1.5", "²"):
        assert api.code("listTemplate", page) == "BAD-REQUEST"


def test_trigger_names_are_unique_and_its_status_changes_once(emulator: Emulator, api: Api) -> None:
    template = api.create("createTemplate", TEMPLATE)
    made = api.create("createTrigger", trigger(template))
    assert api.code("createTrigger", body=trigger(template)) == "TRIGGER-ADDING-FAILED"
    assert api.call("listTrigger", 1).json()["data"] == [{"_id": made, "name": "A trigger", "status": "active"}]
    answers = [api.code("triggerStatus", made, {"status": status}) for status in ("active", "inactive", "inactive")]
    already = "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS"
    assert answers == [already, "TRIGGER-UPDATED-SUCCESSFULLY", already]
    assert api.code("triggerStatus", UNKNOWN, {"status": "active"}) == already
    assert api.code("deleteTrigger", made) == "TRIGGER-DELETED-SUCCESSFULLY"
    assert api.code("createTrigger", body=trigger(template)) == "TRIGGER-ADDED-SUCCESSFULLY"


def test_any_title_is_listed_as_it_was_sent(emulator: Emulator, api: Api) -> None:
    title = 'Grüße, 你好 🎉 "quoted" \\ \ud83d'
    api.create("createCampaign", {**CAMPAIGN, "title": title})
    listed = api.call("listCampaign", 1).json()["data"][0]["title"]
    assert listed == title
    assert emulator.campaigns()[0]["title"] == title


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/createCampaign"),
        ("DELETE", f"/api/v1/listTrigger/{UNKNOWN}"),
        ("GET", "/api/v1/listCampaign"),
        ("POST", "/api/v1/createCampaign/x"),
        ("GET", "/api/v2/listCampaign/1"),
        ("GET", "/api/v1/listCampaign/1/2"),
        ("GET", "/_emulatorx"),
    ],
)
def test_unknown_paths_are_not_found_and_in_the_history(emulator: Emulator, api: Api, method: str, path: str) -> None:
    answer = api.session.request(method, emulator.url + path, timeout=30)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    (record,) = emulator.requests()
    assert (record.endpoint, record.status, record.path) == (None, 404, path)
