"""Decompress an answer's body, within bounds."""

from __future__ import annotations

import zlib

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.protocol import limits

#: zlib's window sizes: gzip's wrapper, zlib's own, none at all.
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
TOO_LARGE = f"the answer is larger than {limits.MAX_BODY_BYTES // 1024**2} MB"


class UnreadableBodyError(ValueError):
    """A body is too large, or compressed in a way that was not asked for. The message is a clause for an error."""


def decompress(body: bytes, encoding: str | None) -> bytes:
    """Return a body as it was before the server, or a proxy, compressed it.

    This provider asks for no compression. A body that is compressed all the same is decompressed up to the limit.

    :param body: the bytes that arrived.
    :param encoding: the header ``Content-Encoding``; None without one.
    :raises UnreadableBodyError: the body is too large, broken, or compressed with another method than gzip and deflate.
    """
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > limits.MAX_ENCODINGS:
        raise UnreadableBodyError(f"the answer is compressed {len(names)} times")
    for name in reversed(names):
        if not body:
            break
        body = _inflate(body, name)
    if len(body) > limits.MAX_BODY_BYTES:
        raise UnreadableBodyError(TOO_LARGE)
    return body


def _inflate(body: bytes, name: str) -> bytes:
    if name in ("gzip", "x-gzip"):
        return _inflate_as(body, _GZIP)
    if name == "deflate":
        try:
            return _inflate_as(body, _ZLIB)
        except UnreadableBodyError as error:
            if str(error) == TOO_LARGE:
                raise
        return _inflate_as(body, _RAW)  # some servers leave the wrapper out
    raise UnreadableBodyError(f"the answer is compressed with {beginning(name, 20)!r}, which was not asked for")


def _inflate_as(body: bytes, window: int) -> bytes:
    found = b""
    members = 0
    while body:  # gzip allows several members, one after another
        members += 1
        if members > limits.MAX_MEMBERS:
            raise UnreadableBodyError(f"the answer is compressed in more than {limits.MAX_MEMBERS} parts")
        stream = zlib.decompressobj(window)
        try:
            found += stream.decompress(body, limits.MAX_BODY_BYTES + 1 - len(found))
        except zlib.error:
            raise UnreadableBodyError("the compressed answer is broken") from None
        if len(found) > limits.MAX_BODY_BYTES:
            raise UnreadableBodyError(TOO_LARGE)
        if not stream.eof:
            raise UnreadableBodyError("the compressed answer is incomplete")
        body = stream.unused_data if window == _GZIP else b""
    return found
