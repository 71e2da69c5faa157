"""The control address, and the Python calls that it mirrors."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import CAMPAIGN, START, UNKNOWN, Api, control


def test_the_address_lists_its_controls(emulator: Emulator) -> None:
    told = control(emulator, "GET", "")
    assert told["projects"] == [{"name": "project-1", "subscribers": 100_000}]
    assert told["controls"]["/_emulator/faults"] == ["DELETE", "GET", "POST"]
    assert "listening" not in told
    assert control(emulator, "GET", "nothing", status=404)["controls"] == told["controls"]
    assert control(emulator, "POST", "pushes", {}, status=405)
    assert emulator.requests() == []


def test_the_clock(emulator: Emulator) -> None:
    assert control(emulator, "GET", "clock") == {"now": START.isoformat()}
    assert control(emulator, "POST", "clock", {"advance": 90})["now"] == "2026-03-02T12:01:30+00:00"
    assert control(emulator, "PUT", "clock", {"set": "2026-03-02T15:00:00+01:00"})["now"] == "2026-03-02T14:00:00+00:00"
    for body in (
        {"advance": -1},
        {"set": "2026-03-01T15:00:00+00:00"},
        {"set": "2026-04-01T15:00:00"},
        {"advance": "x"},
    ):
        assert "error" in control(emulator, "POST", "clock", body, status=400)
    assert emulator.now() == START + timedelta(hours=2)


def test_a_real_clock_runs_at_its_speed() -> None:
    with Emulator(clock="real", speed=1000, start=START) as emulator:
        first = emulator.now()
        control(emulator, "POST", "clock", {"speed": 100_000})
        control(emulator, "GET", "clock")
        second = emulator.now()
        assert START <= first < second
        emulator.advance(timedelta(days=400))
        assert emulator.now() - second >= timedelta(days=400)


def test_history_faults_and_dialect(emulator: Emulator, api: Api) -> None:
    made = control(
        emulator, "POST", "faults", {"endpoint": "createCampaign", "effect": "status", "status": 502, "nth": 1}
    )
    assert made == {"id": 1}
    assert control(emulator, "POST", "dialect", {"name": "odd", "page_size": 2})["data_key"] == "Data"
    assert control(emulator, "GET", "dialect")["page_size"] == 2
    assert api.call("createCampaign", body=CAMPAIGN).status_code == 502
    assert api.call("createCampaign", body=CAMPAIGN).json()["Data"] == "CAMPAIGN-CREATED-SUCCESSFULLY"
    assert control(emulator, "GET", "faults")[0]["hits"] == 1
    rows = control(emulator, "GET", "requests")
    assert [(row["number"], row["status"], row["fault"]) for row in rows] == [
        (1, 502, "before_commit/status"), (2, 200, None),
    ]  # fmt: skip
    assert rows[1]["body"] == CAMPAIGN
    assert rows[1]["committed"] == emulator.campaigns()[0]["id"]
    assert rows[1]["time"] == START.isoformat()
    assert control(emulator, "GET", "requests?endpoint=listCampaign") == []
    assert control(emulator, "DELETE", "faults/1") == []
    assert control(emulator, "DELETE", "requests") == []
    assert control(emulator, "GET", "pushes") == [{"payload": CAMPAIGN, "count": 1}]
    assert "error" in control(emulator, "POST", "faults", {"effect": "explode"}, status=400)
    assert "error" in control(emulator, "POST", "faults", {"wrong": 1}, status=400)
    assert "error" in control(emulator, "POST", "dialect", {"name": "klingon"}, status=400)
    assert "error" in control(emulator, "POST", "reset", [], status=400)


def test_seeding_and_the_truth(emulator: Emulator, api: Api) -> None:
    given = {
        "segments": [{"_id": "a" * 24, "name": "Few", "subscribers": 12}],
        "templates": [{"_id": "b" * 24, "name": "T"}],
        "triggers": [{"_id": "c" * 24, "name": "R", "templateId": "b" * 24, "segmentId": "a" * 24}],
        "campaigns": [
            {"_id": "d" * 24, "title": "Sent", "send_at": "2026-03-01T12:00:00+00:00", "segment": "a" * 24},
            {"title": "To come", "send_at": "2026-03-05T12:00:00+00:00"},
            {"title": "Called off", "cancelled_at": START.isoformat()},
        ],
    }
    made = control(emulator, "POST", "seed", given)
    assert made["campaigns"][0] == "d" * 24
    rows = control(emulator, "GET", "campaigns")
    assert [(row["title"], row["status"]) for row in rows] == [
        ("Sent", "sent"), ("To come", "scheduled"), ("Called off", "cancelled"),
    ]  # fmt: skip
    assert control(emulator, "GET", "stats/" + "d" * 24)["delivered"] == 12
    assert control(emulator, "GET", "stats/" + UNKNOWN) is None
    assert control(emulator, "GET", "triggers?project=project-1")[0]["next_fire"] == "2026-03-03T09:00:00+00:00"
    assert control(emulator, "GET", "templates")[0]["name"] == "T"
    assert control(emulator, "GET", "segments")[-1]["subscribers"] == 12
    assert "error" in control(emulator, "GET", "segments?project=other", status=400)
    # What has the id of another replaces it.
    control(
        emulator,
        "POST",
        "seed",
        {"campaigns": [{"_id": "d" * 24, "title": "Again", "send_at": "2026-03-05T12:00:00+00:00"}]},
    )
    assert api.ids("listCampaign").count("d" * 24) == 1
    assert api.stats("d" * 24) is None
    assert emulator.pushes() == {}
    wrong: dict[str, Any]
    for wrong in ({"people": []}, {"segments": [{"_id": "x"}]}, {"campaigns": [{"send_at": "2026-03-05T12:00:00"}]}):
        assert "error" in control(emulator, "POST", "seed", wrong, status=400)


def test_many_campaigns_at_once(emulator: Emulator, api: Api) -> None:
    made = control(
        emulator, "POST", "seed", {"add_campaigns": {"n": 60, "title": "No. {number}", "spread": 3600, "reach": 10}}
    )
    ids = made["campaigns"]
    assert api.ids("listCampaign") == ids
    assert sorted(ids) == ids
    assert api.call("listCampaign", 1).json()["data"][0] == {"_id": ids[0], "title": "No. 1"}
    assert int(ids[-1][:8], 16) == int(START.timestamp())
    assert int(ids[0][:8], 16) >= int(START.timestamp()) - 3600
    assert (api.stats(ids[0]) or {})["Delivered"] == 10


def test_series_late_commits_and_reset(emulator: Emulator, api: Api) -> None:
    emulator.seed({"campaigns": [{"_id": UNKNOWN}]})
    assert control(emulator, "POST", f"series/{UNKNOWN}", {"series": [{"sent": 1}, None]}) == {"series": 2}
    assert (api.stats(UNKNOWN) or {})["Sent"] == 1
    assert api.stats(UNKNOWN) is None
    emulator.fault("createCampaign", effect="late_commit", clock="manual")
    with pytest.raises(requests.ConnectionError):
        api.call("createCampaign", body=CAMPAIGN)
    assert control(emulator, "GET", "late_commits") == {"waiting": 1}
    assert control(emulator, "POST", "late_commits", {}) == {"committed": 1}
    assert list(emulator.pushes().values()) == [1]
    emulator.advance(60)
    emulator.set_dialect("odd")
    segments = [row["id"] for row in emulator.segments()]
    control(emulator, "POST", "reset", {})
    assert (emulator.campaigns(), emulator.requests(), emulator.faults(), emulator.now()) == ([], [], [], START)
    assert [row["id"] for row in emulator.segments()] == segments
    assert emulator.dialect.data_key == "data"
    assert control(emulator, "POST", "seed", {"seed": 11}) == {"seed": 11}
    assert [row["id"] for row in emulator.segments()] != segments


def test_pushes_count_what_was_really_made(emulator: Emulator, api: Api) -> None:
    other = dict(reversed(list({**CAMPAIGN, "tags": ["a"]}.items())))
    for body in (CAMPAIGN, CAMPAIGN, other, {**CAMPAIGN, "title": ""}):
        api.call("createCampaign", body=body)
    emulator.fault("createCampaign", phase="before_commit", effect="status")
    api.call("createCampaign", body=CAMPAIGN)
    assert emulator.pushes() == {json.dumps(CAMPAIGN, sort_keys=True): 2, json.dumps(other, sort_keys=True): 1}
    assert emulator.pushes("project-1") == emulator.pushes()


def test_history_counts_and_copies(emulator: Emulator, api: Api) -> None:
    api.call("listSegment", 1)
    api.call("listTrigger", 1)
    first = emulator.requests()
    first[0].status = 999
    assert [row.status for row in emulator.requests()] == [200, 204]
    assert (emulator.count(), emulator.count("listTrigger"), emulator.count("listCampaign")) == (2, 1, 0)
    assert first[0].monotonic <= first[1].monotonic
    assert isinstance(first[0].time, datetime)
    # One session, one connection.
    assert {row.connection for row in first} == {1}
    emulator.clear_requests()
    assert (emulator.requests(), emulator.count()) == ([], 0)


def test_history_keeps_a_limited_number() -> None:
    with Emulator(history=3) as emulator:
        client = Api(emulator)
        for _ in range(5):
            client.call("listSegment", 1)
        assert [row.number for row in emulator.requests()] == [3, 4, 5]
        assert emulator.count("listSegment") == 5
        client.session.close()
