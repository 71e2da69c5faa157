"""What an answer to a create proves: the combinations of its parts, for all three creates."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushBadRequestError,
    TruepushError,
)
from tests.api.protocol.refusals import DOCUMENTED
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
#: Of the codes that no refusal is documented for, `make fuzz` tries every combination, and the suite one in so many. It
#: has no divisor in common with the lengths above, so that each two parts still meet in each pair of their values.
STRIDE = 1 if "TRUEPUSH_FUZZ" in os.environ else 17


def combinations(codes: list[Any], messages: list[Any], keys: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield HTTP status, number, word, code, message and the member of the code: every one of documented refusals."""
    for number, combination in enumerate(itertools.product(HTTP, NUMBERS, WORDS, codes, messages, keys)):
        code = combination[3]
        if number % STRIDE == 0 or (isinstance(code, str) and code in DOCUMENTED):
            yield combination


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
    for http, number, word, code, message, key in combinations(codes, messages, keys):
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
        (
            500,
            {"status_code": 500, "status": "ERROR", "message": f"id:{ID}", "data": "{success}"},
            TruepushAmbiguousError,
        ),
        (300, {"status_code": 200, "message": f"id:{ID}", "data": "{success}"}, TruepushAmbiguousError),
        (600, {"status_code": 200, "message": f"id:{ID}", "data": "{success}"}, TruepushAmbiguousError),
        (400, {"status_code": 200, "status": "ERROR", "message": f"request id:{ID}"}, TruepushAmbiguousError),
        (200, {"status": "SUCCESS", "message": f"queued; trace-id: {ID}"}, TruepushAmbiguousError),
        (200, {"status_code": 200, "data": "{success}", "message": f"request id: {ID}"}, None),
        (200, {"status_code": 200, "data": "{success}", "message": f"trace-id: {ID}, with id: {OTHER_ID}"}, OTHER_ID),
        (200, {"status_code": 200, "status": "SUCCESS", "message": f"id:{ID}"}, TruepushAmbiguousError),
        (200, {"status_code": 200, "message": f"Campaign Created Succesfully with\nid: {ID}"}, ID),
        (200, {"status_code": 200, "status": "Success", "data": "{success}"}, None),
        (200, {"status": "SUCCESS", "message": f"Campaign Created Succesfully with id:{ID}"}, ID),
        (500, {"status_code": 200, "message": f"Campaign Created Succesfully with id:{ID}"}, TruepushAmbiguousError),
        (200, {"message": f"Campaign Created Succesfully with id:{ID}"}, TruepushAmbiguousError),
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
