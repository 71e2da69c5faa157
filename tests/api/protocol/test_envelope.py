"""Reading answers: every form that was documented or seen, and contradictions in the settled order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.envelope import Outcome, Reply, read_reply, retry_after_seconds, shorten
from tests.api.support import (
    CREATES,
    ID,
    NAMES,
    READS,
    answer,
    body,
    endpoint,
    row,
    success_data,
)

SUCCESS, NEGATIVE, UNREADABLE = Outcome.SUCCESS, Outcome.NEGATIVE, Outcome.UNREADABLE
BAD, AUTH, LIMIT, SERVER = Outcome.BAD_REQUEST, Outcome.UNAUTHORIZED, Outcome.RATE_LIMITED, Outcome.SERVER_ERROR

#: The rows that all endpoints share: HTTP status, body's status_code, message, data.
SHARED: list[tuple[int, int, str, str, Outcome]] = [
    (401, 401, "No token provided.", "TOKEN-NOT-FOUND", AUTH),
    (429, 429, "API Usage Limit Exceeded", "API-LIMIT-EXCEEDED", LIMIT),
    (500, 500, "Internal Server Error", "DB-ERROR", SERVER),
]
BAD_REQUEST_ROW = (401, 400, "Invalid Data Message", "BAD-REQUEST", BAD)


def documented() -> list[tuple[str, int, int, str, Any, Outcome]]:
    """The 68 responses of the reference: endpoint, HTTP status, status_code, message, data, outcome."""
    found: list[tuple[str, int, int, str, Any, Outcome]] = []
    for name in NAMES:
        found.append((name, 200, 200, f"Done with id:{ID}", success_data(name), SUCCESS))
        found.append((name, 204, 204, "It failed", row(name).negative, NEGATIVE))
        shared = [*SHARED, BAD_REQUEST_ROW] if name in CREATES else SHARED
        found.extend((name, *each) for each in shared)
    return found


def _label(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def test_sixty_eight_responses_are_documented() -> None:
    assert len(documented()) == 68


@pytest.mark.parametrize(("name", "http", "number", "message", "data", "outcome"), documented(), ids=_label)
def test_documented_responses_in_every_dialect(
    name: str, http: int, number: int, message: str, data: Any, outcome: Outcome
) -> None:
    word = "SUCCESS" if outcome is SUCCESS else "ERROR"
    for status, key in itertools.product([http, number, 200], ["data", "Data"]):
        envelope = read_reply(endpoint(name), answer(status, number, word, message, data, key))
        assert (envelope.outcome, envelope.message, envelope.data) == (outcome, message, data)
        assert envelope.code == (data if isinstance(data, str) else None)


@pytest.mark.parametrize("name", NAMES)
def test_a_bare_204_is_the_negative_row_of_any_endpoint(name: str) -> None:
    for raw in (b"", b" \r\n", b"<html></html>", b"[]"):
        envelope = read_reply(endpoint(name), Reply(204, raw))
        assert (envelope.outcome, envelope.code) == (NEGATIVE, row(name).negative)
        assert (envelope.message, envelope.data) == ("", None)


@pytest.mark.parametrize("name", NAMES)
def test_a_204_with_a_body_is_read(name: str) -> None:
    assert read_reply(endpoint(name), answer(204, 400, "ERROR", "no", "BAD-REQUEST")).outcome is BAD
    assert read_reply(endpoint(name), answer(204, 200, "SUCCESS", "yes", success_data(name))).outcome is SUCCESS


PROXY_PAGES = {
    "html": b"<html><head><title>50x</title></head><body>nginx</body></html>",
    "nothing": b"",
    "text": b"upstream connect error",
    "list": b"[1, 2]",
    "string": b'"DB-ERROR"',
    "number": b"200",
    "null": b"null",
    "no UTF-8": b'{"data": "\xff\xfe"}',
    "cut off": b'{"status_code":200,"status":"SUCCESS","data":"CAMPAIGN-CREATED-SUCC',
    "endless brackets": b'{"a":' * 12_000,
    "endless digits": b'{"status_code":' + b"2" * 5_000 + b"}",
    "utf-16": '{"data": "ok"'.encode("utf-16"),
    "nul bytes": b"\0" * 64,
}


BY_HTTP_STATUS = {
    UNREADABLE: [0, 100, 200, 201, 202, 301, 302, 307, 404, 408, 413, 499, 600],
    BAD: [400],
    AUTH: [401, 403],
    LIMIT: [429],
    SERVER: [500, 502, 503, 504, 599],
}


@pytest.mark.parametrize("page", PROXY_PAGES.values(), ids=PROXY_PAGES)
def test_without_an_envelope_the_http_status_decides(page: bytes) -> None:
    for outcome, statuses in BY_HTTP_STATUS.items():
        for http, name in itertools.product(statuses, ("createCampaign", "deleteSegment", "campaignStats")):
            envelope = read_reply(endpoint(name), Reply(http, page))
            assert (envelope.outcome, envelope.message, envelope.data, envelope.code) == (outcome, "", None, None)


@pytest.mark.parametrize(
    ("members", "http", "outcome"),
    [
        # 1. A known code beats everything.
        ({"data": "TEMPLATE-CREATED-SUCCESSFULLY", "status_code": 500, "status": "ERROR"}, 500, SUCCESS),
        ({"data": "TEMPLATE-CREATING-FAILED", "status_code": 200, "status": "SUCCESS"}, 200, NEGATIVE),
        ({"data": "BAD-REQUEST", "status_code": 200, "status": "SUCCESS"}, 200, BAD),
        ({"data": "BAD-REQUEST", "status_code": 401}, 401, BAD),
        ({"data": "TOKEN-NOT-FOUND", "status_code": 400}, 400, AUTH),
        ({"data": "API-LIMIT-EXCEEDED", "status_code": 500}, 503, LIMIT),
        ({"data": "DB-ERROR", "status_code": 204}, 204, SERVER),
        # A code of another endpoint is not known here.
        ({"data": "CAMPAIGN-CREATED-SUCCESSFULLY", "status_code": 500, "status": "SUCCESS"}, 200, SERVER),
        ({"data": "CAMPAIGN-CREATING-FAILED", "status_code": 400}, 200, BAD),
        # 2. The body's number beats its word and the HTTP status.
        ({"data": "SOMETHING-NEW", "status_code": 400, "status": "SUCCESS"}, 401, BAD),
        ({"status_code": 401, "status": "SUCCESS"}, 200, AUTH),
        ({"status_code": 403, "status": "SUCCESS"}, 200, AUTH),
        ({"status_code": 404, "status": "SUCCESS"}, 200, UNREADABLE),
        ({"status_code": 302, "status": "SUCCESS"}, 200, UNREADABLE),
        ({"status_code": 300, "status": "SUCCESS"}, 200, UNREADABLE),
        ({"status_code": 499, "status": "SUCCESS"}, 200, UNREADABLE),
        ({"status_code": 202, "status": "SUCCESS"}, 500, SUCCESS),
        ({"status_code": 299, "status": "SUCCESS"}, 500, SUCCESS),
        ({"status_code": 599, "status": "SUCCESS"}, 200, SERVER),
        ({"status_code": 600, "status": "SUCCESS"}, 200, SUCCESS),
        ({"status_code": 429, "status": "SUCCESS"}, 200, LIMIT),
        ({"status_code": 503, "status": "SUCCESS"}, 200, SERVER),
        ({"status_code": 204, "status": "SUCCESS"}, 200, NEGATIVE),
        ({"status_code": 200, "status": "ERROR"}, 500, SUCCESS),
        ({"status_code": 201, "status": "ERROR"}, 400, SUCCESS),
        ({"status_code": "200", "status": "ERROR"}, 400, SUCCESS),
        ({"status_code": " 429 ", "status": "SUCCESS"}, 400, LIMIT),
        ({"status_code": "SUCCESS", "status": "ERROR"}, 500, SUCCESS),
        # 3. The word beats the HTTP status.
        ({"status": "SUCCESS"}, 500, SUCCESS),
        ({"status": "SUCCESS", "status_code": None}, 401, SUCCESS),
        ({"status": "SUCCESS", "status_code": True}, 401, SUCCESS),
        ({"status": "SUCCESS", "status_code": "9" * 5000}, 401, SUCCESS),
        ({"status": "SUCCESS", "status_code": [200]}, 401, SUCCESS),
        # 4. The HTTP status: `ERROR` does not say which one.
        ({"status": "ERROR"}, 400, BAD),
        ({"status": "ERROR"}, 401, AUTH),
        ({"status": "ERROR"}, 204, NEGATIVE),
        ({"status": "ERROR"}, 429, LIMIT),
        ({"status": "ERROR"}, 502, SERVER),
        ({"status": "ERROR"}, 200, UNREADABLE),
        ({"status": "ERROR", "status_code": "ERROR"}, 500, SERVER),
        ({"data": "SOMETHING-NEW"}, 200, UNREADABLE),
        ({"data": "SOMETHING-NEW"}, 500, SERVER),
        ({"status": "success"}, 200, UNREADABLE),
        ({"status": True, "status_code": False}, 200, UNREADABLE),
        ({"status_code": 200.5}, 200, UNREADABLE),
        ({"status_code": 20}, 200, UNREADABLE),
        ({"status_code": 600}, 200, UNREADABLE),
        ({"status_code": 499}, 500, UNREADABLE),
        ({"message": "SUCCESS"}, 200, UNREADABLE),
        ({}, 200, UNREADABLE),
        ({}, 504, SERVER),
        ({"error": "Bad Gateway"}, 502, SERVER),
    ],
)
def test_contradictory_envelopes(members: dict[str, Any], http: int, outcome: Outcome) -> None:
    assert read_reply(endpoint("createTemplate"), Reply(http, body(**members))).outcome is outcome


@pytest.mark.parametrize("name", READS)
def test_data_without_a_claim_of_success_is_unreadable(name: str) -> None:
    envelope = read_reply(endpoint(name), Reply(200, body(data=success_data(name))))
    assert envelope.outcome is UNREADABLE  # neither a number nor a word claims success


@pytest.mark.parametrize(
    ("members", "data"),
    [
        ({"data": 1, "Data": 2}, 1),
        ({"data": None, "Data": "DB-ERROR"}, "DB-ERROR"),
        ({"data": [], "Data": "DB-ERROR"}, []),
        ({"data": "", "Data": "DB-ERROR"}, ""),
        ({"Data": None}, None),
        ({"DATA": 1}, None),
    ],
)
def test_both_spellings_of_data_are_read(members: dict[str, Any], data: Any) -> None:
    envelope = read_reply(endpoint("listCampaign"), Reply(200, body(status_code=200, **members)))
    assert envelope.data == data


@pytest.mark.parametrize("message", [None, 5, ["a"], {"a": 1}, True])
def test_a_message_that_is_not_text_is_none(message: Any) -> None:
    assert read_reply(endpoint("createCampaign"), Reply(200, body(status_code=200, message=message))).message == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_encodings_that_json_allows_are_read(encoding: str) -> None:
    raw = '{"status_code": 200, "message": "größer"}'.encode(encoding)
    assert read_reply(endpoint("createCampaign"), Reply(200, raw)).message == "größer"


def test_a_huge_body_is_read() -> None:
    rows = [{"_id": f"{number:024x}", "title": "x" * 50} for number in range(20_000)]
    reply = Reply(200, body(status_code=200, status="SUCCESS", message="ok", data=rows))
    assert read_reply(endpoint("listCampaign"), reply).data == rows


def test_what_a_server_says_cannot_control_a_terminal() -> None:
    assert shorten("a\x1b[31m\0b\u202e\u200b\r\nc Größe") == "a\ufffd[31m\ufffdb\ufffd\ufffd c Größe"


@pytest.mark.parametrize("header", ["1e308", "9" * 300, "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_an_absurd_wait_is_ten_years(header: str) -> None:
    assert retry_after_seconds(header, datetime(2026, 1, 1, tzinfo=UTC)) == 10 * 366 * 86_400
