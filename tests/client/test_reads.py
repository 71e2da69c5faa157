"""Reads over aiohttp's pool: every form of an answer, and no answer that is another request's."""

from __future__ import annotations

import asyncio
import gzip
import socket
from typing import Any

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Failure
from airflow_provider_truepush.client import reads
from airflow_provider_truepush.client.aio import AsyncClient
from tests.client import peers
from tests.client.peers import ANSWER, Handler, Peer
from tests.client.test_wire import head_of
from tests.contract.world import SENT
from tests.tokens import SESSION_TOKEN

CALL = calls.get_campaign_stats(SENT)
OTHER = calls.get_campaign_stats("0" * 24)
OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n"
ZIPPED = gzip.compress(ANSWER)
FORMS = {
    "length": OK + LENGTH % len(ANSWER) + b"\r\n" + ANSWER,
    "chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"5\r\n%s\r\n" % ANSWER[:5]
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(ANSWER) - 5, ANSWER[5:]),
    "gzip": OK + b"Content-Encoding: gzip\r\n" + LENGTH % len(ZIPPED) + b"\r\n" + ZIPPED,
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + LENGTH % len(ANSWER) + b"\r\n" + ANSWER,
}  # fmt: skip
ENDING = {
    "to the end": OK + b"Connection: close\r\n\r\n" + ANSWER,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\n" + ANSWER,
    "length and close": OK + b"Connection: close\r\n" + LENGTH % len(ANSWER) + b"\r\n" + ANSWER,
}


def settings(peer: Peer, **given: Any) -> Settings:
    return Settings(**{"base_url": peer.url, "token": SESSION_TOKEN, "timeout": 5.0, **given})


def again_and_again(answer: bytes, *, ending: bool = False) -> Handler:
    def serve(peer: Peer, connection: socket.socket) -> None:
        while peer.read(connection):
            connection.sendall(answer)
            if ending:
                return

    return serve


async def ask(client: AsyncClient, times: int = 3) -> list[Reply | Failure]:
    return [(await client.ask(CALL))[0] for _ in range(times)]


def test_this_aiohttp_is_one_that_is_known() -> None:
    assert reads._KNOWN


@pytest.mark.parametrize("form", FORMS)
async def test_an_answer_of_any_form_leaves_the_connection_for_the_next(form: str) -> None:
    with Peer(again_and_again(FORMS[form])) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client) == [Reply(200, ANSWER)] * 3
        await client.close()
        assert (peer.connections, len(peer.requests)) == (1, 3)


@pytest.mark.parametrize("form", ENDING)
async def test_a_connection_that_ends_with_its_answer_is_followed_by_another(form: str) -> None:
    with Peer(again_and_again(ENDING[form], ending=True)) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client) == [Reply(200, ANSWER)] * 3
        await client.close()
        assert (peer.connections, len(peer.requests)) == (3, 3)


async def test_a_refusal_says_when_to_come_again() -> None:
    with Peer(peers.answers(b"", status=b"429 Slow", headers=b"Retry-After: 7\r\n")) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client, 1) == [Reply(429, b"", "7")]
        await client.close()


async def test_a_redirect_is_not_followed() -> None:
    with Peer(peers.answers(b"", status=b"302 Found", headers=b"Location: /elsewhere\r\n")) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client, 1) == [Reply(302, b"")]
        await client.close()
        assert len(peer.requests) == 1


class Late:
    """Answers the first request only when a second one has come, over whatever connection."""

    def __call__(self, peer: Peer, connection: socket.socket) -> None:
        while request := peer.read(connection):
            while len(peer.requests) < 2:
                peer.pause(0.02)
            mine = b'{"status_code":204,"data":"NO-STATS-FOUND","message":"%s"}' % request.split(b" ")[1]
            connection.sendall(OK + LENGTH % len(mine) + b"\r\n" + mine)


@pytest.mark.parametrize("given_up", ["timeout", "cancelled"])
async def test_an_answer_that_comes_too_late_is_not_the_next_ones(given_up: str) -> None:
    with Peer(Late()) as peer:
        client = await AsyncClient.open(settings(peer, timeout=0.5 if given_up == "timeout" else 5.0))
        first = asyncio.create_task(client.ask(CALL))
        if given_up == "cancelled":
            while not peer.requests:  # noqa: ASYNC110 (another thread fills it)
                await asyncio.sleep(0.01)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        else:
            assert isinstance((await first)[0], Failure)
        second, _ = await client.ask(OTHER)
        await client.close()
        assert isinstance(second, Reply)
        assert OTHER.path.encode() in second.body
        assert (peer.connections, len(peer.requests)) == (2, 2)


async def test_the_request_is_the_one_that_the_session_would_send(monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as peer:
        for known in (True, False):
            monkeypatch.setattr(reads, "_KNOWN", known)
            client = await AsyncClient.open(settings(peer, base_url=f"{peer.url}/behind/a%20path/"))
            assert (client._reader is not None) is known
            assert await ask(client, 1) == [Reply(200, ANSWER)]
            await client.close()
        ours, sessions = peer.requests
    assert ours.split(b"\r\n")[0] == sessions.split(b"\r\n")[0]
    assert b"GET /behind/a%20path/api/v1/campaignStats/" in ours
    assert head_of(ours) == head_of(sessions)


async def test_a_host_that_does_not_accept_was_certainly_not_asked() -> None:
    client = await AsyncClient.open(Settings(base_url=f"http://127.0.0.1:{peers.closed_port()}", token="t"))
    (failure,) = await ask(client, 1)
    await client.close()
    assert isinstance(failure, Failure)
    assert not failure.sent
