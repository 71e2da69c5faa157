"""The outcomes of requests, in the words of Truepush's reference."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError

#: The messages of success; what was created adds its id.
_SUCCESS = {
    "createCampaign": "Campaign Created Successfully",
    "cancelCampaign": "Campaign Cancelled Successfully",
    "campaignStats": "Stats Fetched Successfully",
    "listSegment": "Successfully fetched Segment data.",
    "deleteSegment": "Segment Deleted Successfully",
    "createTemplate": "Template Created Successfully",
    "deleteTemplate": "Template Deleted Successfully",
    "listTemplate": "Successfully fetched template data.",
    "createTrigger": "Trigger Added successfully",
    "deleteTrigger": "Trigger Deleted Successfully",
    "listTrigger": "Successfully fetched Trigger data.",
    "triggerStatus": "Trigger Updated Successfully",
    "listCampaign": "Successfully fetched Campaigns data.",
}
#: The messages of the "204" rows.
_NEGATIVE = {
    "createCampaign": "Campaign Creating failed",
    "cancelCampaign": "Can't Cancel Because Already Sent or Cancelled",
    "campaignStats": "No Stats Found",
    "listSegment": "Segments Not Found",
    "deleteSegment": "No Segment Found to Delete",
    "createTemplate": "Template Creating failed",
    "deleteTemplate": "No Template Found to Delete",
    "listTemplate": "No Templates Found",
    "createTrigger": "Trigger adding failed",
    "deleteTrigger": "No Trigger Found to Delete",
    "listTrigger": "Triggers Not Found",
    "triggerStatus": "No Trigger Found to Update or already in given status",
    "listCampaign": "Campaigns Not Found",
}
BAD_REQUEST_MESSAGE = "Invalid Data Message"
_SHARED = {
    codes.BAD_REQUEST: (400, BAD_REQUEST_MESSAGE),
    codes.TOKEN_NOT_FOUND: (401, "No token provided."),
    codes.API_LIMIT_EXCEEDED: (429, "API Usage Limit Exceeded"),
    codes.DB_ERROR: (500, "Internal Server Error"),
}
BY_NAME: dict[str, Endpoint[Any]] = {endpoint.name: endpoint for endpoint in ENDPOINTS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a request.

    :param endpoint: name of the endpoint.
    :param number: the body's ``status_code``.
    :param code: its ``data`` code; SUCCESS where the data is a payload.
    :param message: the human one, without an id.
    :param payload: a list of rows or the counters.
    :param created: the id of what was created.
    :param changed: the id of what was created, changed or deleted.
    :param detail: why a request is bad.
    """

    endpoint: str
    number: int
    code: str
    message: str
    payload: Any = None
    created: str | None = None
    changed: str | None = None
    detail: str | None = None


def success(endpoint: str, payload: Any = None, *, created: str | None = None, changed: str | None = None) -> Outcome:
    """Return the endpoint's success."""
    code = BY_NAME[endpoint].success or codes.STATUS_SUCCESS
    return Outcome(endpoint, 200, code, _SUCCESS[endpoint], payload, created, changed or created)


def negative(endpoint: str) -> Outcome:
    """Return the endpoint's "204" row."""
    return Outcome(endpoint, 204, BY_NAME[endpoint].negative, _NEGATIVE[endpoint])


def shared(endpoint: str, code: str, detail: str | None = None) -> Outcome:
    """Return an outcome that every endpoint has.

    :param code: one of the codes that every endpoint has.
    :param detail: why a request is bad.
    """
    number, message = _SHARED[code]
    return Outcome(endpoint, number, code, message, detail=detail)


def by_code(endpoint: str, code: str) -> Outcome:
    """Return the outcome of a code: a shared one, or the endpoint's "204" row."""
    if code in _SHARED:
        return shared(endpoint, code)
    if code == BY_NAME[endpoint].negative:
        return negative(endpoint)
    accepted = (*_SHARED, BY_NAME[endpoint].negative)
    raise TruepushEmulatorError(f"{endpoint} never answers {code!r}. Accepted codes: {', '.join(accepted)}.")


def as_json(body: Any, indent: int | None = None) -> bytes:
    """Return a JSON body as it goes over the wire."""
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(body, ensure_ascii=False, separators=separators, indent=indent)
    # An unpaired surrogate is legal in JSON, where it is written with an escape, and impossible in UTF-8.
    return text.encode("utf-8", "backslashreplace")
