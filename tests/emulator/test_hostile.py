"""Answers that no healthy service gives, on the wire and in the state."""

from __future__ import annotations

import json
import socket
import time
import zlib
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.emulator.dialects import Answer
from airflow_provider_truepush.emulator.hostile import compressed
from tests.emulator.support import BY_NAME, CAMPAIGN, Api, a_call, control, exchange, request_bytes, until


def read_answer(client: socket.socket, wait: float = 2.0) -> tuple[bytes, bytes]:
    """Head and body of one HTTP answer with a length."""
    client.settimeout(wait)
    received = b""
    while b"\r\n\r\n" not in received:
        received += client.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += client.recv(65536)
    return head, body


# Contradictions


@pytest.mark.parametrize("phase", ["before_commit", "after_commit"])
@pytest.mark.parametrize("status", [None, 200, 302, 400, 408, 500])
@pytest.mark.parametrize(
    "fields",
    [
        {"data": "API-LIMIT-EXCEEDED"},
        {"data": "BAD-REQUEST", "status_code": 400},
        {"status": "ERROR"},
        {"status_code": "SUCCESS", "data": None},
        {"message": "id:{id} was made", "Data": ["x"]},
    ],
)
def test_any_envelope_under_any_status_carried_out_or_not(
    emulator: Emulator, api: Api, phase: str, status: int | None, fields: dict[str, Any]
) -> None:
    emulator.fault("createCampaign", effect="contradict", phase=phase, status=status, fields=fields)
    answer = api.call("createCampaign", body=CAMPAIGN)
    body = answer.json()
    made = emulator.campaigns()
    assert len(made) == (phase == "after_commit")
    assert answer.status_code == (status or 200)
    object_id = body["message"].split("id:")[1][:24]
    assert len(object_id) == 24
    assert [row["id"] for row in made] == ([object_id] if made else [])
    truth = {"status_code": 200, "status": "SUCCESS", "data": "CAMPAIGN-CREATED-SUCCESSFULLY"}
    if "Data" in fields:
        del truth["data"]
    expected = {**truth, **fields, "message": body["message"]}
    assert body == expected


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("phase", ["before_commit", "after_commit"])
def test_every_endpoint_can_contradict_itself_and_leave_keys_out(emulator: Emulator, name: str, phase: str) -> None:
    argument, body = a_call(emulator, BY_NAME[name])
    control(
        emulator, "POST", "faults",
        {"endpoint": name, "effect": "contradict", "phase": phase, "drop": ["status", "message"], "fields": {"x": 1}},
    )  # fmt: skip
    client = Api(emulator)
    answer = client.call(name, argument, body)
    client.session.close()
    assert set(answer.json()) == {"status_code", "data", "x"}
    assert answer.json()["status_code"] in (200, 204)
    (record,) = emulator.requests()
    assert (record.outcome is not None) is (phase == "after_commit")


def test_a_contradiction_of_a_bare_204_has_a_body(emulator: Emulator, api: Api) -> None:
    emulator.fault("listCampaign", effect="contradict", fields={"status": "SUCCESS"})
    answer = api.call("listCampaign", 1)
    assert answer.status_code == 200
    assert answer.json() == {
        "status_code": 204, "status": "SUCCESS", "message": "Campaigns Not Found", "data": "CAMPAIGNS-NOT-FOUND",
    }  # fmt: skip


@pytest.mark.parametrize("phase", ["before_commit", "after_commit"])
def test_a_bare_204(emulator: Emulator, api: Api, phase: str) -> None:
    emulator.fault("createCampaign", effect="bare_204", phase=phase)
    answer = api.call("createCampaign", body=CAMPAIGN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(emulator.campaigns()) == (phase == "after_commit")


# Surplus answers


@pytest.mark.parametrize("given", [{}, {"status": 204}, {"body": {"data": {"Sent": 1}}}, {"status": 500, "body": "x"}])
def test_a_second_answer_arrives_on_the_idle_connection(emulator: Emulator, given: dict[str, Any]) -> None:
    ids = emulator.add_campaigns(2)
    emulator.fault("campaignStats", effect="surplus", seconds=0.1, nth=1, **given)
    first = request_bytes(BY_NAME["campaignStats"], ids[0], None).replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", emulator.port)) as client:
        client.sendall(first)
        head, body = read_answer(client)
        assert b"200 OK" in head
        second_head, second_body = (client.recv(65536), b"") if given == {"status": 204} else read_answer(client)
        assert f"HTTP/1.1 {given.get('status', 200)} ".encode() in second_head
        if not given:
            assert second_body == body
        if isinstance(given.get("body"), dict):
            assert json.loads(second_body) == given["body"]
        # The connection is kept: a client that trusts it goes on.
        client.sendall(first)
        assert json.loads(read_answer(client)[1])["data"] == json.loads(body)["data"]
    assert emulator.count() == 2
    assert {row.connection for row in emulator.requests()} == {1}


# Drip


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_drip_sends_a_byte_at_a_time(emulator: Emulator, part: str) -> None:
    emulator.fault("listSegment", effect="drip", seconds=0.02, part=part)
    data = request_bytes(BY_NAME["listSegment"], "1", None)
    arrivals: list[bytes] = []
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as client:
        client.sendall(data)
        started = time.monotonic()
        while len(arrivals) < 12:
            arrivals.append(client.recv(65536))
        assert time.monotonic() - started >= 0.02 * 8
    assert (arrivals[0] == b"H") is (part == "head")
    assert all(len(piece) < 5 for piece in arrivals[1:])
    until(lambda: emulator.connections_open == 0)
    assert emulator.requests()[0].status is None


def test_a_fast_drip_is_the_true_answer(emulator: Emulator, api: Api) -> None:
    emulator.fault("createCampaign", effect="drip", seconds=0, part="head")
    assert api.create("createCampaign", CAMPAIGN) == emulator.campaigns()[0]["id"]
    until(lambda: emulator.requests()[0].status == 200)


def test_an_emulator_stops_in_the_middle_of_a_drip(emulator: Emulator) -> None:
    emulator.fault(effect="drip", seconds=60)
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as client:
        client.sendall(request_bytes(BY_NAME["listSegment"], "1", None))
        until(lambda: emulator.count() == 1)
        started = time.monotonic()
        emulator.stop()
        assert time.monotonic() - started < 5


# Large answers


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_answer_inflates_to_good_json(emulator: Emulator, api: Api, encoding: str) -> None:
    emulator.fault("listSegment", effect="inflate", megabytes=3, encoding=encoding)
    answer = api.call("listSegment", 1)
    assert answer.headers["Content-Encoding"] == encoding
    assert int(answer.headers["Content-Length"]) < 10_000
    assert len(answer.content) == 3_000_000
    assert [row["name"] for row in answer.json()["data"]] == [row["name"] for row in emulator.segments()]
    until(lambda: emulator.requests()[0].status == 200)


def test_inflation_does_not_hold_the_answer_in_memory() -> None:
    packed = compressed(Answer(200, b"{}"), 300, "gzip")
    assert len(packed.body) < 400_000
    reader, size = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    rest = packed.body
    while rest:
        size += len(reader.decompress(rest, 1_000_000))
        rest = reader.unconsumed_tail
    assert size == 300_000_000


@pytest.mark.parametrize("encoding", ["plain", "chunked"])
def test_an_oversized_answer_is_good_json(emulator: Emulator, api: Api, encoding: str) -> None:
    emulator.fault("createCampaign", effect="oversize", megabytes=2.5, encoding=encoding)
    answer = api.call("createCampaign", body=CAMPAIGN)
    assert ("Content-Length" in answer.headers) is (encoding == "plain")
    assert len(answer.content) == 2_500_000
    assert answer.json()["message"].endswith(emulator.campaigns()[0]["id"])
    until(lambda: emulator.requests()[0].status == 200)


def test_a_client_that_stops_reading_an_oversized_answer_does_no_harm(emulator: Emulator, api: Api) -> None:
    emulator.fault("listSegment", effect="oversize", megabytes=500, times=1)
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=5) as client:
        client.sendall(request_bytes(BY_NAME["listSegment"], "1", None))
        client.recv(1000)
    until(lambda: emulator.connections_open == 0)
    assert emulator.requests()[0].status is None
    assert api.call("listSegment", 1).status_code == 200


def test_every_hostile_fault_strikes_where_it_says(emulator: Emulator) -> None:
    """One call of a fitting endpoint each; the history names the fault."""
    from airflow_provider_truepush.emulator import HOSTILE_FAULTS

    for phase, effect in HOSTILE_FAULTS:
        name = {"odd_rows": "listCampaign", "endless_list": "listCampaign", "odd_counters": "campaignStats"}.get(
            effect, "createCampaign"
        )
        argument, body = a_call(emulator, BY_NAME[name])
        emulator.clear_requests()
        emulator.clear_faults()
        emulator.fault(effect=effect, phase=phase, megabytes=0.1, seconds=0.001)
        exchange(emulator.port, request_bytes(BY_NAME[name], argument, body))
        (record,) = emulator.requests()
        assert record.fault == f"{phase}/{effect}"
        assert (record.outcome is not None) is (phase != "before_commit")
        assert emulator.faults()[0].hits == 1
