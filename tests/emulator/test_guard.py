"""The control address obeys programs and its own page, and no page of another site."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.emulator.control_table import ACTIONS
from tests.emulator.support import CAMPAIGN, Api, control

EVIL: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
    {"Origin": ""},
    {"Origin": "http://[bad"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.example"},
    {"Host": "evil.example:80", "Origin": "http://evil.example:80"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "[bad"},
    {"Host": ""},
]
WRITES = sorted({(method, action.name) for action in ACTIONS if action.changes for method in action.methods})


@pytest.mark.parametrize("headers", EVIL, ids=lambda headers: " ".join(f"{k}={v}" for k, v in headers.items()))
def test_no_page_of_another_site_changes_anything(emulator: Emulator, headers: dict[str, str]) -> None:
    emulator.add_campaigns(2)
    emulator.fault("listCampaign")
    before = (emulator.campaigns(), emulator.now(), len(emulator.faults()), emulator.dialect)
    for method, name in WRITES:
        answer = requests.request(method, f"{emulator.url}/_emulator/{name}", json={}, headers=headers, timeout=5)
        assert answer.status_code == 403, name
        assert "error" in answer.json()
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert (emulator.campaigns(), emulator.now(), len(emulator.faults()), emulator.dialect) == before


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8089", ""])
def test_no_page_reads_it_under_a_name_of_its_own(emulator: Emulator, host: str) -> None:
    for name in ("", "requests", "campaigns"):
        assert "Host" in control(emulator, "GET", name, status=403, headers={"Host": host})["error"]


def test_programs_and_its_own_page_are_obeyed(emulator: Emulator) -> None:
    port = emulator.port
    fine: list[dict[str, str]] = [
        {},
        {"Origin": emulator.url},
        {"Origin": emulator.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
        {"Host": f"truepush.localhost:{port}"},
        {"Host": f"192.168.1.7:{port}"},
        {"Host": f"[::1]:{port}", "Origin": f"http://[::1]:{port}"},
    ]
    for headers in fine:
        assert control(emulator, "POST", "reset", {}, headers=headers) == {"reset": True}
    # A link to it from another site may be followed.
    assert control(emulator, "GET", "", headers={"Sec-Fetch-Site": "cross-site"})["projects"]


def test_names_can_be_allowed() -> None:
    with Emulator(allow_hosts=["Emulator.Test"]) as emulator:
        headers = {"Host": f"emulator.test:{emulator.port}"}
        assert control(emulator, "POST", "reset", {}, headers=headers) == {"reset": True}
        assert control(emulator, "POST", "reset", {}, 403, headers={"Host": "other.test"})


def test_the_api_itself_answers_under_any_name_as_truepush_does(emulator: Emulator, api: Api) -> None:
    headers = {"Host": "api.truepush.com", "Origin": "https://shop.example"}
    assert api.call("createCampaign", body=CAMPAIGN, headers=headers).status_code == 200


# What controls accept


@pytest.mark.parametrize(
    ("method", "name", "body", "told"),
    [
        ("POST", "clock", {"forward": 600}, "'forward'. Accepted keys: advance, set, speed"),
        ("POST", "clock", {}, "Accepted keys: advance, set, speed"),
        ("POST", "clock", {"advance": True}, "not a length of time"),
        ("POST", "clock", {"advance": "ten minutes"}, "such as 10m"),
        ("POST", "clock", {"speed": "x"}, "speed"),
        ("POST", "dialect", {"dialect": "nosuch"}, "Accepted keys: name, http_status"),
        ("POST", "dialect", {"name": "nosuch"}, "Accepted values: express, reference"),
        ("POST", "dialect", {"order": "backwards"}, "Accepted values: inserted, oldest, newest, title, shuffled"),
        ("POST", "dialect", {"page_size": 501}, "from 1 to 500"),
        ("POST", "dialect", {"page_size": "25"}, "from 1 to 500"),
        ("POST", "dialect", {"bad_request_http": True}, "Accepted values: 400, 401"),
        ("POST", "dialect", {}, "Accepted keys"),
        ("POST", "faults", {"efect": "rst"}, "Accepted keys: endpoint, effect"),
        ("POST", "faults", {"id": 7}, "'id'"),
        ("DELETE", "faults/99", None, "no fault has the id 99"),
        ("DELETE", "faults/x", None, "faults"),
        ("GET", "stats", None, "campaign id is missing"),
        ("GET", "stats/", None, "campaign id is missing"),
        ("POST", "series/0123456789abcdef01234567", {"series": []}, "no campaign has the id"),
        ("POST", "series", {"series": []}, "campaign id is missing"),
        ("POST", "seed", {"people": []}, "Accepted keys: segments"),
        ("POST", "seed", {"campaigns": {}}, "list of objects"),
        ("POST", "seed", {"campaigns": [1]}, "list of objects"),
        ("POST", "seed", {"campaigns": [{"titel": "x"}]}, "'titel'. Accepted keys: _id, title"),
        ("POST", "seed", {"campaigns": [{"title": 7}]}, "must be text"),
        ("POST", "seed", {"segments": [{"subscribers": -1}]}, "at least 0"),
        ("POST", "seed", {"triggers": [{"timings": {}}]}, "timings"),
        ("POST", "seed", {"triggers": [{"type": "hourly"}]}, "Accepted values: once, multiple, repeated"),
        ("POST", "seed", {"triggers": [{"status": "on"}]}, "Accepted values: active, inactive"),
        ("POST", "seed", {"reference": "yes"}, "must be true"),
        ("POST", "seed", {"reference": True, "seed": 4}, "cannot be combined"),
        ("POST", "seed", {"add_campaigns": 5}, "must be an object"),
        ("POST", "seed", {"add_campaigns": {"count": 5}}, "'count'. Accepted keys: n, title"),
        ("POST", "reset", {"sed": 5}, "Accepted keys: seed"),
        ("POST", "late_commits", {"x": 5}, "accepts no keys"),
        ("POST", "move", {"kind": "campaigns"}, "id is missing"),
        ("GET", "campaigns?projct=x", None, "Accepted keys: project"),
        ("GET", "requests?last=many", None, "requests"),
        ("GET", "clock/now", None, "nothing can follow"),
    ],
)
def test_what_no_control_accepts_is_refused_with_what_it_accepts(
    emulator: Emulator, method: str, name: str, body: Any, told: str
) -> None:
    assert told in control(emulator, method, name, body, status=400)["error"]
    assert (emulator.campaigns(), emulator.faults(), emulator.triggers(), emulator.requests()) == ([], [], [], [])


@pytest.mark.parametrize("raw", ["{", "[]", '"x"', "[" * 5000, '{"advance": 1e999}', "\x00"])
def test_bodies_that_are_no_object_are_refused(emulator: Emulator, raw: str) -> None:
    answer = requests.post(f"{emulator.url}/_emulator/clock", data=raw, timeout=5)
    assert answer.status_code == 400
    assert "error" in answer.json()


def test_a_seed_that_is_refused_adds_nothing(emulator: Emulator) -> None:
    before = emulator.segments()
    control(emulator, "POST", "seed", {"segments": [{}], "campaigns": [{}, {"titel": "x"}]}, status=400)
    assert (emulator.segments(), emulator.campaigns()) == (before, [])


def test_a_campaign_can_go_to_a_segment_of_the_same_call(emulator: Emulator) -> None:
    emulator.seed({"segments": [{"_id": "a" * 24, "subscribers": 3}], "campaigns": [{"segment": "a" * 24}]})
    assert emulator.campaigns()[0]["reach"] == 3


def test_large_bodies(emulator: Emulator) -> None:
    rows = [{"title": "x" * 1000} for _ in range(3000)]
    assert len(control(emulator, "POST", "seed", {"campaigns": rows})["campaigns"]) == 3000

    def endless() -> Any:
        for _ in range(70):
            yield b" " * 1_000_000

    answer = requests.post(f"{emulator.url}/_emulator/seed", data=endless(), timeout=30)
    assert answer.status_code == 413


def test_the_history_is_bounded_in_bytes(emulator: Emulator, api: Api) -> None:
    for number in range(45):
        api.call("createCampaign", body={**CAMPAIGN, "title": f"{number} " + "x" * 900_000})
    kept = emulator.requests()
    assert emulator.count() == 45
    assert 30 <= len(kept) <= 36
    assert kept[-1].number == 45
    assert kept[-1].size > 900_000
