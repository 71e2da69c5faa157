"""Each endpoint and each outcome: the result, or the error that says what happened and what to do."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure, without_next_step
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
from airflow_provider_truepush.models import CampaignRef, CampaignStats, SegmentRef, TemplateRef, TriggerRef
from tests.api.support import (
    CHANGES,
    CREATES,
    ID,
    LISTS,
    NAMES,
    NOW,
    READS,
    answer,
    body,
    call_of,
    error_of,
    negative,
    result_or_error,
    row,
    succeeded,
)

RESULTS: dict[str, Any] = {
    **dict.fromkeys(CREATES, ID),
    **dict.fromkeys(CHANGES, True),
    "campaignStats": CampaignStats(200, 100, 80, 40, 8, 3, 2, 4),
    "listSegment": [SegmentRef(ID, "N")],
    "listTemplate": [TemplateRef(ID, "N")],
    "listTrigger": [TriggerRef(ID, "N", "active")],
    "listCampaign": [CampaignRef(ID, "T")],
}
#: What an error about a request that changed nothing says of the object.
UNTOUCHED = {
    "createCampaign": "The campaign was not created.",
    "createTemplate": "The template was not created.",
    "createTrigger": "The trigger was not created.",
    "cancelCampaign": "The campaign was not canceled by this request.",
    "campaignStats": "Only this status request failed; the campaign is not affected.",
    "deleteSegment": "The segment was not deleted by this request.",
    "deleteTemplate": "The template was not deleted by this request.",
    "deleteTrigger": "The trigger was not deleted by this request.",
    "triggerStatus": "The trigger was not changed by this request.",
    **dict.fromkeys(LISTS, "Only this list request failed; the project is not affected."),
}
#: What an error about a request that may be repeated says to do.
NEXT_STEP = "Repeating the request is harmless. If this continues, check the status of Truepush, and"
NEGATIVES: dict[str, Any] = {**dict.fromkeys(CHANGES, False), "campaignStats": None, **{name: [] for name in LISTS}}


def settled_by(name: str, result: Reply | Failure) -> Any:
    return Exchange(call_of(name)).conclude(result)


@pytest.mark.parametrize("name", NAMES)
def test_a_success_is_returned(name: str) -> None:
    assert settled_by(name, succeeded(name)) == RESULTS[name]


@pytest.mark.parametrize("name", CREATES)
def test_a_success_without_an_id_returns_none(name: str) -> None:
    for message in ("Created Successfully", "", None, f"{ID}"):
        reply = Reply(200, body(status_code=200, status="SUCCESS", message=message, data=row(name).success))
        assert settled_by(name, reply) is None


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in CREATES])
def test_the_204_row_is_the_negative_result(name: str, bare: bool) -> None:
    assert settled_by(name, Reply(204, b"") if bare else negative(name)) == NEGATIVES[name]


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("name", ["createCampaign", "createTemplate"])
def test_the_204_row_of_a_create_leaves_doubt(name: str, bare: bool) -> None:
    error = error_of(Exchange(call_of(name)), Reply(204, b"") if bare else negative(name))
    assert type(error) is TruepushAmbiguousError
    assert not error.repeatable
    assert error.code == row(name).negative
    said = "no message" if bare else "Nothing of the kind"
    resource = row(name).resource
    assert str(error) == (
        f"POST /api/v1/{name}: Truepush reported that creating failed ({said}). The {resource} may or may not have "
        f"been created, so the request is not repeated. Look for it in Truepush, or list the {resource}s, before you "
        "send it again."
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_advice_to_look_for_what_may_exist_can_be_left_out(name: str) -> None:
    error = error_of(Exchange(call_of(name)), Failure(sent=True, reason="no answer"))
    what = without_next_step(error)
    if name in CREATES:
        assert what.endswith(" may or may not have been created, so the request is not repeated.")
        assert str(error).startswith(f"{what} Look for it in Truepush, or list the ")
    else:
        assert what == str(error)


@pytest.mark.parametrize("bare", [True, False])
def test_the_204_row_of_a_trigger_means_a_taken_name(bare: bool) -> None:
    error = error_of(Exchange(call_of("createTrigger")), Reply(204, b"") if bare else negative("createTrigger"))
    assert type(error) is TruepushBadRequestError
    assert error.http_status == (204 if bare else 200)
    assert error.code == "TRIGGER-ADDING-FAILED"
    assert str(error).startswith("POST /api/v1/createTrigger: Truepush did not add the trigger (")
    assert "a trigger of this name already exists. The trigger was not created. Choose another name." in str(error)


def documented_error(kind: type[TruepushError]) -> tuple[str, int, str]:
    """`data`, number and message of the row that becomes this error."""
    return {
        TruepushBadRequestError: ("BAD-REQUEST", 400, "Invalid Data Message"),
        TruepushAuthError: ("TOKEN-NOT-FOUND", 401, "No token provided."),
        TruepushRateLimitError: ("API-LIMIT-EXCEEDED", 429, "API Usage Limit Exceeded"),
        TruepushServerError: ("DB-ERROR", 500, "Internal Server Error"),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "next_step"),
    [
        (TruepushBadRequestError, ". Correct the request; Truepush would refuse it again as it is."),
        (TruepushAuthError, ". Check the token in the connection's password field."),
        (TruepushRateLimitError, ". Try again later, or set the connection's extra"),
        (TruepushServerError, ""),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_the_errors_that_all_endpoints_share(name: str, kind: type[TruepushError], next_step: str) -> None:
    code, number, message = documented_error(kind)
    for status in (number, 200):
        error = error_of(Exchange(call_of(name)), answer(status, number, "ERROR", message, code))
        expected = TruepushAmbiguousError if kind is TruepushServerError and name in CREATES else kind
        assert type(error) is expected
        assert (error.endpoint, error.http_status, error.code) == (name, status, code)
        assert str(error).startswith(f"{call_of(name)}: ")
        assert next_step in str(error)
        if kind in (TruepushBadRequestError, TruepushAuthError):
            assert message in str(error)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (body(data="BAD-REQUEST", message=" Invalid\nData "), 'it answered: "Invalid Data"'),
        (b"<html>\n", "HTTP 400, `<html>`"),
        (b"", "HTTP 400, an empty body"),
    ],
)
def test_the_whole_message_of_a_refusal(raw: bytes, said: str) -> None:
    error = error_of(Exchange(call_of("cancelCampaign")), Reply(400, raw))
    assert str(error) == (
        f"{call_of('cancelCampaign')}: Truepush refused the request ({said}). The campaign was not "
        "canceled by this request. Correct the request; Truepush would refuse it again as it is."
    )


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("raw", [b"<html>\n", b"", b'{"message": "Forbidden"}'])
def test_a_proxys_refusal_of_a_create_leaves_doubt(status: int, raw: bytes) -> None:
    error = error_of(Exchange(call_of("createCampaign")), Reply(status, raw))
    assert isinstance(error, TruepushAmbiguousError)
    assert "is not repeated" in str(error)


@pytest.mark.parametrize(
    ("name", "consequence"),
    [
        ("campaignStats", f"Only this status request failed; the campaign is not affected. {NEXT_STEP}"),
        *((name, f"Only this list request failed; the project is not affected. {NEXT_STEP}") for name in LISTS),
        *((name, f"The change may have been made. {NEXT_STEP}") for name in CHANGES),
        *((name, f"The {row(name).resource} may or may not have been created") for name in CREATES),
    ],
)
@pytest.mark.parametrize(
    "result",
    [
        Reply(502, b"<html>Bad Gateway</html>"),
        Reply(500, body(status_code=500, status="ERROR", message="x", data="DB-ERROR")),
        Reply(200, b'{"status_code":200,"stat'),
        Failure(sent=True, reason="no answer within 30 s"),
    ],
    ids=["proxy", "DB-ERROR", "half an answer", "lost"],
)
def test_doubt_says_what_may_have_happened(name: str, consequence: str, result: Reply | Failure) -> None:
    error = error_of(Exchange(call_of(name)), result)
    assert consequence in str(error)
    assert error.endpoint == name
    if isinstance(error, TruepushAmbiguousError):
        assert error.repeatable == (name not in CREATES)
    if isinstance(result, Failure):
        assert type(error) is TruepushAmbiguousError
        assert "no answer within 30 s" in str(error)
        assert (error.http_status, error.code) == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_the_error_of_a_failed_connection(name: str) -> None:
    error = error_of(Exchange(call_of(name)), Failure(sent=False, reason="connection refused"))
    assert type(error) is TruepushConnectionError
    assert str(error) == (
        f"{call_of(name)}: connection refused. The request was not sent. {UNTOUCHED[name]} "
        "If this continues, check the connection's host, port and scheme, and the proxy."
    )
    assert (error.endpoint, error.http_status, error.code) == (name, None, None)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CREATES])
@pytest.mark.parametrize("http", [200, 299, 300, 302, 399, 404])
def test_the_error_of_an_unreadable_answer(name: str, http: int) -> None:
    error = error_of(Exchange(call_of(name)), Reply(http, b"<html>login</html>"))
    assert type(error) is TruepushProtocolError
    assert f"HTTP {http}, `<html>login</html>`" in str(error)
    assert ("check the connection's host" in str(error)) == (300 <= http <= 399)


@pytest.mark.parametrize("data", [None, "SOMETHING-NEW", 5, {"_id": ID}])
@pytest.mark.parametrize("name", READS)
def test_a_success_with_unreadable_data_is_an_error(name: str, data: Any) -> None:
    error = error_of(Exchange(call_of(name)), answer(200, 200, "SUCCESS", "ok", data))
    assert type(error) is TruepushProtocolError
    assert "returned a result that this version cannot read: " in str(error)
    assert f"{UNTOUCHED[name]} If this continues, update this provider" in str(error)


retry_after_headers = [
    ("12", 12.0, "after 12 s"),
    ("Mon, 01 Jun 2026 12:00:45 GMT", 45.0, "after 45 s"),
    ("soon", None, "later"),
    (None, None, "later"),
]


@pytest.mark.parametrize(("header", "seconds", "said"), retry_after_headers)
def test_retry_after(header: str | None, seconds: float | None, said: str) -> None:
    full = body(status_code=429, status="ERROR", message="x", data="API-LIMIT-EXCEEDED")
    for name, raw in itertools.product(NAMES, [b"", b"<html>", body(data="API-LIMIT-EXCEEDED"), full]):
        if name in CREATES and raw != full:
            continue  # a proxy's word about a create settles nothing
        error = error_of(Exchange(call_of(name), now=lambda: NOW), Reply(429, raw, header))
        assert isinstance(error, TruepushRateLimitError)
        assert error.retry_after == seconds
        assert f"Try again {said}" in str(error)


def test_the_real_clock_is_the_default() -> None:
    at = datetime.now(UTC).replace(year=datetime.now(UTC).year + 1, day=1)
    error = error_of(Exchange(call_of("listSegment")), Reply(429, b"", at.strftime("%a, %d %b %Y %H:%M:%S GMT")))
    assert isinstance(error, TruepushRateLimitError)
    assert error.retry_after is not None
    assert 300 * 86_400 < error.retry_after < 400 * 86_400


@pytest.mark.parametrize("name", ["createCampaign", "createTrigger", "cancelCampaign", "listCampaign"])
@pytest.mark.parametrize("data", ["BAD-REQUEST", "TOKEN-NOT-FOUND", "DB-ERROR", "API-LIMIT-EXCEEDED", "NEW", None])
def test_a_long_message_is_cut(name: str, data: str | None) -> None:
    reply = answer(400, 400, "ERROR", "\ud800 many\n words " * 100_000, data or row(name).negative)
    error = result_or_error(Exchange(call_of(name)).conclude, reply)
    assert len(str(error)) < 700
    assert str(error).encode()
