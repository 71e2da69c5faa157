"""What an answer to a create proves.

A create is never repeated unless it is certain that nothing was created. Only Truepush's own refusal proves that, and
only when every part of the answer agrees with one of the documented refusals and no part claims success. Proxies and
gateways answer with the same HTTP statuses, and with JSON of their own, about requests that they have let through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import Call

_ID = re.compile(r"(?<![a-z])id\W{0,20}([0-9a-f]{24})\b", re.IGNORECASE)
#: "Created successfully", "SUCCESS" and the codes of success; not "unsuccessful".
_SUCCESS = re.compile(r"(?<![a-z])success", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A documented answer after which nothing was created.

    :param code: its ``data``.
    :param http: the HTTP statuses it comes with. HTTP 200 is among them: it was seen whatever the body says.
    :param numbers: the values of its ``status_code``.
    """

    code: str
    http: frozenset[int]
    numbers: frozenset[int]


#: The refusals that all three creates share.
REFUSALS = (
    # The reference documents HTTP 401 with a body that says 400.
    Refusal(codes.BAD_REQUEST, frozenset({200, 400, 401}), frozenset({400, 401})),
    Refusal(codes.TOKEN_NOT_FOUND, frozenset({200, 401}), frozenset({401})),
    Refusal(codes.API_LIMIT_EXCEEDED, frozenset({200, 429}), frozenset({429})),
)
#: The name of a trigger is taken. The same row of the two other creates leaves doubt: "creating failed".
NAME_TAKEN = Refusal("TRIGGER-ADDING-FAILED", frozenset({200}), frozenset({204}))

_REFUSALS = {refusal.code: refusal for refusal in REFUSALS}
_OF_TRIGGERS = {**_REFUSALS, NAME_TAKEN.code: NAME_TAKEN}


def proves_refusal(call: Call[Any], status: int, body: bytes, members: Mapping[str, Any] | None) -> bool:
    """Return whether an answer proves that a create was refused.

    :param call: the create.
    :param status: the HTTP status.
    :param body: the answer's body.
    :param members: the body as a JSON object; None when it is not one.
    """
    endpoint = call.endpoint
    if members is None:
        # Express strips the body of a 204, so this is all that the documented row can look like.
        return status == 204 and not body and endpoint.negative == NAME_TAKEN.code
    found = [members[name] for name in ("data", "Data") if members.get(name) is not None]
    if len(found) != 1 or not isinstance(found[0], str):
        return False
    refusals = _OF_TRIGGERS if endpoint.negative == NAME_TAKEN.code else _REFUSALS
    refusal = refusals.get(found[0])
    return (
        refusal is not None
        and status in refusal.http
        and number(members.get("status_code")) in refusal.numbers
        and members.get("status") == codes.STATUS_ERROR
        and not claims_success(call, members)
    )


def proves_creation(call: Call[Any], status: int, members: Mapping[str, Any] | None) -> bool:
    """Return whether an answer that reads as a success proves that something was created.

    The id in the message proves it. Without one, Truepush's own code of success must be there, and nothing may
    contradict it.

    :param call: the create.
    :param status: the HTTP status.
    :param members: the body as a JSON object; None when it is not one.
    """
    if members is None:
        return False
    if _new_ids(call, str(members.get("message"))):
        return True
    said = members.get("status_code")
    return (
        call.endpoint.success in (members.get("data"), members.get("Data"))
        and 200 <= status < 300
        and (said is None or said == codes.STATUS_SUCCESS or number(said) in (200, 201))
        and members.get("status") in (None, codes.STATUS_SUCCESS)
    )


def claims_success(call: Call[Any], members: Mapping[str, Any]) -> bool:
    """Return whether any part of an answer claims success, or names the id of something new.

    :param call: the create.
    :param members: the body as a JSON object.
    """
    return any(_SUCCESS.search(text) or _new_ids(call, text) for text in _texts(members))


def number(value: object) -> int | None:
    """Return a ``status_code`` as a number, whether it came as one or as text; None when it is neither.

    :param value: the value.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{3}\s*", value):
        return int(value)
    return value if type(value) is int else None


def _texts(members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        if isinstance(value, str):
            # With its name: a member `"id"` is as good as an id in the message.
            yield f"{name}:{value}"
        elif isinstance(value, (dict, list)):
            try:
                yield f"{name}:{json.dumps(value)}"
            except (ValueError, RecursionError):
                yield codes.STATUS_SUCCESS  # unreadable, so it may be a claim
        elif value:
            yield name  # `"success": true`


def _new_ids(call: Call[Any], text: str) -> set[str]:
    """The ids that a text names, but for those that the request itself holds, such as the segment's."""
    found = {match.lower() for match in _ID.findall(text)}
    if not found:
        return found
    sent = (call.body or b"").decode().lower()
    return {each for each in found if each not in sent}
