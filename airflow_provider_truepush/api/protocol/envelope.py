"""Read an answer: decide its outcome, in any form that the server or a proxy gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from airflow_provider_truepush.api.checks.cut import MARK, beginning
from airflow_provider_truepush.api.checks.text import writable
from airflow_provider_truepush.api.protocol import codes, limits
from airflow_provider_truepush.api.protocol.endpoints import Endpoint
from airflow_provider_truepush.api.protocol.evidence import number
from airflow_provider_truepush.api.protocol.json_text import read_json

#: Characters of a text that an error shows.
_SHOWN = limits.MAX_QUOTED
#: Characters of a text in which secrets are searched for an error. What is removed makes room for what follows.
_READ = 64 * _SHOWN
#: Seconds that ``Retry-After`` counts for at most, so that an absurd value stays a readable number.
_LONGEST_WAIT = 10 * 366 * 86_400.0


class Outcome(Enum):
    """The outcome of an answer."""

    SUCCESS = "success"
    NEGATIVE = "negative"
    BAD_REQUEST = "bad request"
    UNAUTHORIZED = "unauthorized"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    CONTRADICTORY = "contradictory"
    UNREADABLE = "unreadable"


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete HTTP answer, not yet read.

    :param status: HTTP status.
    :param body: the body's bytes, decompressed.
    :param retry_after: the header of that name.
    :param hide: removes the connection's secrets from what errors quote. Data is never changed.
    :param is_irregular: True when it is malformed, more bytes follow it, or a header names something new. Only
        answers to creates are checked: such a one proves no refusal.
    """

    status: int
    body: bytes
    retry_after: str | None = None
    hide: Callable[[str], str] = field(default=_as_it_is, repr=False, compare=False)
    is_irregular: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer after it was read.

    :param outcome: its outcome.
    :param message: Truepush's own words; empty without any.
    :param data: the payload, or a code.
    :param code: the code; None when ``data`` is not a code.
    :param members: the whole body; None when it is not a JSON object.
    """

    outcome: Outcome
    message: str
    data: Any
    code: str | None
    members: Mapping[str, Any] | None = None


_SHARED = {
    codes.BAD_REQUEST: Outcome.BAD_REQUEST,
    codes.TOKEN_NOT_FOUND: Outcome.UNAUTHORIZED,
    codes.API_LIMIT_EXCEEDED: Outcome.RATE_LIMITED,
    codes.DB_ERROR: Outcome.SERVER_ERROR,
}


def read_reply(endpoint: Endpoint[Any], reply: Reply) -> Envelope:
    """Decide the outcome of an answer.

    A known ``data`` code decides; without one, the body's ``status_code``, then its ``status``, then the HTTP status.
    Servers were seen to contradict themselves, and in this order the more specific part wins.
    """
    body = _body(reply.body)
    if body is None:
        return _without_envelope(endpoint, reply)
    message = body.get("message")
    data = body.get("Data") if body.get("data") is None else body["data"]
    code = data if isinstance(data, str) else None
    outcome = (
        _by_code(endpoint, code)
        or _by_number(body.get("status_code"))
        or _by_word(body.get("status_code"))
        or _by_word(body.get("status"))
    )
    return Envelope(outcome or _by_http_status(reply), message if isinstance(message, str) else "", data, code, body)


def _body(raw: bytes) -> Mapping[str, Any] | None:
    try:
        body = read_json(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _without_envelope(endpoint: Endpoint[Any], reply: Reply) -> Envelope:
    """Read a proxy's page, or an empty body, which is the only body that HTTP allows for a 204."""
    outcome = _by_http_status(reply)
    return Envelope(outcome, "", None, endpoint.negative if outcome is Outcome.NEGATIVE else None)


def _by_http_status(reply: Reply) -> Outcome:
    """Decide by the HTTP status, as the last resort. It distinguishes failures, but proves no success."""
    outcome = _by_number(reply.status)
    return Outcome.UNREADABLE if outcome in (None, Outcome.SUCCESS) else outcome


def is_known_code(endpoint: Endpoint[Any], code: str) -> bool:
    """Return whether an endpoint documents a code.

    :param endpoint: the endpoint.
    :param code: what the answer has as its ``data``.
    """
    return _by_code(endpoint, code) is not None


def _by_code(endpoint: Endpoint[Any], code: str | None) -> Outcome | None:
    if code is None:
        return None
    if code == endpoint.success:
        return Outcome.SUCCESS
    if code == endpoint.negative:
        return Outcome.NEGATIVE
    return _SHARED.get(code)


def _by_number(value: object) -> Outcome | None:
    status = number(value)
    if status is None:
        return None
    known = {
        200: Outcome.SUCCESS,
        201: Outcome.SUCCESS,
        204: Outcome.NEGATIVE,
        400: Outcome.BAD_REQUEST,
        401: Outcome.UNAUTHORIZED,
        403: Outcome.UNAUTHORIZED,
        429: Outcome.RATE_LIMITED,
    }
    if status in known:
        return known[status]
    if 500 <= status <= 599:
        return Outcome.SERVER_ERROR
    # Truepush documents no other redirect or refusal, but it is not a success either, whatever the other fields say.
    return Outcome.UNREADABLE if 300 <= status <= 499 else None


def _by_word(status: object) -> Outcome | None:
    # "ERROR" alone does not name the error. The HTTP status may.
    return Outcome.SUCCESS if status == codes.STATUS_SUCCESS else None


def shorten(text: str) -> str:
    """Return the beginning of a text on one line, fit for an error message.

    Characters that control a terminal, or cannot be seen, are replaced.
    """
    line = " ".join(writable(text[: 4 * _SHOWN]).split())
    line = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    return beginning(f"{line}{MARK}" if len(text) > 4 * _SHOWN else line, _SHOWN)


def quote(text: str, hide: Callable[[str], str]) -> str:
    """Return the beginning of a server's words without secrets, fit for an error message.

    :param text: the words, of any length. Only the beginning is worked on.
    :param hide: removes secrets.
    """
    # Secrets are removed before the last cut. The first one may part a secret, which the mark shows.
    return shorten(hide(beginning(text, _READ)))


def excerpt(body: bytes, hide: Callable[[str], str] = _as_it_is) -> str:
    """Return the beginning of a body, fit for an error message.

    :param body: the body.
    :param hide: removes secrets.
    """
    shown = quote(body[: _READ + 1].decode("utf-8", "replace"), hide)
    return f"`{shown}`" if shown else "an empty body"


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Return the seconds that ``Retry-After`` asks for; None without a valid header.

    :param now: the present moment, aware.
    """
    if header is None:
        return None
    value = header.strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return None
        if at.tzinfo is None:  # dates in HTTP are always in GMT
            at = at.replace(tzinfo=UTC)
        return min(max(0.0, (at - now).total_seconds()), _LONGEST_WAIT)
    return min(seconds, _LONGEST_WAIT) if 0 <= seconds < float("inf") else None
