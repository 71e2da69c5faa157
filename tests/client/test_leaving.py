"""What may keep a create from leaving, and what is known when it has."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection

from airflow_provider_truepush.client.evidence import Limit
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushConnectionError,
    TruepushSendExpiredError,
)
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.client import peers
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import CAMPAIGN


def create(just_before: Callable[[], None] | None = None) -> str | None:
    with TruepushHook(CONN_ID) as hook:
        return hook.create_campaign(CAMPAIGN, just_before=just_before)


def refuse() -> None:
    raise TruepushSendExpiredError("too late")


def test_an_error_right_before_the_first_byte_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url)
        with pytest.raises(TruepushSendExpiredError, match="too late") as caught:
            create(refuse)
        assert not any(peer.requests)
    # The frames it went through hold the request, and so the token.
    names = []
    trace = caught.value.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_globals["__name__"])
        trace = trace.tb_next
    assert not [name for name in names if name.startswith(("urllib3", "requests", "http"))]


def test_the_check_before_the_first_byte_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url)
        with suppress(TruepushAmbiguousError):
            create(lambda: asked.append(time.monotonic()))
    assert len(asked) == 1


def test_a_timeout_before_the_request_leaves_is_not_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url, timeout=0.2)
        connected = urllib3.util.connection.create_connection

        def slow(*args: Any, **kwargs: Any) -> socket.socket:
            time.sleep(0.8)
            return connected(*args, **kwargs)

        monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
        with pytest.raises(TruepushConnectionError):
            create()
        assert not any(peer.requests)


def test_a_passed_limit_cuts_a_connection_that_is_watched_later() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Limit(0.01) as limit:
        while not limit.passed:
            threading.Event().wait(0.01)
        limit.watch(ours)
        assert ours.recv(1) == b""


def test_head_and_body_leave_together(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can come between the last look at the clock and the body: a worker that freezes there, say."""
    records: list[bytes] = []

    def first_record(peer: Peer, connection: socket.socket) -> None:
        records.append(connection.recv(65536))  # of TLS, one record at the most

    with Peer(peers.over_tls(first_record, certificate)) as peer:
        connect(monkeypatch, peer.https, verify=str(certificate))
        with suppress(TruepushAmbiguousError):
            create(lambda: None)
    (record,) = records
    head, _, body = record.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /api/v1/createCampaign")
    assert json.loads(body)["title"] == CAMPAIGN["title"]
