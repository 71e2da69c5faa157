"""Decide what an answer to a create proves.

A create is never repeated unless it is certain that nothing was created. Only Truepush's own refusal proves that, and
only when every part of the answer agrees with one of the documented refusals and no part claims success. Proxies and
gateways answer with the same HTTP statuses, and with JSON of their own, about requests that have reached Truepush.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.api.protocol.json_text import has_repeated_names
from airflow_provider_truepush.api.protocol.refusal_words import reads_as_refusal

#: An id, whatever stands around it, or something longer that may hold one.
_ANY_ID = re.compile(r"[0-9a-f]{24,}", re.IGNORECASE)
#: The words of a success, with the new id. Truepush misspells "successfully".
_NEW_ID = re.compile(r"\b(created|added)\s+suc\w+\s+with\s+id\W{0,20}[0-9a-f]{24}\b", re.IGNORECASE)
#: The members of a documented refusal, of which one of the last two exists.
_MEMBERS = frozenset({"status_code", "status", "message", "data", "Data"})
#: Characters of a message that is still read; a longer one is not a documented refusal.
_MAX_MESSAGE = 10_000
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: What a message says about something that exists or was sent. Truepush misspells "successfully", so only the first
#: letters count. No documented refusal has one of these words; "unsuccessful", "absent" and "token" are none of them.
#: Negated ones count as well ("created but not sent"): a message in doubt costs a look, a wrong belief a second push.
_CLAIM = re.compile(
    r"""(?<![a-z])suc+e+[sd] | creat | (?<![a-z])(re)?(sent|sending)(?![a-z]) | queue | (?<![a-z])added
    | (?<![a-z])accepted | (?<![a-z])(ok|okay|done|live|already)(?![a-z]) | (?<!not[ ]be[ ])(?<![a-z])processed
    | (?<![a-z])(saved|stored|inserted|submitted|completed|delivered|dispatched|published|launched|pushed|started)
    | (campaign|push|notification|template|trigger)[ ]+((is|was|has|been|now)[ ]+)*scheduled
    | [0-9][ ]+(subscriber|recipient|device|user) | (status|code|http)[^a-z0-9]{0,3}20[0-9](?![0-9])""",
    re.VERBOSE,
)

#: Words that deny, or make conditional, what follows them in the same sentence.
_NEGATION = re.compile(
    r"""(?<![a-z])(no|non|not|never|nothing|none|neither|nor|without|only|cannot|unable|fail(s|ed)?|unless|until|if)(?![a-z])
    | n['\u2019`]t(?![a-z])""",
    re.VERBOSE,
)
#: HTTP statuses with which nothing that could have made a change has looked at the request.
_UNSEEN = frozenset({401, 429})


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
        # The web framework Express removes the body of a 204, so the documented row can only look like this.
        return status == 204 and not body and endpoint.negative == NAME_TAKEN.code
    found = [members[name] for name in ("data", "Data") if name in members]
    if len(found) != 1 or not isinstance(found[0], str):
        return False
    refusals = _OF_TRIGGERS if endpoint.negative == NAME_TAKEN.code else _REFUSALS
    refusal = refusals.get(found[0])
    message = members.get("message")
    return (
        refusal is not None
        and status in refusal.http
        and number(members.get("status_code")) in refusal.numbers
        and members.get("status") == codes.STATUS_ERROR
        # A further member may be a claim, whatever its name: `"created": true`, `"campaignId": "..."`.
        and members.keys() <= _MEMBERS
        and (message is None or (isinstance(message, str) and not claims_success(call, message)))
        and not has_repeated_names(body)
    )


def proves_creation(call: Call[Any], status: int, body: bytes, members: Mapping[str, Any] | None) -> bool:
    """Return whether an answer that reads as a success proves that something was created.

    The answer must have Truepush's code of success, or, without any code, the words of Truepush's success with the new
    id; and no part may contradict it. Any other id proves nothing: a gateway writes the id of its request.

    :param call: the create.
    :param status: the HTTP status.
    :param body: the answer's body.
    :param members: the body as a JSON object; None when it is not one.
    """
    if members is None:
        return False
    status_code, status_text = members.get("status_code"), members.get("status")
    data = [members[name] for name in ("data", "Data") if members.get(name)]
    own_words = not data and (status_code or status_text) and _NEW_ID.search(str(members.get("message")))
    return (
        (call.endpoint.success in data or bool(own_words))
        and 200 <= status < 300
        and (status_code is None or status_code == codes.STATUS_SUCCESS or number(status_code) in (200, 201))
        and (status_text is None or str(status_text).upper() == codes.STATUS_SUCCESS)
        and not has_repeated_names(body)
    )


def contradicts_refusal(
    call: Call[Any], status: int, body: bytes, members: Mapping[str, Any], *, is_bad_request: bool
) -> bool:
    """Return whether a part of a refusal claims that the change was made.

    A deletion, a cancel or a new status may be requested again, so a proxy's refusal needs no proof as that of a
    create does. One that contradicts itself does not prove that nothing was changed.

    :param call: the change.
    :param status: the HTTP status.
    :param body: the answer's body.
    :param members: the body as a JSON object.
    :param is_bad_request: True when it refuses the request itself; only then the message counts.
    """
    found = [members[name] for name in ("data", "Data") if members.get(name) is not None]
    message = members.get("message")
    status_code = members.get("status_code")
    may_claim = is_bad_request and status not in _UNSEEN and isinstance(message, str)
    return (
        call.endpoint.success in found
        or (len(found) > 1 and found[0] != found[1])
        or codes.STATUS_SUCCESS in (members.get("status"), status_code)
        or number(status_code) in (200, 201)
        or (may_claim and _has_success_sentence(call, str(message)))
        or has_repeated_names(body)
    )


def without_sent_ids(call: Call[Any], message: str) -> str:
    """Return a message without the ids that the request contains: they name a segment or a template, nothing new.

    :param call: the create.
    :param message: the message of its answer.
    """
    sent = sent_text(call)
    return _ANY_ID.sub(lambda match: "" if match[0].lower() in sent else match[0], message)


def claims_success(call: Call[Any], message: str) -> bool:
    """Return whether the message of a refusal may claim success, or names the id of something new.

    :param call: the create. A message may quote the ids and the words of its request, such as the segment's id.
    :param message: the message.
    """
    if len(message) > _MAX_MESSAGE:
        return True
    text = _as_shown(unescape(message))
    sent = _as_shown(_text_of(call)).lower()
    shown = _plain(text)
    if _CLAIM.search(shown) or any(each not in sent for each in _ANY_ID.findall(text.lower())):
        return True
    names, values = _parts(call.payload)
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", text)
    return not reads_as_refusal(_plain(text), frozenset(" ".join(map(_plain, names)).split()))


def _plain(text: str) -> str:
    """Return a text in lower case, with a blank between its words."""
    return " ".join(_HUMP.sub(" ", text).lower().replace("_", " ").split())


def _parts(payload: object) -> tuple[set[str], set[str]]:
    """Return the names and the texts of a request, which a refusal may quote."""
    names: set[str] = set()
    values: set[str] = set()
    left = [payload]
    while left:
        part = left.pop()
        if isinstance(part, Mapping):
            names.update(map(str, part))
            left.extend(part.values())
        elif isinstance(part, (list, tuple)):
            left.extend(part)
        elif isinstance(part, str) and part.strip():
            values.update((_as_shown(part), part.upper()) if _ANY_ID.fullmatch(part) else (_as_shown(part),))
    return names, values


def sent_text(call: Call[Any]) -> str:
    """Return the request's body as it is sent, in lower case. What it names is not new in the answer.

    :param call: the create.
    """
    return (call.body or b"").decode().lower()


def _has_success_sentence(call: Call[Any], message: str) -> bool:
    """Return whether a message has the documented sentence of success, such as "Trigger Deleted Successfully".

    Other words prove nothing: a refusal may explain what can be deleted, and what was changed before.
    """
    # The code of success is the sentence. Truepush misspells "successfully", and a canceled campaign has two spellings.
    resource, verb, _ = str(call.endpoint.success).lower().split("-")
    verb = re.sub("l+ed$", "l+ed", verb)
    sentence = re.compile(rf"(?<![a-z]){resource}[^a-z0-9]+{verb}[^a-z0-9]+suc+e+s+ful+y(?![a-z])")
    text = _HUMP.sub(" ", _as_shown(message[:_MAX_MESSAGE])).lower()
    before = (re.split(r"[.;!?](?=\s)", text[: match.start()])[-1] for match in sentence.finditer(text))
    return any(_NEGATION.search(each) is None for each in before)


def number(value: object) -> int | None:
    """Return a ``status_code`` as a number, whether it came as one or as text; None when it is neither.

    :param value: the value.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{3}\s*", value):
        return int(value)
    return value if type(value) is int else None


def _as_shown(text: str) -> str:
    """Return a text without invisible characters, and with the plain form of characters that look alike."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(each for each in plain if unicodedata.category(each) not in ("Cf", "Mn"))


def _text_of(call: Call[Any]) -> str:
    """Return the request's body as text, without escapes."""
    return json.dumps(call.payload, ensure_ascii=False)
