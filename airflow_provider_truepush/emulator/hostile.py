"""Answers that no healthy service gives: contradictions, odd rows, lists without end, odd counters, padding."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import airflow_provider_truepush.emulator.outcomes as outcomes
from airflow_provider_truepush.api.models.counters import COUNTERS
from airflow_provider_truepush.emulator.dialects import Answer, Dialect
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.outcomes import BY_NAME, Outcome

JSON_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_PIECE = b" " * 65536
#: 2 January 2020: where an endless list that begins with the oldest row starts.
_LONG_AGO = 1_577_923_200
#: How deeply a counter is nested when nothing is said: more than most readers of JSON allow.
_DEPTH = 900


def claimed(endpoint: str, now: float, fault: Fault) -> Outcome:
    """Return a success that never took place, with an id that belongs to nothing.

    :param now: seconds since the epoch.
    """
    if BY_NAME[endpoint].action == "list":
        return outcomes.success(endpoint, payload=[])
    if BY_NAME[endpoint].action == "stats":
        return outcomes.success(endpoint, payload=dict.fromkeys(COUNTERS, 0))
    created = _object_id(now, fault.id, fault.hits) if BY_NAME[endpoint].action == "create" else None
    return outcomes.success(endpoint, created=created)


def contradiction(outcome: Outcome, dialect: Dialect, fault: Fault) -> Answer:
    """Return the envelope of an outcome with some of its keys replaced and others dropped."""
    answer = dialect.render(outcome)
    body = json.loads(whole(outcome, dialect).body)
    object_id = outcome.created or outcome.changed or ""
    for key, value in (fault.fields or {}).items():
        if key.casefold() == "data":
            body = {name: kept for name, kept in body.items() if name.casefold() != "data"}
        body[key] = value.replace("{id}", object_id) if isinstance(value, str) else value
    body = {name: value for name, value in body.items() if name not in fault.drop}
    status = fault.status or (200 if answer.status == 204 else answer.status)
    return Answer(status, outcomes.as_json(body), {**JSON_HEADERS, **fault.headers})


def whole(outcome: Outcome, dialect: Dialect) -> Answer:
    """Return the answer of an outcome, with a body even where the dialect answers a bare 204."""
    answer = dialect.render(outcome)
    return answer if answer.body else replace(dialect, negative="body").render(outcome)


def with_odd_rows(outcome: Outcome, fault: Fault, now: float) -> Outcome:
    """Put odd rows into the middle of a page."""
    if not isinstance(outcome.payload, list):
        return outcome
    rows = _odd_rows(outcome.endpoint, fault, now) if fault.rows is None else fault.rows
    middle = len(outcome.payload) // 2
    return replace(outcome, payload=[*outcome.payload[:middle], *rows, *outcome.payload[middle:]])


def _odd_rows(endpoint: str, fault: Fault, now: float) -> list[Any]:
    name = "title" if BY_NAME[endpoint].resource == "campaign" else "name"
    rest = {"status": "active"} if BY_NAME[endpoint].resource == "trigger" else {}

    def row(number: int, **values: Any) -> dict[str, Any]:
        return {"_id": _object_id(now, fault.id, number), **values, **rest}

    return [
        row(1),
        row(2, **{name: None}),
        row(3, **{name: 7}),
        row(4, **{name: "cut \ud83d"}),
        {**row(5, **{name: "A row whose id is not an ObjectId"}), "_id": "campaign-5"},
    ]


def endless(outcome: Outcome, fault: Fault, argument: str | None, size: int, now: float) -> Outcome:
    """Return a page of a list that has no end.

    :param argument: the page asked for.
    :param size: rows per page.
    :param now: seconds since the epoch.
    """
    try:
        page = int(argument or "")
    except ValueError:
        return outcome
    first = 0 if fault.order == "same" else (page - 1) * size
    kind = BY_NAME[outcome.endpoint].resource
    rows: list[dict[str, Any]] = []
    for number in range(first, first + size):
        moment = _LONG_AGO + number if fault.order == "oldest" else now - number
        row = {"_id": _object_id(moment, fault.id, number)}
        row["title" if kind == "campaign" else "name"] = f"Endless {number + 1}"
        rows.append({**row, "status": "inactive"} if kind == "trigger" else row)
    return outcomes.success(outcome.endpoint, payload=rows)


def odd_counters(outcome: Outcome, dialect: Dialect, fault: Fault) -> Answer:
    """Return the answer of campaignStats with odd counters beside the true ones."""
    default = fault.fields is None and fault.depth is None
    answer = dialect.render(outcome)
    if not isinstance(outcome.payload, dict):
        return answer
    added = {"Bounced": 3, "Attempts": 10**400} if default else (fault.fields or {})
    answer = dialect.render(replace(outcome, payload={**outcome.payload, **added}))
    depth = _DEPTH if default else fault.depth
    if depth is None:
        return answer
    # Written as text: Python's own writer gives up at such depths.
    nested = b'"Nested":' + b"[" * depth + b"]" * depth
    head, _, tail = answer.body.rpartition(b"}}")
    return Answer(answer.status, head + b"," + nested + b"}}" + tail, answer.headers)


def padding(answer: Answer, megabytes: float) -> tuple[bytes, int, bytes]:
    """Return how an answer is padded: what stands before and after a number of blanks inside its JSON."""
    before, after = answer.body[:-1] + b',"padding":"', b'"}'
    return before, max(0, int(megabytes * 1_000_000) - len(before) - len(after)), after


def pieces(before: bytes, blanks: int, after: bytes) -> Iterator[bytes]:
    """Yield a padded body piece by piece, so that nobody holds it whole."""
    yield before
    for _ in range(blanks // len(_PIECE)):
        yield _PIECE
    yield _PIECE[: blanks % len(_PIECE)]
    yield after


def compressed(answer: Answer, megabytes: float, encoding: str) -> Answer:
    """Return a small answer whose body inflates to many megabytes of good JSON.

    :param encoding: ``gzip`` or ``deflate``.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
    body = b"".join(packer.compress(piece) for piece in pieces(*padding(answer, megabytes))) + packer.flush()
    return Answer(answer.status, body, {**answer.headers, "Content-Encoding": encoding})


def _object_id(moment: float, *marks: int) -> str:
    tail = blake2b(" ".join(map(str, marks)).encode(), digest_size=8).hexdigest()
    return f"{int(moment) & 0xFFFFFFFF:08x}{tail}"
