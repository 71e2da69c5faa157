"""The limit for a whole create, missing certificate files, and the words for the three kinds of timeout."""

from __future__ import annotations

import socket
from typing import Any

import pytest
import requests

from airflow_provider_truepush.client.failures import reason
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushValidationError
from tests.client import peers
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, call, connect
from tests.contract.world import CAMPAIGN, SENT


def dripping(head: bytes) -> peers.Handler:
    def serve(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(head)
        for _ in range(60):
            peer.pause(0.1)
            connection.sendall(b"x")

    return serve


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"],
)
def test_a_create_ends_although_the_server_drips(
    flavour: Flavour, head: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(dripping(head)) as peer:
        connect(monkeypatch, peer.url, timeout=0.5)
        with pytest.raises(TruepushAmbiguousError, match=r"did not complete within 1\.5 s"):
            call(flavour, CONN_ID, "create_campaign", CAMPAIGN)
        assert len(peer.requests) == 1


@pytest.mark.parametrize("name", ["cancel_campaign", "delete_template"])
def test_a_change_ends_although_the_server_drips(flavour: Flavour, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")) as peer:
        connect(monkeypatch, peer.url, timeout=0.5, max_attempts=2)
        with pytest.raises(TruepushAmbiguousError, match=r"did not complete within 1\.5 s"):
            call(flavour, CONN_ID, name, SENT)
        assert len(peer.requests) == 2


@pytest.mark.parametrize("extra", [{"verify": "/nowhere/ca.pem"}, {"cert": "/nowhere/ca.pem"}])
def test_a_missing_certificate_file_is_named(
    flavour: Flavour, extra: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.https, **extra)
        with pytest.raises(TruepushValidationError, match=rf"extra\.{next(iter(extra))}: .*/nowhere/ca\.pem"):
            call(flavour, CONN_ID, "get_campaign_stats", SENT)
        assert peer.connections == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectTimeout(), "no connection to http://x within 1 s"),
        (requests.ReadTimeout(), "no data received for 1 s"),
        (TimeoutError(), "no data received for 1 s"),
    ],
)
def test_the_kinds_of_timeout_have_different_messages(error: Exception, words: str) -> None:
    assert reason(error, 1, "http://x").startswith(words)
