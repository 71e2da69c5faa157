"""Several requests of one call: what an earlier one has left open decides what a later answer means."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushServerError,
)
from tests.api.support import CHANGES, CREATES, READS, answer, body, call_of, error_of, negative, row, succeeded

LOST = Failure(sent=True, reason="connection reset")
REFUSED = Failure(sent=False, reason="connection refused")
LIMITED = Reply(429, b"", "1")
DOUBTFUL: dict[str, Reply | Failure] = {
    "lost": LOST,
    "DB-ERROR": answer(500, 500, "ERROR", "Internal Server Error", "DB-ERROR"),
    "DB-ERROR under 200": answer(200, 500, "ERROR", "Internal Server Error", "DB-ERROR"),
    "502": Reply(502, b"<html>"),
    "503": Reply(503, b""),
    "504": Reply(504, b"<html>"),
    "unreadable": Reply(200, b"{"),
    "redirect": Reply(302, b""),
}
SETTLED: dict[str, Reply | Failure] = {
    "refused": REFUSED,
    "429": LIMITED,
    "429 in a body": answer(200, 429, "ERROR", "API Usage Limit Exceeded", "API-LIMIT-EXCEEDED"),
    "401": answer(401, 401, "ERROR", "No token provided.", "TOKEN-NOT-FOUND"),
    "400": answer(401, 400, "ERROR", "Invalid Data Message", "BAD-REQUEST"),
}


@pytest.mark.parametrize("first", DOUBTFUL)
@pytest.mark.parametrize("name", CHANGES)
def test_a_negative_result_after_doubt_means_done(name: str, first: str) -> None:
    for end in (negative(name), Reply(204, b"")):
        exchange = Exchange(call_of(name))
        error_of(exchange, DOUBTFUL[first])
        assert exchange.conclude(end) is True


@pytest.mark.parametrize("first", SETTLED)
@pytest.mark.parametrize("name", CHANGES)
def test_a_negative_result_without_doubt_means_not_done(name: str, first: str) -> None:
    for end in (negative(name), Reply(204, b"")):
        exchange = Exchange(call_of(name))
        error_of(exchange, SETTLED[first])
        error_of(exchange, SETTLED[first])
        assert exchange.conclude(end) is False


@pytest.mark.parametrize("name", CHANGES)
def test_doubt_remains_whatever_errors_follow(name: str) -> None:
    for first, second in itertools.product(DOUBTFUL.values(), SETTLED.values()):
        for series in ((first, second), (second, first)):
            exchange = Exchange(call_of(name))
            for result in series:
                error_of(exchange, result)
            assert exchange.conclude(Reply(204, b"")) is True


@pytest.mark.parametrize("name", CHANGES)
def test_a_success_after_doubt_is_a_success(name: str) -> None:
    for first in (*DOUBTFUL.values(), *SETTLED.values()):
        exchange = Exchange(call_of(name))
        error_of(exchange, first)
        assert exchange.conclude(succeeded(name)) is True


@pytest.mark.parametrize("name", READS)
def test_a_read_without_a_result_after_doubt_has_none(name: str) -> None:
    for first in DOUBTFUL.values():
        exchange = Exchange(call_of(name))
        error_of(exchange, first)
        assert not exchange.conclude(Reply(204, b""))


@pytest.mark.parametrize("first", DOUBTFUL)
@pytest.mark.parametrize("name", CREATES)
def test_a_create_never_counts_as_done(name: str, first: str) -> None:
    """Creates are sent once; should somebody use an exchange twice all the same, doubt does not become an id."""
    exchange = Exchange(call_of(name))
    error_of(exchange, DOUBTFUL[first])
    assert isinstance(error_of(exchange, Reply(204, b"")), (TruepushAmbiguousError, TruepushBadRequestError))
    assert type(error_of(exchange, REFUSED)) is TruepushAmbiguousError


AFTER_DOUBT: list[tuple[Reply | Failure, type[TruepushError]]] = [
    (SETTLED["429"], TruepushRateLimitError),
    (SETTLED["401"], TruepushAuthError),
    (SETTLED["400"], TruepushBadRequestError),
    (SETTLED["refused"], TruepushAmbiguousError),
    (DOUBTFUL["lost"], TruepushAmbiguousError),
    (DOUBTFUL["502"], TruepushServerError),
    (DOUBTFUL["unreadable"], TruepushProtocolError),
]


@pytest.mark.parametrize(("then", "kind"), AFTER_DOUBT)
@pytest.mark.parametrize("name", CHANGES)
def test_an_error_after_doubt_does_not_claim_that_nothing_changed(
    name: str, then: Reply | Failure, kind: type[TruepushError]
) -> None:
    exchange = Exchange(call_of(name))
    error_of(exchange, LOST)
    error = error_of(exchange, then)
    assert type(error) is kind
    assert "may have " in str(error)
    assert " was not " not in str(error)
    assert f"{call_of(name)}, request 2: " in str(error)


@pytest.mark.parametrize("name", READS)
def test_a_read_has_changed_nothing_however_often_it_failed(name: str) -> None:
    exchange = Exchange(call_of(name))
    error_of(exchange, LOST)
    assert "not affected." in str(error_of(exchange, LIMITED))
    error = error_of(exchange, REFUSED)
    assert type(error) is TruepushConnectionError
    assert "request 3" in str(error)


#: Parts that contradict a documented refusal of a change.
CONTRADICTIONS: list[dict[str, Any]] = [
    {"status": "SUCCESS"},
    {"status_code": 200},
    {"status_code": "SUCCESS"},
    {"Data": "{success}"},
]
#: The documented messages of success.
SENTENCES = {
    "cancelCampaign": "Campaign Cancelled Successfully",
    "deleteSegment": "Segment Deleted Successfully",
    "deleteTemplate": "Template Deleted Successfully",
    "deleteTrigger": "Trigger Deleted Successfully",
    "triggerStatus": "Trigger Updated Successfully",
}
#: Messages of ordinary refusals; {success} is the documented message of success, {other} that of another endpoint.
ORDINARY = [
    "The request was not successful",
    "Only inactive templates can be deleted",
    "Template couldn't be removed",
    "Default segments are never deleted",
    "The campaign was updated after it was canceled",
    "It was deleted",
    "No {success}",
    "It isn\u2019t true that {success}",
    "Never {success}. Try again",
    "Only a {success} can be undone",
    "{other}",
]


@pytest.mark.parametrize("contradiction", CONTRADICTIONS, ids=str)
@pytest.mark.parametrize("code", ["BAD-REQUEST", "TOKEN-NOT-FOUND", "API-LIMIT-EXCEEDED"])
@pytest.mark.parametrize("name", CHANGES)
def test_a_refusal_of_a_change_that_claims_success_leaves_doubt(
    name: str, code: str, contradiction: dict[str, Any]
) -> None:
    number = {"BAD-REQUEST": 400, "TOKEN-NOT-FOUND": 401, "API-LIMIT-EXCEEDED": 429}[code]
    refusal = {"status_code": number, "status": "ERROR", "message": "It was not deleted", "data": code}
    assert type(error_of(Exchange(call_of(name)), Reply(200, body(**refusal)))) is not TruepushServerError
    claims = {key: row(name).success if value == "{success}" else value for key, value in contradiction.items()}
    exchange = Exchange(call_of(name))
    error = error_of(exchange, Reply(200, body(**{**refusal, **claims})))
    assert type(error) is TruepushServerError  # which is repeated
    assert "The change may have been made" in str(error)
    assert exchange.conclude(negative(name)) is True


@pytest.mark.parametrize("name", CHANGES)
def test_the_documented_message_of_success_in_a_refusal_leaves_doubt(name: str) -> None:
    said = SENTENCES[name]
    for message in (said, f"Not valid. {said}", f"{said.upper()}!", said.replace(" ", "_"), f"{row(name).success}"):
        refusal = body(status_code=400, status="ERROR", message=message, data="BAD-REQUEST")
        for status in (200, 400):
            assert type(error_of(Exchange(call_of(name)), Reply(status, refusal))) is TruepushServerError, message


@pytest.mark.parametrize("message", ORDINARY)
@pytest.mark.parametrize("name", CHANGES)
def test_an_ordinary_refusal_of_a_change_is_one(name: str, message: str) -> None:
    other = SENTENCES["deleteTrigger" if name != "deleteTrigger" else "triggerStatus"]
    said = message.format(success=SENTENCES[name], other=other)
    refusal = body(status_code=400, status="ERROR", message=said, data="BAD-REQUEST")
    assert type(error_of(Exchange(call_of(name)), Reply(400, refusal))) is TruepushBadRequestError


@pytest.mark.parametrize("name", CHANGES)
def test_the_message_of_a_wrong_token_or_a_limit_claims_nothing(name: str) -> None:
    """Nothing that could have made the change has looked at the request."""
    kinds = ((401, "TOKEN-NOT-FOUND", TruepushAuthError), (429, "API-LIMIT-EXCEEDED", TruepushRateLimitError))
    for message in ("Your API token was changed", "Token deleted", "Not successful", SENTENCES[name]):
        for number, code, kind in kinds:
            for status, data in ((number, code), (200, code), (number, "OTHER")):
                refusal = body(status_code=number, status="ERROR", message=message, data=data)
                assert type(error_of(Exchange(call_of(name)), Reply(status, refusal))) is kind, message


def test_two_members_of_one_name_leave_doubt_about_a_change() -> None:
    raw = b'{"data":"TRIGGER-DELETED-SUCCESSFULLY","status":"ERROR","status_code":400,"data":"BAD-REQUEST"}'
    assert type(error_of(Exchange(call_of("deleteTrigger")), Reply(200, raw))) is TruepushServerError
