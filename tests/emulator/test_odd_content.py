"""Odd rows, odd counters, endless lists, and settings of faults that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator, TruepushEmulatorError
from tests.emulator.support import CAMPAIGN, Api, control

SURROGATE = "cut \ud83d"


# Odd rows, lists without end, odd counters


@pytest.mark.parametrize(
    ("endpoint", "name"), [("listCampaign", "title"), ("listTemplate", "name"), ("listTrigger", "name")]
)
def test_odd_rows_stand_among_the_true_ones(emulator: Emulator, api: Api, endpoint: str, name: str) -> None:
    emulator.seed({"campaigns": [{}] * 4, "templates": [{}] * 4, "triggers": [{}] * 4})
    emulator.fault(endpoint, effect="odd_rows", nth=1)
    rows = api.call(endpoint, 1).json()["data"]
    assert len(rows) == 9
    odd = rows[2:7]
    assert [row.get(name, "none") for row in odd] == ["none", None, 7, SURROGATE, "A row whose id is not an ObjectId"]
    assert odd[4]["_id"] == "campaign-5"
    assert all(("status" in row) is (endpoint == "listTrigger") for row in rows)
    assert len(api.call(endpoint, 1).json()["data"]) == 4


@pytest.mark.parametrize(
    "rows", [[], ["text"], [None, 1, [], {}, {"_id": None}], [{"_id": "x" * 24, "title": SURROGATE}]]
)
def test_rows_of_any_json(emulator: Emulator, api: Api, rows: list[Any]) -> None:
    emulator.add_campaigns(1)
    control(emulator, "POST", "faults", {"endpoint": "listCampaign", "effect": "odd_rows", "rows": rows})
    assert api.call("listCampaign", 1).json()["data"][:-1] == rows
    # Past the end there is nothing to stand among.
    assert api.call("listCampaign", 2).status_code == 204


@pytest.mark.parametrize("order", ["newest", "oldest", "same"])
@pytest.mark.parametrize("endpoint", ["listCampaign", "listTemplate", "listTrigger", "listSegment"])
def test_a_list_without_end(emulator: Emulator, api: Api, endpoint: str, order: str) -> None:
    emulator.fault(effect="endless_list", order=order)
    emulator.set_dialect(page_size=10)
    pages = [[row["_id"] for row in api.call(endpoint, page).json()["data"]] for page in (1, 2, 5000)]
    assert all(len(set(page)) == 10 for page in pages)
    assert (pages[0] == pages[1] == pages[2]) is (order == "same")
    if order != "same":
        ids = [row[:8] for page in pages for row in page]
        assert ids == sorted(ids, reverse=order == "newest")
        assert len(set(ids)) == 30
    # Other endpoints are left alone, and so are those who may not read it.
    assert api.call("createCampaign", body=CAMPAIGN).status_code == 200
    assert Api(emulator, "no-such-token").call(endpoint, 1).status_code == 401
    assert api.call(endpoint, "x").status_code == 400


def test_odd_counters(emulator: Emulator, api: Api) -> None:
    (campaign,) = emulator.add_campaigns(1)
    true = api.stats(campaign)
    emulator.fault("campaignStats", effect="odd_counters", nth=1)
    text = api.call("campaignStats", campaign).text
    assert '"Nested":' + "[" * 900 + "]" * 900 in text
    found = json.loads(text)["data"]
    assert {name: found[name] for name in true or {}} == true
    assert (found["Bounced"], found["Attempts"]) == (3, 10**400)
    emulator.clear_faults()
    control(
        emulator, "POST", "faults",
        {"endpoint": "campaignStats", "effect": "odd_counters", "fields": {"Sent": 10**400, "Clicks": SURROGATE}},
    )  # fmt: skip
    found = api.stats(campaign) or {}
    assert (found["Sent"], found["Clicks"]) == (10**400, SURROGATE)
    assert "Nested" not in found
    assert found["Views"] == (true or {})["Views"]
    emulator.clear_faults()
    emulator.fault("campaignStats", effect="odd_counters", depth=20_000)
    assert api.call("campaignStats", campaign).text.count("[") == 20_000


def test_titles_with_unpaired_surrogates_are_listed_as_they_are(emulator: Emulator, tmp_path: Any) -> None:
    with Emulator(state=tmp_path / "state.db", token=emulator.token) as kept:
        client = Api(kept)
        made = client.create("createCampaign", {**CAMPAIGN, "title": SURROGATE})
        kept.seed({"campaigns": [{"title": "\udc00 seeded"}]})
        client.session.close()
    with Emulator(state=tmp_path / "state.db", token=emulator.token) as kept:
        client = Api(kept)
        raw = client.call("listCampaign", 1)
        assert b'"cut \\ud83d"' in raw.content
        assert [row["title"] for row in raw.json()["data"]] == [SURROGATE, "\udc00 seeded"]
        assert control(kept, "GET", "campaigns")[0] == {**kept.campaigns()[0], "id": made}
        assert control(kept, "GET", "pushes")[0]["payload"]["title"] == SURROGATE
        client.session.close()


# Refusals


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"effect": "contradict", "fields": "x"}, "fields"),
        ({"effect": "contradict", "status": 99}, "status is 99"),
        ({"effect": "contradict", "status": "200"}, "status is '200'"),
        ({"effect": "contradict", "drop": [1]}, "drop"),
        ({"effect": "503"}, "Use effect='status', status=503"),
        ({"effect": "surplus", "phase": "after_commit"}, "Accepted values: after_answer"),
        ({"effect": "drip", "part": "tail"}, "Accepted values: head, body"),
        ({"effect": "drip", "seconds": float("inf")}, "seconds"),
        ({"effect": "inflate", "encoding": "br"}, "Accepted values: gzip, deflate"),
        ({"effect": "oversize", "encoding": "gzip"}, "Accepted values: plain, chunked"),
        ({"effect": "oversize", "megabytes": 5000}, "megabytes"),
        ({"effect": "odd_rows", "endpoint": "createCampaign"}, r"Accepted values: \*, list"),
        ({"effect": "odd_rows", "rows": {"_id": 1}}, "rows"),
        ({"effect": "endless_list", "order": "title"}, "Accepted values: newest, oldest, same"),
        ({"effect": "odd_counters", "endpoint": "listCampaign"}, r"Accepted values: \*, campaignStats"),
        ({"effect": "odd_counters", "depth": True}, "depth"),
        ({"effect": "nosuch"}, "Accepted values: fin, rst"),
        ({"nosuch": 1}, "Accepted keys: endpoint, effect"),
        ({"nth": 0}, "nth"),
    ],
)  # fmt: skip
def test_what_no_fault_has_is_refused_with_what_is_accepted(
    emulator: Emulator, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(TruepushEmulatorError, match=told):
        emulator.fault(**given)
    if "seconds" not in given:
        error = control(emulator, "POST", "faults", given, status=400)["error"]
        with pytest.raises(TruepushEmulatorError, match=told):
            raise TruepushEmulatorError(error)
    assert emulator.faults() == []


def test_values_that_are_no_json_are_refused(emulator: Emulator) -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    for wrong in (deep, object(), {1, 2}):
        with pytest.raises(TruepushEmulatorError, match="JSON"):
            emulator.fault("listCampaign", effect="odd_rows", rows=[wrong])
    raw = '{"effect": "odd_rows", "rows": [' + "[" * 100_000 + "]" * 100_000 + "]}"
    answer = requests.post(f"{emulator.url}/_emulator/faults", data=raw, timeout=5)
    assert answer.status_code == 400
    assert emulator.faults() == []
