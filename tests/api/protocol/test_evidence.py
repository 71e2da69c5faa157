"""What an answer to a create proves: every combination of its parts, for all three creates."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushRateLimitError,
)
from tests.api.support import CREATES, ID, OTHER_ID, body, call_of, endpoint, quick, result_or_error, row

MISSING = object()
HTTP = [200, 201, 204, 302, 400, 401, 403, 408, 429, 500, 502]
NUMBERS = [MISSING, None, 200, "200", 204, 302, 400, "400", 401, 403, 429, 500, "SUCCESS", "ERROR", True, 400.0]
WORDS = [MISSING, None, "SUCCESS", "ERROR", "error", "FAILURE"]
CODES = [
    MISSING,
    None,
    "BAD-REQUEST",
    "TOKEN-NOT-FOUND",
    "API-LIMIT-EXCEEDED",
    "DB-ERROR",
    "UNKNOWN",
    "bad-request",
    {},
    [],
]
MESSAGES = [MISSING, "Invalid Data Message", f"Campaign Created Successfully with id:{ID}", f"with\n id: {ID}"]
KEYS = ["data", "Data"]

#: The documented refusals, written down a second time: HTTP statuses, numbers, and what they raise.
DOCUMENTED: dict[str, tuple[set[int], set[Any], type[TruepushError]]] = {
    "BAD-REQUEST": ({200, 400, 401}, {400, "400", 401}, TruepushBadRequestError),
    "TOKEN-NOT-FOUND": ({200, 401}, {401}, TruepushAuthError),
    "API-LIMIT-EXCEEDED": ({200, 429}, {429}, TruepushRateLimitError),
}


def expected(http: int, number: Any, word: Any, code: Any, message: Any) -> type[TruepushError]:
    if isinstance(code, str) and code in DOCUMENTED and word == "ERROR" and message in (MISSING, MESSAGES[1]):
        statuses, numbers, kind = DOCUMENTED[code]
        if http in statuses and type(number) in (int, str) and number in numbers:
            return kind
    return TruepushAmbiguousError


@pytest.mark.parametrize("name", CREATES)
def test_a_refusal_is_believed_only_if_every_part_of_it_agrees(name: str) -> None:
    # Every product for campaigns; the other creates differ by their codes and not by the member that holds them.
    keys = KEYS if name == "createCampaign" else KEYS[:1]
    messages = MESSAGES if name == "createCampaign" else MESSAGES[1:3]
    believed = 0
    codes = [*CODES, row(name).success, "CAMPAIGN-CREATING-FAILED"]
    for http, number, word, code, message, key in itertools.product(HTTP, NUMBERS, WORDS, codes, messages, keys):
        parts = {"status_code": number, "status": word, "message": message, key: code}
        members = {part: value for part, value in parts.items() if value is not MISSING}
        result = result_or_error(Exchange(call_of(name)).conclude, Reply(http, body(**members)))
        kind = expected(http, number, word, code, message)
        if kind is not TruepushAmbiguousError:
            believed += 1
            assert type(result) is kind, parts
        elif isinstance(result, TruepushError):
            assert type(result) is TruepushAmbiguousError, parts
            assert not result.repeatable
        else:
            # A success, which only the id or Truepush's own code without a contradiction proves.
            assert result in (ID, None)
            assert result == ID or code == row(name).success, parts
            assert (
                code in (MISSING, None, row(name).success, "UNKNOWN", "bad-request", "CAMPAIGN-CREATING-FAILED")
                or code == {}
                or code == []
            )
    assert believed == (2 if MISSING in messages else 1) * len(keys) * (3 * 3 + 2 + 2)


CLAIMS: list[dict[str, Any]] = [
    {"message": "Campaign Created Successfully"},
    {"message": f"Invalid Data Message. id:{ID}"},
    {"message": f"Invalid Data Message. ID : {ID.upper()}"},
    {"message": {"text": "created", "id": ID}},
    {"message": ["successful"]},
    {"id": ID},
    {"_id": ID},
    {"result": {"_id": ID}},
    {"success": True},
    {"Data": "CAMPAIGN-CREATED-SUCCESSFULLY"},
    {"Data": "TOKEN-NOT-FOUND"},
    {"Data": {}},
    {"status": "SUCCESS"},
    {"status": "Success"},
    {"status": None},
    {"status_code": 200},
]
REFUSALS: list[dict[str, Any]] = [
    {"status_code": 400, "status": "ERROR", "message": "Invalid Data Message", "data": "BAD-REQUEST"},
    {"status_code": 401, "status": "ERROR", "message": "No token provided.", "data": "TOKEN-NOT-FOUND"},
    {"status_code": 429, "status": "ERROR", "message": "API Usage Limit Exceeded", "data": "API-LIMIT-EXCEEDED"},
]


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal["data"])
@pytest.mark.parametrize("name", CREATES)
def test_one_claim_of_success_makes_a_refusal_doubtful(
    name: str, refusal: dict[str, Any], claim: dict[str, Any]
) -> None:
    for http in (200, refusal["status_code"]):
        whole = Reply(http, body(**refusal))
        assert type(result_or_error(Exchange(call_of(name)).conclude, whole)) is not TruepushAmbiguousError
        doubtful = Reply(http, body(**{**refusal, **claim}))
        assert type(result_or_error(Exchange(call_of(name)).conclude, doubtful)) is TruepushAmbiguousError


#: Each in the place of, or beside, the members of a refusal.
MORE_CLAIMS: list[dict[str, Any]] = [
    {"message": "CAMPAIGN CREATED SUCCESFULLY"},
    {"message": "campaign-sucessfully-queued"},
    {"message": f"campaign {ID} created"},
    {"message": f"created with ids: {ID}"},
    {"message": f"with id={ID}"},
    {"message": f"wi\u200bth i\u200bd: {ID[:9]}\u200b{ID[9:]}"},
    {"message": "with id:" + " " * 30 + ID},
    {"message": f"Invalid Data Message ({ID})"},
    {"message": "Your campaign has been created"},
    {"message": "campaignCreated"},
    {"message": "CAMPAIGN_CREATED"},
    {"message": "\uff23\uff52\uff45\uff41\uff54\uff45\uff44"},
    {"message": "\u0441ampaign \u0441reated"},
    {"message": "\u6d3b\u52a8\u5df2\u521b\u5efa"},
    {"message": "Push sent to 1203 subscribers"},
    {"message": "Sending to 1203 subscribers"},
    {"message": "Campaign added, but the tags were ignored"},
    {"message": "Accepted; the campaign is queued"},
    {"message": "campaign is already there"},
    {"message": "Campaign is scheduled"},
    {"message": "OK"},
    {"message": "HTTP 200"},
    {"message": 200},
    {"message": True},
    {"message": ["Invalid Data Message"]},
    {"message": "x" * 20_000},
    {"campaignId": ID},
    {"campaign_id": ID},
    {"result": {"campaignID": ID}},
    {"campaign": {"_id": ID, "state": "queued"}},
    {"created": True},
    {"ok": True},
    {"success": False},
    {"Status": "OK"},
    {"DATA": "CAMPAIGN-CREATED-SUCCESFULLY"},
    {"statusCode": 200},
    {"code": 200},
    {"code": "CAMPAIGN-CREATED-SUCCESFULLY"},
    {"warnings": ["tag too long"]},
    {"requestId": "5"},
    {"id": None},
    {"Data": None},
    {"status_code": True},
    {"status_code": 400.0},
    {"status_code": 401.0},
    {"status_code": 429.0},
    {"status_code": ["429"]},
    {"data": ["BAD-REQUEST"]},
]


@pytest.mark.parametrize("claim", MORE_CLAIMS, ids=str)
@pytest.mark.parametrize("name", CREATES)
def test_a_refusal_has_the_documented_members_and_a_message_that_claims_nothing(
    name: str, claim: dict[str, Any]
) -> None:
    for refusal in REFUSALS:
        for http in (200, refusal["status_code"]):
            reply = Reply(http, body(**{**refusal, **claim}))
            assert type(result_or_error(Exchange(call_of(name)).conclude, reply)) is TruepushAmbiguousError


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal["data"])
@pytest.mark.parametrize("name", CREATES)
def test_a_repeated_member_makes_a_refusal_doubtful(name: str, refusal: dict[str, Any]) -> None:
    success = {"status_code": 200, "status": "SUCCESS", "message": f"Created with id:{ID}", "data": row(name).success}
    last = body(**refusal)
    for first in (body(**success), *(body(**{key: value}) for key, value in success.items()), body(data=[[]])):
        reply = Reply(refusal["status_code"], first[:-1] + b", " + last[1:])
        assert type(result_or_error(Exchange(call_of(name)).conclude, reply)) is TruepushAmbiguousError
    deep = b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b", " + last[1:]
    reply = Reply(refusal["status_code"], deep)
    assert type(result_or_error(Exchange(call_of(name)).conclude, reply)) is TruepushAmbiguousError
    # The other way round: a success without an id.
    without_id = body(**{**success, "message": "x"})
    reply = Reply(200, last[:-1] + b", " + without_id[1:])
    assert type(result_or_error(Exchange(call_of(name)).conclude, reply)) is TruepushAmbiguousError


@pytest.mark.parametrize(
    "message",
    [
        None,
        "",
        "No token provided.",
        "no  token\nprovided",
        "Failed to authenticate token.",
        "Invalid Data Message: title must not be empty",
        "INVALID DATA MESSAGE",
        "title: unsuccessful",
        "tags.0 must be a string, is absent",
        "timings are in the past",
        "scheduled must be a boolean",
        "link must be a valid URL of at most 2000 characters",
        "The request could not be processed",
        "Too many requests, please try again later.",
        "API Usage Limit Exceeded",
        "API limit of 200 requests reached",
        "Trigger adding failed",
        "title is too long: Größe",
    ],
)
def test_a_message_that_claims_nothing_leaves_a_refusal_believed(message: str | None) -> None:
    call = endpoint("createCampaign").call(None, {"title": "Größe", "message": "m"})
    for refusal in REFUSALS:
        reply = Reply(refusal["status_code"], body(**{**refusal, "message": message}))
        kind = DOCUMENTED[refusal["data"]][2]
        assert type(result_or_error(Exchange(call).conclude, reply)) is kind


def test_an_id_of_the_request_itself_is_not_a_claim() -> None:
    call = endpoint("createCampaign").call(None, {"title": "T", "segment": ID})
    for found, kind in ((ID, TruepushBadRequestError), (OTHER_ID, TruepushAmbiguousError)):
        reply = Reply(400, body(**{**REFUSALS[0], "message": f"No segment of id: {found}"}))
        assert type(result_or_error(Exchange(call).conclude, reply)) is kind


def test_a_taken_name_is_believed_only_if_every_part_agrees() -> None:
    taken = {"status_code": 204, "status": "ERROR", "message": "Trigger adding failed", "data": "TRIGGER-ADDING-FAILED"}

    def end(http: int, raw: bytes) -> Any:
        return type(result_or_error(Exchange(call_of("createTrigger")).conclude, Reply(http, raw)))

    assert end(200, body(**taken)) is TruepushBadRequestError
    assert end(204, b"") is TruepushBadRequestError
    for http in (201, 302, 400, 500):
        assert end(http, body(**taken)) is TruepushAmbiguousError
    for raw in (b"<html>", b"[]", b" ", body(**{**taken, "status": "SUCCESS"}), body(**{**taken, "status_code": 200})):
        assert end(204, raw) is TruepushAmbiguousError
        assert end(200, raw) is TruepushAmbiguousError


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, b""),
        Reply(429, b"<html>", "5"),
        Reply(429, body(status="ERROR", message="Too many requests")),
        Reply(408, body(status_code=400)),
        Reply(302, body(status_code=400)),
        Reply(400, body(status="ERROR", message="Blocked by the gateway")),
        Reply(401, body(status_code=401, status="ERROR", message="Log in")),
        Reply(403, body(status_code=403, status="ERROR", message="Forbidden", data="FORBIDDEN")),
    ],
)
def test_an_answer_of_a_gateway_settles_nothing(name: str, reply: Reply) -> None:
    assert type(result_or_error(Exchange(call_of(name)).conclude, reply)) is TruepushAmbiguousError


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.parametrize(
    ("http", "members", "created"),
    [
        (200, {"status_code": 200, "status": "SUCCESS", "data": "{success}"}, None),
        (200, {"status_code": "SUCCESS", "status": "SUCCESS", "Data": "{success}"}, None),
        (200, {"data": "{success}"}, None),
        (500, {"status_code": 500, "status": "ERROR", "message": f"id:{ID}", "data": "{success}"}, ID),
        (200, {"status_code": 200, "status": "SUCCESS", "message": f"id:{ID}"}, ID),
        (500, {"data": "{success}"}, TruepushAmbiguousError),
        (200, {"status": "ERROR", "data": "{success}"}, TruepushAmbiguousError),
        (200, {"status_code": 400, "data": "{success}"}, TruepushAmbiguousError),
        (200, {"status_code": 200, "status": "SUCCESS"}, TruepushAmbiguousError),
        (200, {"status_code": 200, "status": "SUCCESS", "message": "Welcome", "data": {}}, TruepushAmbiguousError),
    ],
)
def test_a_success_needs_the_id_or_truepushs_own_code(
    name: str, http: int, members: dict[str, Any], created: Any
) -> None:
    told = {
        key: value.format(success=row(name).success) if isinstance(value, str) else value
        for key, value in members.items()
    }
    result = result_or_error(Exchange(call_of(name)).conclude, Reply(http, body(**told)))
    assert (type(result) if isinstance(result, TruepushError) else result) == created


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.sampled_from(["SUCCESS", "ERROR", f"id:{ID}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@quick
@given(
    st.sampled_from(CREATES),
    st.sampled_from(HTTP),
    st.dictionaries(st.sampled_from(["status_code", "status", "message", "x"]), anything),
)
def test_without_truepushs_own_code_nothing_is_refused(name: str, http: int, members: dict[str, Any]) -> None:
    result = result_or_error(Exchange(call_of(name)).conclude, Reply(http, body(**members)))
    assert result == ID or type(result) is TruepushAmbiguousError


@pytest.mark.parametrize("key", ["segment", "segmentId", "templateId"])
@pytest.mark.parametrize("name", CREATES)
def test_an_id_of_the_request_is_not_taken_for_the_new_one(name: str, key: str) -> None:
    call = endpoint(name).call(None, {"title": "T", key: OTHER_ID})
    success = {"status_code": 200, "status": "SUCCESS", "data": row(name).success}
    for shown in (OTHER_ID, OTHER_ID.upper()):
        both = Reply(200, body(**success, message=f"Created for id: {shown}, with id:{ID}"))
        assert Exchange(call).conclude(both) == ID
        alone = Reply(200, body(**success, message=f"Created for id: {shown}"))
        assert Exchange(call).conclude(alone) is None
