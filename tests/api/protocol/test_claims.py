"""Messages and members of a refusal that may claim success."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushBadRequestError,
)
from tests.api.protocol.refusals import DOCUMENTED
from tests.api.support import CREATES, ID, OTHER_ID, body, call_of, endpoint, result_or_error, row

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
    *(
        {"message": message}
        for message in (
            "Your campaign is on its way",
            "Limit reached: campaign is on its way, 1,204 pushes went out",
            "Campaign went out to all",
            "Broadcast in progress",
            "Request received",
            "Processing your campaign",
            "Kampagne versendet",
            "Broadcast complete",
            "&#99;reated",
            "c r e a t e d",
            "cre ated",
            "It is out",
            "Campaign is running",
            "Everything fine",
            "campaign id 12345",
            "No errors",
            "Too many requests, creating campaign",
            "Limit reached, request received",
            "Please wait",
            "Request validated. Retry not required.",
            "All subscribers have it. No retry",
            "Message is out. Not again",
            "Not only valid but set active",
            "No required field missing. Campaign active",
            "Zero validation errors",
            "Limit reached. Campaign went out to all",
            "Template exists",
        )
    ),
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
        '"title" is not allowed to be empty',
        "title must not exceed 100 characters",
        "campaignExpiryTime must be a number of hours above 0",
        "Rate limit exceeded, retry in 60 seconds",
        "link can't be blank",
        "jwt expired",
        "title is too long: Größe",
        "Please enter a valid title",
        "Expected string, received number",
        "Your plan does not support this feature",
        "title is mandatory",
        "Rate limit exceeded. Retry after 60 secs",
        "You have exceeded your daily limit. Upgrade your plan to send more.",
        "API limit exceeded. Please contact support",
        "Invalid Token, please login again",
        "Token has been revoked",
        "Segment not exists",
        r"title fails to match the required pattern: /^\d{2}-\d{2}-\d{4}$/",
        'child "title" fails because [title is required]',
        "should NOT have additional properties",
        'Cast to ObjectId failed for value "x" (type string) at path "segment" for model "Campaign"',
        "Unexpected end of JSON input",
        "Too many requests, please try again after some time",
        "Your project has no subscribers",
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
