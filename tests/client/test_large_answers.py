"""A large answer is read outside of the event loop, and few of them are read."""

from __future__ import annotations

import json
import threading
from uuid import uuid4

import pytest

from airflow_provider_truepush.api.protocol import limits
from tests.client import peers
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, connect


def page(rows: int) -> bytes:
    """A page of which no row has an id; the rows are unlike those of other tests, because each is logged once."""
    odd = [{"title": uuid4().hex} for _ in range(rows)]
    return json.dumps({"status_code": 200, "status": "SUCCESS", "message": "", "data": odd}).encode()


@pytest.mark.parametrize("method", ["list_campaigns", "list_segments", "list_templates", "list_triggers"])
def test_few_pages_without_any_valid_id_are_read(
    method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers(page(5_000))) as peer:
        connect(monkeypatch, peer.url, timeout=3)
        outcome = attempt(flavour, CONN_ID, method)
        assert outcome.name == "TruepushProtocolError"
        assert "the list has no valid ids" in str(outcome.error)
        assert len(peer.requests) == 3


@pytest.mark.parametrize(("rows", "is_large"), [(25, False), (5_000, True)])
def test_the_event_loop_leaves_a_large_answer_to_a_thread(
    rows: int, is_large: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = page(rows)
    assert (len(body) > limits.LARGE_BODY_BYTES) is is_large
    with Peer(peers.answers(body)) as peer:
        connect(monkeypatch, peer.url)
        attempt("async", CONN_ID, "list_campaigns")
    threads = {record.thread for record in caplog.records if "without a valid id" in record.getMessage()}
    assert threads
    assert (threading.get_ident() not in threads) is is_large
