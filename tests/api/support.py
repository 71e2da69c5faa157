"""What the tests of the core share. Its table is transcribed from Truepush's reference, not from the core."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import settings

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Call, Endpoint
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.exceptions import TruepushError, TruepushValidationError
from tests.support.tokens import SESSION_TOKEN

#: Method, path with its parameter, resource, `data` of success (- where it is a payload), `data` of the "204".
TABLE = """
POST   createCampaign     campaign CAMPAIGN-CREATED-SUCCESSFULLY  CAMPAIGN-CREATING-FAILED
PUT    cancelCampaign/:id campaign CAMPAIGN-CANCELLED-SUCCESFULLY ALREADY-SENT-OR-CANCELLED
GET    campaignStats/:id  campaign -                              NO-STATS-FOUND
GET    listSegment/:page  segment  -                              SEGMENTS-NOT-FOUND
DELETE deleteSegment/:id  segment  SEGMENT-DELETED-SUCCESSFULLY   NO-SEGMENT-FOUND-TO-DELETE
POST   createTemplate     template TEMPLATE-CREATED-SUCCESSFULLY  TEMPLATE-CREATING-FAILED
DELETE deleteTemplate/:id template TEMPLATE-DELETED-SUCCESSFULLY  NO-TEMPLATE-FOUND-TO-DELETE
GET    listTemplate/:page template -                              TEMPLATES-NOT-FOUND
POST   createTrigger      trigger  TRIGGER-ADDED-SUCCESSFULLY     TRIGGER-ADDING-FAILED
DELETE deleteTrigger/:id  trigger  TRIGGER-DELETED-SUCCESSFULLY   NO-TRIGGER-FOUND-TO-DELETE
GET    listTrigger/:page  trigger  -                              TRIGGERS-NOT-FOUND
PUT    triggerStatus/:id  trigger  TRIGGER-UPDATED-SUCCESSFULLY   NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS
GET    listCampaign/:page campaign -                              CAMPAIGNS-NOT-FOUND
"""


class Row(NamedTuple):
    """A row of the table above."""

    method: str
    name: str
    parameter: str | None
    resource: str
    success: str | None
    negative: str


def _row(line: str) -> Row:
    method, path, resource, success, negative = line.split()
    name, _, parameter = path.partition("/:")
    return Row(method, name, parameter or None, resource, None if success == "-" else success, negative)


ROWS = [_row(line) for line in TABLE.strip().splitlines()]
NAMES = [row.name for row in ROWS]
CREATES = [row.name for row in ROWS if row.method == "POST"]
READS = [row.name for row in ROWS if row.method == "GET"]
CHANGES = [row.name for row in ROWS if row.method in ("PUT", "DELETE")]
LISTS = [row.name for row in ROWS if row.parameter == "page"]

ID = "5f8d407ad11b5a2c2c524f63"
OTHER_ID = "5fca2051f5dcf4f88078e23a"
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
#: The suite searches whatever it wrote for this one: it belongs into no name of a test.
TOKEN = SESSION_TOKEN

COUNTERS = {
    "Reach": 200,
    "Sent": 100,
    "Delivered": 80,
    "Views": 40,
    "Clicks": 8,
    "Button0": 3,
    "Button1": 2,
    "Unsubscribers": 4,
}

#: For property tests: a busy machine must not fail them.
quick = settings(deadline=None)


def endpoint(name: str) -> Endpoint[Any]:
    """The row of the module under test with this name."""
    return next(each for each in ENDPOINTS if each.name == name)


def row(name: str) -> Row:
    """The row of the reference with this name."""
    return next(each for each in ROWS if each.name == name)


def call_of(name: str) -> Call[Any]:
    """A call of an endpoint, with whatever it takes."""
    given = row(name)
    argument = {None: None, "id": ID, "page": 1}[given.parameter]
    payload = {"any": "thing"} if given.method == "POST" or name == "triggerStatus" else None
    return endpoint(name).call(argument, payload)


def success_data(name: str) -> Any:
    """The `data` with which an endpoint succeeds."""
    if name == "campaignStats":
        return COUNTERS
    if row(name).parameter == "page":
        extra = {"listCampaign": {"title": "T"}, "listTrigger": {"name": "N", "status": "active"}}
        return [{"_id": ID, **extra.get(name, {"name": "N"})}]
    return row(name).success


def body(**members: Any) -> bytes:
    """A JSON object in bytes."""
    return json.dumps(members).encode()


def answer(http: int, status_code: Any, status: str, message: str, data: Any, key: str = "data") -> Reply:
    """A complete envelope."""
    return Reply(http, body(status_code=status_code, status=status, message=message, **{key: data}))


def succeeded(name: str) -> Reply:
    """The documented success of an endpoint."""
    return answer(200, 200, "SUCCESS", f"Done with id:{ID}", success_data(name))


def negative(name: str) -> Reply:
    """The documented "204" of an endpoint, under HTTP 200 because a 204 has no body."""
    return answer(200, 204, "ERROR", "Nothing of the kind", row(name).negative)


def error_of(exchange: Exchange[Any], result: Reply | Failure) -> TruepushError:
    """The error an exchange ends with; it holds nothing of how it came about that a traceback would show."""
    with pytest.raises(TruepushError) as caught:
        exchange.conclude(result)
    unchained(caught.value)
    return caught.value


def result_or_error(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, or the error of ours that it raises; any other error is the test's failure."""
    try:
        return function(*arguments)
    except TruepushError as error:
        unchained(error)
        return error


def unchained(error: BaseException) -> None:
    """Check that no other exception would be shown with this one."""
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


@contextmanager
def refused(
    field: str, shown: str | None = None, why: str = "", *, remedy: str = "", hiding: str | None = None
) -> Iterator[None]:
    """Expect the error for an invalid value, with the field's name, the value, the reason and the remedy."""
    with pytest.raises(TruepushValidationError) as caught:
        yield
    message = str(caught.value)
    assert message.startswith(f"{field}: {why}"), message
    if shown is not None:
        assert f"got {shown}" in message
    if hiding is not None:
        assert hiding not in message
    advice = re.escape(f" {remedy}.") if remedy else ""
    assert re.search(rf" (Nothing was \w+|The \w+ was not created)\.{advice}", message), message
    unchained(caught.value)


def connection(**given: Any) -> Settings:
    """Settings that differ from the defaults in what is given."""
    return Settings(**{"base_url": "https://api.truepush.com", "token": TOKEN, **given})


def without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A mapping without some of its keys."""
    return {key: value for key, value in mapping.items() if key not in names}
