"""The head of an answer: both clients limit it, refuse an invalid one, and log nothing of it."""

from __future__ import annotations

import logging

import pytest

from airflow_provider_truepush.api.protocol import limits
from tests.client.peers import CREATED, Peer, says
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN, SENT
from tests.support.tokens import SESSION_TOKEN

OK = b"HTTP/1.1 200 OK\r\n"
END = b"Content-Length: %d\r\n\r\n%s" % (len(CREATED), CREATED)


def filled(size: int) -> bytes:
    """Headers of this size."""
    lines = [b"X-%02d: %s\r\n" % (number, b"z" * 2_000) for number in range(size // 2_008)]
    return b"".join(lines) + b"X: %s\r\n" % (b"z" * (size - 2_008 * len(lines) - 5))


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 103 Early Hints\r\n" + filled(20_000) + b"\r\n"], ids=["one", "two"]
)
def test_a_head_up_to_the_limit_is_read(flavour: Flavour, before: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    room = limits.MAX_HEAD_BYTES - len(before) - len(OK + END)
    with Peer(says(before + OK + filled(room) + END)) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        assert attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN).value == "ab" * 12


@pytest.mark.parametrize("line", [b"", b"no colon " + SESSION_TOKEN[3:].encode() + b"\r\n"], ids=["valid", "invalid"])
@pytest.mark.parametrize("method", ["create_campaign", "get_campaign_stats"])
def test_a_larger_head_is_refused(
    method: str, line: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(says(OK + line + b"".join(b"H%d: %s\r\n" % (n, b"z" * 60_000) for n in range(90)) + END)) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        outcome = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
        assert len(peer.requests) == 1
    assert outcome.name == "TruepushAmbiguousError"
    if not line:
        assert "the headers of the answer are larger than 64 KB" in str(outcome.error)
    assert "Failed to parse headers" not in caplog.text
    assert len(caplog.text) < 5_000


@pytest.mark.parametrize("line", [b"no colon %s", b": %s", b"two words: %s", b" folded: %s", b"X : %s", b"X: a\r%s"])
def test_an_invalid_header_is_refused_and_not_logged(
    line: bytes, flavour: Flavour, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(says(OK + line % SESSION_TOKEN[3:].encode() + b"\r\n" + END)) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        outcome = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)
        assert len(peer.requests) == 1
    assert outcome.name == "TruepushAmbiguousError"
    assert "the answer is not valid HTTP" in str(outcome.error)
    assert SESSION_TOKEN[3:] not in str(outcome.error) + caplog.text
    assert "Failed to parse headers" not in caplog.text


def test_a_multipart_answer_has_a_valid_head(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(says(OK + b"Content-Type: multipart/mixed; boundary=x\r\n" + END)) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        assert attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN).value == "ab" * 12
