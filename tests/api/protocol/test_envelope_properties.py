"""Whatever comes over the wire is read without a crash, and no success is made up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from airflow_provider_truepush.api.protocol.envelope import (
    Outcome,
    Reply,
    excerpt,
    read_reply,
    retry_after_seconds,
    shorten,
)
from tests.api.support import NAMES, NOW, ROWS, endpoint, quick, row

names = st.sampled_from(NAMES)
statuses = st.one_of(st.sampled_from([200, 201, 204, 302, 400, 401, 404, 429, 500, 503]), st.integers(-1, 999))
words = st.sampled_from(["SUCCESS", "ERROR", "success", "200", "204", "400", "500", " 200", "²⁰⁰", ""])
known_codes = st.sampled_from(
    [code for each in ROWS for code in (each.success, each.negative) if code]
    + ["BAD-REQUEST", "TOKEN-NOT-FOUND", "API-LIMIT-EXCEEDED", "DB-ERROR"]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words | known_codes,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
envelopes = st.dictionaries(
    st.sampled_from(["status_code", "status", "message", "data", "Data", "other"]),
    st.one_of(anything, st.sampled_from([200, 201, 204, 400, 401, 429, 500])),
)
headers = st.none() | st.text(max_size=40)


def claims_success(name: str, body: Any) -> bool:
    """Whether a body says of itself, in any of the ways there are, that the call succeeded."""
    if not isinstance(body, dict):
        return False
    code = body.get("Data") if body.get("data") is None else body.get("data")
    number, word = body.get("status_code"), body.get("status")
    return (
        (isinstance(code, str) and code == row(name).success)
        or (type(number) is int and number in (200, 201))
        or (isinstance(number, str) and number.strip() in ("SUCCESS", "200", "201"))
        or word == "SUCCESS"
    )


@quick
@given(names, statuses, st.binary(max_size=300), headers)
@example("createCampaign", 200, b"[" * 100_000, None)
@example("listCampaign", 200, b'{"status_code":"' + b"9" * 5000 + b'"}', None)
def test_any_bytes_are_read_or_refused(name: str, status: int, raw: bytes, header: str | None) -> None:
    envelope = read_reply(endpoint(name), Reply(status, raw, header))
    if envelope.outcome is Outcome.SUCCESS:
        assert claims_success(name, json.loads(raw))


@settings(quick, max_examples=100)
@given(names, statuses, envelopes)
def test_only_an_answer_that_claims_success_is_one(name: str, status: int, members: dict[str, Any]) -> None:
    raw = json.dumps(members).encode()
    envelope = read_reply(endpoint(name), Reply(status, raw))
    if envelope.outcome is Outcome.SUCCESS:
        assert claims_success(name, members)


@quick
@given(names, statuses, envelopes)
def test_a_known_code_decides_alone(name: str, status: int, members: dict[str, Any]) -> None:
    members.pop("Data", None)
    for code, outcome in {
        row(name).success: Outcome.SUCCESS,
        row(name).negative: Outcome.NEGATIVE,
        "BAD-REQUEST": Outcome.BAD_REQUEST,
        "TOKEN-NOT-FOUND": Outcome.UNAUTHORIZED,
        "API-LIMIT-EXCEEDED": Outcome.RATE_LIMITED,
        "DB-ERROR": Outcome.SERVER_ERROR,
    }.items():
        if code is not None:
            raw = json.dumps({**members, "data": code}).encode()
            assert read_reply(endpoint(name), Reply(status, raw)).outcome is outcome


@quick
@given(names, envelopes)
def test_the_outcome_does_not_depend_on_shortening(name: str, members: dict[str, Any]) -> None:
    """Half an answer under HTTP 200 never reads as a success, however it is cut."""
    raw = json.dumps(members).encode()
    for end in range(len(raw)):
        assert read_reply(endpoint(name), Reply(200, raw[:end])).outcome is Outcome.UNREADABLE


# --- Retry-After ---


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("7", 7),
        (" 120 ", 120),
        ("1.5", 1.5),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("", None),
        ("soon", None),
        ("Mon, 01 Jun 2026 12:00:30 GMT", 30),
        ("Mon, 01 Jun 2026 14:01:00 +0200", 60),
        ("Monday, 01-Jun-26 12:00:30 GMT", 30),  # the older form of RFC 850
        ("Mon Jun  1 12:00:30 2026", 30),  # the form of asctime(), without a zone
        ("Mon, 01 Jun 2026 12:00:30 -0000", 30),
        ("Mon, 01 Jun 2026 11:00:00 GMT", 0),  # over already
        ("Mon, 01 Jun 99999999999999999999 12:00:00 GMT", None),
        ("Mon, 32 Jun 2026 12:00:00 GMT", None),
        ("Mon, 01 Jun 2026 12:00:30 +9999999", None),
    ],
)
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5))], ids=["UTC", "elsewhere"])
def test_retry_after(header: str | None, seconds: float | None, zone: timezone) -> None:
    assert retry_after_seconds(header, NOW.astimezone(zone)) == seconds


@quick
@given(st.text() | st.from_regex(r"\A[A-Z][a-z]{2}, \d{1,25} [A-Z][a-z]{2} \d{1,25} \d+:\d+:\d+ (GMT|[+-]\d{1,9})\Z"))
def test_no_retry_after_raises_an_error(header: str) -> None:
    seconds = retry_after_seconds(header, NOW)
    assert seconds is None or 0 <= seconds < float("inf")


@quick
@given(st.datetimes(datetime(2026, 6, 1, 12), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_a_date_in_retry_after_is_a_number_of_seconds(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert retry_after_seconds(format_datetime(at, usegmt=True), NOW) == (at - NOW).total_seconds()


# --- What errors show of a body ---


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", "an empty body"),
        (b" \n\t ", "an empty body"),
        (b"<html>\n  <body>", "`<html> <body>`"),
        (b"x" * 200, f"`{'x' * 200}`"),
        (b"x" * 201, f"`{'x' * 200}…`"),
        (b"a\xff", "`a\ufffd`"),
        ("ä".encode() * 200, f"`{'ä' * 200}`"),
        (b"a " * 100_000, f"`{'a ' * 100}…`"),
        (b" " * 100_000 + b"x", "`…`"),
    ],
)
def test_the_excerpt_of_a_body(raw: bytes, shown: str) -> None:
    assert excerpt(raw) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x" + " " * 799, "x"),
        ("x" + " " * 800, "x…"),
        (" " * 799 + "x", "x"),
        (" " * 800 + "x", "…"),
        ("\ud800", "\ufffd"),
    ],
)
def test_a_long_text_is_shortened(text: str, shown: str) -> None:
    assert shorten(text) == shown


@quick
@given(st.binary())
def test_an_excerpt_is_one_short_line(raw: bytes) -> None:
    shown = excerpt(raw * 50)
    assert len(shown) <= 203
    assert len(shown.splitlines()) == 1


@quick
@given(st.text(st.characters() | st.just("\ud83d")))
def test_a_shortened_text_is_writable(text: str) -> None:
    shown = shorten(text)
    assert shown.encode().decode() == shown
    assert len(shorten(text * 300)) <= 201
