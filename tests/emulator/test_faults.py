"""Every fault, on the wire and in the state."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS
from airflow_provider_truepush.emulator import CONNECTION_FAULTS, EFFECTS, FAULTS, HOSTILE_FAULTS, PHASES, Emulator
from airflow_provider_truepush.emulator.effects import MEANINGS
from tests.emulator.support import BY_NAME, CAMPAIGN, UNKNOWN, Api, a_call, exchange, request_bytes, until

#: The endpoints of each shape: with a body, with an argument, both, neither change.
SHAPES = ("createCampaign", "cancelCampaign", "triggerStatus", "listCampaign", "campaignStats")


def check_wire(phase: str, effect: str, received: bytes, end: str) -> None:
    """What came over the wire is what the effect promises."""
    head, _, body = received.partition(b"\r\n\r\n")
    if phase == "mid_answer" and effect != "cut_json":
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert head.endswith(b"Connection: close")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert len(body) == (length if effect == "delay" else length // 2)
        assert end == {"rst": "rst", "hang": "silence"}.get(effect, "fin")
    elif effect in ("fin", "rst", "hang", "late_commit"):
        assert received == b""
        assert end == {"rst": "rst", "hang": "silence"}.get(effect, "fin")
    elif effect == "garbage":
        assert not received.startswith(b"HTTP")
        assert b"no HTTP" in received
    else:
        status = {"status": 503, "outcome": 500, "redirect": 307, "429": 429}.get(effect, 200)
        assert received.startswith(f"HTTP/1.1 {status} ".encode())
        assert len(body) == int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        if effect in ("status", "html"):
            assert b"<html>" in body
        if effect == "redirect":
            assert b"\r\nLocation: /api/v1/" in head
        if effect == "cut_json":
            with pytest.raises(ValueError, match="line"):
                json.loads(body)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(("phase", "effect"), FAULTS)
def test_every_fault_does_what_it_says(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, phase: str, effect: str, name: str
) -> None:
    endpoint = BY_NAME[name]
    argument, body = a_call(emulator, endpoint)
    before = (emulator.campaigns(), emulator.triggers())
    details: dict[str, dict[str, Any]] = {"outcome": {"code": "DB-ERROR"}, "delay": {"seconds": 0.2}}
    fault = emulator.fault(name, phase=phase, effect=effect, **{"clock": "manual", **details.get(effect, {})})
    started = time.monotonic()
    timeout = 0.3 if effect == "hang" else 5.0
    received, end = exchange(emulator.port, request_bytes(endpoint, argument, body), timeout=timeout)
    if effect == "delay":
        assert time.monotonic() - started >= 0.2
    check_wire(phase, effect, received, end)
    (record,) = emulator.requests()
    assert record.fault == f"{phase}/{effect}"
    carried_out = phase in ("after_commit", "mid_answer") or effect == "delay"
    assert (record.outcome is not None) is carried_out
    assert (record.committed is not None) is (carried_out and not endpoint.reads)
    assert ((emulator.campaigns(), emulator.triggers()) != before) is (carried_out and not endpoint.reads)
    if phase != "before_read":
        assert record.body == body
    answered = effect in ("status", "outcome", "html", "redirect", "429", "cut_json", "delay")
    assert (record.status is not None) is answered
    assert emulator.faults()[0].hits == 1
    emulator.clear_faults(fault)
    assert emulator.faults() == []


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_a_cut_204_is_cut_in_its_head(emulator: Emulator, endpoint: Any) -> None:
    emulator.fault(effect="truncate")
    emulator.fault(effect="cut_json")
    argument = {"create": None, "list": "99"}.get(endpoint.action, UNKNOWN)
    received, end = exchange(emulator.port, request_bytes(endpoint, argument, {"status": "active"}))
    assert end == "fin"
    if endpoint.action != "create":
        assert b"\r\n\r\n" not in received
        emulator.clear_faults(1)
        received, _ = exchange(emulator.port, request_bytes(endpoint, argument, {"status": "active"}))
        assert received.startswith(b"HTTP/1.1 200")
        assert b'{"status_code":204' in received
        assert not received.endswith(b"}")


def test_a_large_body_that_is_not_read_ends_in_fin_too(emulator: Emulator) -> None:
    emulator.fault(phase="before_read", effect="fin")
    body = {**CAMPAIGN, "message": "x" * 300_000}
    received, end = exchange(emulator.port, request_bytes(BY_NAME["createCampaign"], None, body))
    assert (received, end) == (b"", "fin")
    assert emulator.pushes() == {}


@pytest.mark.parametrize(("phase", "effect"), CONNECTION_FAULTS)
def test_connections_are_struck_before_a_byte_is_read(emulator: Emulator, phase: str, effect: str) -> None:
    emulator.fault(phase=phase, effect=effect, nth=1, seconds=0.4)
    data = request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN)
    started = time.monotonic()
    received, end = exchange(emulator.port, data, timeout=0.2 if effect == "hang" else 5.0)
    if effect == "delay":
        assert time.monotonic() - started >= 0.4
        assert received.startswith(b"HTTP/1.1 200")
        return
    assert received == b""
    assert end in {"fin": ("fin", "rst"), "rst": ("rst",), "hang": ("silence",)}[effect]
    assert emulator.requests() == []
    assert exchange(emulator.port, data)[0].startswith(b"HTTP/1.1 200")
    assert emulator.requests()[0].connection == 2
    assert len(emulator.campaigns()) == 1


def test_nth_times_and_probability_choose_the_calls(emulator: Emulator, api: Api) -> None:
    def codes(n: int) -> list[int]:
        return [api.call("listSegment", 1).status_code for _ in range(n)]

    emulator.fault("listSegment", effect="status", nth=[2, 3])
    assert codes(4) == [200, 503, 503, 200]
    emulator.clear_faults()
    emulator.fault("listSegment", effect="status", nth=1)
    assert codes(2) == [503, 200]
    emulator.clear_faults()
    emulator.fault("listSegment", effect="status", times=2)
    assert codes(4) == [503, 503, 200, 200]
    emulator.clear_faults()
    emulator.fault(effect="status", nth=1)  # of each endpoint
    assert codes(2) == [503, 200]
    assert api.call("listCampaign", 1).status_code == 503
    emulator.clear_faults()
    emulator.fault("listSegment", effect="status", probability=0.5)
    drawn = codes(60)
    assert 15 < drawn.count(503) < 45
    emulator.reset()
    for _ in range(4):
        emulator.fault(effect="hang", times=0)  # the same number again makes the same draws
    emulator.clear_faults()
    emulator.fault("listSegment", effect="status", probability=0.5)
    assert codes(60) == drawn


def test_the_first_fault_wins_and_the_others_count_on(emulator: Emulator, api: Api) -> None:
    emulator.fault("listSegment", effect="status", status=502, nth=1)
    emulator.fault("listSegment", effect="429", nth=[1, 2])
    assert [api.call("listSegment", 1).status_code for _ in range(3)] == [502, 429, 200]
    assert [fault.hits for fault in emulator.faults()] == [1, 1]


def test_429_says_when_to_come_back_in_each_form(emulator: Emulator, api: Api) -> None:
    emulator.fault("listSegment", effect="429", nth=1)
    emulator.fault("listSegment", effect="429", nth=2, retry_after=7)
    emulator.fault("listSegment", effect="429", nth=3, retry_after=30, retry_after_date=True)
    emulator.fault("listSegment", effect="429", nth=4, retry_after="soon")
    headers = [api.call("listSegment", 1).headers.get("Retry-After") for _ in range(4)]
    assert headers[:2] == [None, "7"]
    assert headers[3] == "soon"
    assert headers[2] is not None
    assert 27 <= (parsedate_to_datetime(headers[2]) - datetime.now(UTC)).total_seconds() <= 31


def test_status_answers_anything(emulator: Emulator, api: Api) -> None:
    emulator.fault("listSegment", nth=1, effect="status", status=502, body="", headers={"Server": "nginx"})
    emulator.fault("listSegment", nth=2, effect="status", status=500, body={"data": "DB-ERROR"})
    emulator.fault("listSegment", nth=3, effect="status", status=418, body="short and stout")
    emulator.fault("listSegment", nth=4, effect="status", status=204)
    emulator.fault("listSegment", nth=5, effect="redirect", status=302, location="https://elsewhere.example/")
    answers = [api.call("listSegment", 1) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [502, 500, 418, 204, 302]
    assert answers[0].content == b""
    assert answers[0].headers["Server"] == "nginx"
    assert answers[1].json() == {"data": "DB-ERROR"}
    assert answers[2].text == "short and stout"
    assert answers[4].headers["Location"] == "https://elsewhere.example/"


@pytest.mark.parametrize("status", [302, 307])
def test_a_followed_redirect_asks_twice(emulator: Emulator, api: Api, status: int) -> None:
    emulator.fault("createCampaign", effect="redirect", status=status, times=1, phase="after_commit")
    url = emulator.url + "/api/v1/createCampaign"
    api.session.post(url, json=CAMPAIGN, timeout=30)
    # requests turns a POST into a GET on 302, and repeats it on 307: the push goes out twice.
    assert emulator.pushes() == {json.dumps(CAMPAIGN, sort_keys=True): 2 if status == 307 else 1}
    assert emulator.count() == 2


def test_a_hang_ends_when_its_time_is_over(emulator: Emulator) -> None:
    emulator.fault(effect="hang", seconds=0.2)
    started = time.monotonic()
    assert exchange(emulator.port, request_bytes(BY_NAME["listSegment"], "1", None)) == (b"", "fin")
    assert time.monotonic() - started > 0.15


def test_pipelined_and_later_requests_survive_a_fault(emulator: Emulator, api: Api) -> None:
    emulator.fault("listSegment", effect="rst", nth=1)
    data = request_bytes(BY_NAME["listSegment"], "1", None).replace(b"Connection: close\r\n", b"")
    assert exchange(emulator.port, data + data)[1] == "rst"
    assert api.call("listSegment", 1).status_code == 200


def test_a_fault_on_an_unknown_path(emulator: Emulator, api: Api) -> None:
    emulator.fault(effect="outcome", code="DB-ERROR")
    assert api.session.get(emulator.url + "/nowhere", timeout=30).status_code == 500
    assert emulator.requests()[0].fault == "before_commit/outcome"


def test_a_client_that_leaves_in_the_middle_of_its_request_does_no_harm(
    emulator: Emulator, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    data = request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN)
    with socket.create_connection(("127.0.0.1", emulator.port)) as client:
        client.sendall(data[:-10])
        until(lambda: emulator.count() == 1)
    until(lambda: emulator.connections_open == 0)
    assert emulator.campaigns() == []
    assert api.call("listSegment", 1).status_code == 200
    assert not [row for row in caplog.records if row.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"endpoint": "createNothing"}, "endpoint"),
        ({"effect": "explode"}, "effect"),
        ({"effect": "429", "phase": "after_commit"}, "phase of 429"),
        ({"phase": "teatime"}, "Accepted values: accept, before_read"),
        ({"endpoint": "listSegment", "phase": "accept"}, "accept"),
        ({"probability": 2}, "probability"),
        ({"effect": "delay", "seconds": -1}, "seconds"),
        ({"effect": "outcome"}, "code"),
        ({"effect": "outcome", "code": "NO-STATS-FOUND"}, "never answers"),
        ({"effect": "late_commit", "then": "x"}, "then"),
        ({"effect": "late_commit", "clock": "x"}, "clock"),
    ],
)
def test_impossible_faults_are_refused(emulator: Emulator, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        emulator.fault(**given)
    assert emulator.faults() == []


def test_every_effect_and_phase_is_listed() -> None:
    assert {effect for _, effect in (*FAULTS, *HOSTILE_FAULTS)} == set(EFFECTS) == set(MEANINGS)
    assert {phase for phase, _ in (*FAULTS, *HOSTILE_FAULTS, *CONNECTION_FAULTS)} == set(PHASES)
    assert not set(FAULTS) & set(HOSTILE_FAULTS)


def test_faults_may_be_added_from_many_threads(emulator: Emulator) -> None:
    threads = [threading.Thread(target=emulator.fault, args=("listSegment",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(fault.id for fault in emulator.faults()) == list(range(1, 21))
