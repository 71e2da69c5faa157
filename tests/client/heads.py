"""Read the head of a request."""

from __future__ import annotations


def head_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    pairs = [line.partition(": ")[::2] for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header stands twice"
    return {name.lower(): value for name, value in pairs}
