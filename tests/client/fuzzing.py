"""Answers of any kind: what a server, a gateway or a broken proxy may send."""

from __future__ import annotations

import gzip
import json
import os
import socket
import zlib
from collections import deque
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st

from tests.api.support import COUNTERS, ID, ROWS
from tests.client.peers import Handler, Peer

#: Examples of each property; `make fuzz` asks for 100,000.
EXAMPLES = int(os.environ.get("TRUEPUSH_FUZZ", "300"))
fuzz = settings(
    deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), print_blob=True, database=None
)
#: The same for examples that cross a socket.
fuzz_wire = settings(fuzz, max_examples=max(1, EXAMPLES // 4))

CODES = [code for row in ROWS for code in (row.success, row.negative) if code]
CODES += ["BAD-REQUEST", "TOKEN-NOT-FOUND", "API-LIMIT-EXCEEDED", "DB-ERROR"]
texts = st.text(st.characters() | st.sampled_from("\ud83d\ude00\0"), max_size=30) | st.sampled_from(
    ["SUCCESS", "ERROR", "200", f"id:{ID}", f"Created Successfully with id:{ID}", "9" * 5_000, "x" * 20_000]
)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([200, 204, 400, 401, 429, 500, 2**63 - 1, 2**63, -1, 10**400, 10**4_000, 1e308])
)
leaves = st.none() | st.booleans() | numbers | texts | st.sampled_from(CODES)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)
ids = st.sampled_from([ID, ID.upper(), f" {ID} ", "no-id", "", ID + "0"]) | values
rows = st.fixed_dictionaries(
    {}, optional={"_id": ids, "title": values, "name": values, "status": values, "more": values}
)
counters = st.fixed_dictionaries(
    {name: st.integers(0, 10**6) | st.just(0) for name in COUNTERS}, optional={"New": values, "\ud83d": values}
) | st.dictionaries(st.sampled_from([*COUNTERS, "New"]), values)
data = values | st.lists(rows | values, max_size=6) | counters | st.sampled_from(CODES)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "status_code": st.sampled_from([200, 204, 400, 401, 429, 500, "SUCCESS"]) | values,
        "status": st.sampled_from(["SUCCESS", "ERROR"]) | values,
        "message": texts | values,
        "data": data,
        "Data": data,
        "id": values,
    },
)
statuses = st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503]) | st.integers(100, 999)


def nested(depth: int) -> bytes:
    """A document with a value that is nested deep."""
    deep = "[" * depth + "]" * depth
    return f'{{"status_code": 200, "status": "SUCCESS", "data": {{"New": {deep}, "Reach": {deep}}}}}'.encode()


def as_json(value: Any) -> bytes:
    """JSON as servers write it; NaN and Infinity are no JSON, and are sent all the same."""
    import sys

    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value).encode()
    finally:
        sys.set_int_max_str_digits(before)


bodies = (
    envelopes.map(as_json)
    | values.map(as_json)
    | st.binary(max_size=60)
    | st.builds(lambda raw, cut: raw[:cut], envelopes.map(as_json), st.integers(0, 400))
    | st.sampled_from([10, 40, 900, 3_000, 100_000]).map(nested)
    | envelopes.map(lambda value: as_json(value).decode().encode("utf-16"))
    | st.just(b"<html><body>502 Bad Gateway</body></html>")
)

PACKERS: dict[str, Any] = {
    "": lambda raw: raw,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "gzip, gzip": lambda raw: gzip.compress(gzip.compress(raw)),
    "br": lambda raw: raw,
    "identity": lambda raw: raw,
}


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """The bytes of an answer: most are valid HTTP, all may be cut, and anything may follow."""
    body = draw(bodies)
    encoding = draw(st.sampled_from(list(PACKERS)))
    packed = PACKERS[encoding](body) if draw(st.integers(0, 9)) else body
    head = f"HTTP/1.{draw(st.sampled_from('0111'))} {draw(statuses)} {draw(st.sampled_from(['OK', '', 'No']))}\r\n"
    if encoding:
        head += f"Content-Encoding: {encoding}\r\n"
    if draw(st.integers(0, 3)) == 0:
        after = draw(
            st.sampled_from(["1", "0", "-1", "soon", "nan", "1e999", "9" * 400, "Mon, 01 Jun 2026 12:00:30 GMT"])
        )
        head += f"Retry-After: {after}\r\n"
    framing = draw(st.sampled_from(["length", "length", "chunks", "end", "lie", "both"]))
    if framing in ("length", "both"):
        head += f"Content-Length: {len(packed)}\r\n"
    if framing == "lie":
        lies = ["0", "-1", "5", "x", "9" * 20, str(len(packed) + 1)]
        head += f"Content-Length: {draw(st.sampled_from(lies))}\r\n"
    if framing in ("chunks", "both"):
        head += "Transfer-Encoding: chunked\r\n"
        middle = len(packed) // 2
        parts = [part for part in (packed[:middle], packed[middle:]) if part]
        packed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    whole = head.encode("latin-1", "replace") + b"\r\n" + packed
    kind = draw(st.integers(0, 19))
    if kind == 0:
        return draw(st.binary(max_size=40)) + whole
    if kind == 1:
        return whole[: draw(st.integers(0, len(whole)))]
    if kind == 2:
        return whole + draw(st.binary(max_size=40)) + whole
    if kind == 3:
        return draw(st.binary(max_size=200))
    if kind == 4:
        return b"HTTP/1.1 100 Continue\r\n\r\n" * draw(st.integers(1, 5)) + whole
    return whole


def scripted(script: deque[bytes]) -> Handler:
    """Answer each request with the next bytes of a script, and close the connection after it."""

    def serve(peer: Peer, connection: socket.socket) -> None:
        if peer.read(connection) and script:
            connection.sendall(script.popleft())

    return serve
