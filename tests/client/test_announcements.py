"""Informational answers: both clients skip them, a bounded number, and none is taken for the answer."""

from __future__ import annotations

import pytest

from tests.client.peers import CREATED, Peer, says
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import CAMPAIGN, SENT

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nRetry-After: 99\r\nContent-Length: 40\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OTHER = b"HTTP/1.1 199 Nearly\r\nConnection: keep-alive\r\n\r\n"
FINAL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"


@pytest.mark.parametrize("before", [PROCESSING, EARLY, CONTINUE + PROCESSING + EARLY, OTHER, PROCESSING * 30])
def test_they_are_skipped(flavour: Flavour, before: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(says(before + FINAL % (len(CREATED), CREATED))) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        told = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)
        assert told.error is None
        assert told.value == "ab" * 12
        assert len(peer.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [PROCESSING, EARLY * 5, PROCESSING * 20_000, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
    ids=["one", "few", "endless", "another protocol"],
)
@pytest.mark.parametrize("method", ["create_campaign", "cancel_campaign", "get_campaign_stats"])
def test_without_an_answer_after_them_nothing_is_proven(
    flavour: Flavour, method: str, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(says(answer)) as peer:
        connect(monkeypatch, peer.url, timeout=0.4, max_attempts=1)
        told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
        assert told.name == "TruepushAmbiguousError"
        assert len(peer.requests) == 1
