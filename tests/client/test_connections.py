"""Kept connections of the asynchronous client: every form of an answer, and no answer that is another request's."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.client import connections
from airflow_provider_truepush.client.aio import AsyncClient
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.client import peers
from tests.client.peers import ANSWER, Handler, Peer
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import SENT
from tests.support.soon import soon
from tests.support.tokens import SESSION_TOKEN

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


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_of_answer_keeps_the_connection(form: str) -> None:
    with Peer(again_and_again(FORMS[form])) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client) == [Reply(200, ANSWER)] * 3
        await client.close()
        assert (peer.connections, len(peer.requests)) == (1, 3)


@pytest.mark.parametrize("form", ENDING)
async def test_a_new_connection_follows_one_that_ended_with_its_answer(form: str) -> None:
    with Peer(again_and_again(ENDING[form], ending=True)) as peer:
        client = await AsyncClient.open(settings(peer))
        assert await ask(client) == [Reply(200, ANSWER)] * 3
        await client.close()
        assert (peer.connections, len(peer.requests)) == (3, 3)


async def test_retry_after_is_read_from_a_refusal() -> None:
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
async def test_a_late_answer_is_not_taken_for_the_next_one(given_up: str) -> None:
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


@pytest.mark.parametrize("path", ["/behind/a%20path/", "/behind/a path"])
async def test_a_base_path_is_quoted_once(path: str) -> None:
    with Peer(peers.answers()) as peer:
        client = await AsyncClient.open(settings(peer, base_url=f"{peer.url}{path}"))
        assert await ask(client, 1) == [Reply(200, ANSWER)]
        await client.close()
        assert peer.requests[0].startswith(b"GET /behind/a%20path/api/v1/campaignStats/")


SURPLUS = ANSWER.replace(b"No Stats Found", b"of another    ")
assert len(SURPLUS) == len(ANSWER)


class Surplus:
    """Answers each request, and sends something more after some seconds."""

    def __init__(self, more: bytes, after: float | None) -> None:
        self.more = more
        self.after = after
        self.sent = 0

    def __call__(self, peer: Peer, connection: socket.socket) -> None:
        while peer.read(connection):
            whole = OK + LENGTH % len(ANSWER) + b"\r\n" + ANSWER
            try:
                if self.after is None:
                    connection.sendall(whole + self.more)
                else:
                    connection.sendall(whole)
                    peer.pause(self.after)
                    connection.sendall(self.more)
            finally:  # the client may have closed the connection before all of it was sent
                self.sent += 1


@pytest.mark.parametrize("after", [None, 0, 0.001, 0.05])
@pytest.mark.parametrize(
    "more",
    [
        OK + LENGTH % len(SURPLUS) + b"\r\n" + SURPLUS,
        OK + LENGTH % len(SURPLUS),
        b"H",
        b"garbage\r\n\r\n",
        b"\0" * 100_000,
    ],
    ids=["an answer", "half an answer", "a byte", "garbage", "much"],
)
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_a_connection_with_surplus_data_is_not_used_again(
    tls: bool, more: bytes, after: float | None, certificate: Path
) -> None:
    surplus = Surplus(more, after)
    with Peer(peers.over_tls(surplus, certificate) if tls else surplus) as peer:
        base = {"base_url": peer.https, "verify": str(certificate)} if tls else {}
        client = await AsyncClient.open(settings(peer, **base))
        for number in range(1, 4):
            (reply,) = await ask(client, 1)
            assert reply == Reply(200, ANSWER)
            while surplus.sent < number:  # noqa: ASYNC110  # a busy machine may take longer than the pause
                await asyncio.sleep(0.005)
            # TLS is spoken by a thread of the peer, which has to pass the bytes on.
            await asyncio.sleep(0.1 if tls else 0.02)
        await client.close()
        assert (peer.connections, len(peer.requests)) == (3, 3)


async def test_surplus_data_that_arrived_while_the_loop_was_busy_counts(certificate: Path) -> None:
    with Peer(Surplus(OK + LENGTH % len(SURPLUS) + b"\r\n" + SURPLUS, 0.05)) as peer:
        client = await AsyncClient.open(settings(peer))
        for _ in range(3):
            assert await ask(client, 1) == [Reply(200, ANSWER)]
            time.sleep(0.1)  # noqa: ASYNC251
        await client.close()


def test_the_blocking_client_does_not_reuse_a_connection_with_surplus_data(monkeypatch: pytest.MonkeyPatch) -> None:
    for after in (None, 0):
        with Peer(Surplus(OK + LENGTH % len(SURPLUS) + b"\r\n" + SURPLUS, after)) as peer:
            connect(monkeypatch, peer.url, max_attempts=1)
            with TruepushHook(CONN_ID) as hook:
                client = hook.get_conn()
                seen: list[Any] = []
                monkeypatch.setattr(Exchange, "conclude", lambda self, result, seen=seen: seen.append(result))
                for _ in range(3):
                    client.execute(CALL)
                    time.sleep(0.05)
                monkeypatch.undo()
            assert seen == [Reply(200, ANSWER)] * 3


async def test_a_host_that_does_not_accept_connections_got_no_request() -> None:
    client = await AsyncClient.open(Settings(base_url=f"http://127.0.0.1:{peers.closed_port()}", token="t"))
    (failure,) = await ask(client, 1)
    await client.close()
    assert isinstance(failure, Failure)
    assert not failure.sent


async def test_connections_that_nobody_uses_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEEP", 0.3)
    ended: list[int] = []

    def serve(peer: Peer, connection: socket.socket) -> None:
        while peer.read(connection):
            time.sleep(0.05)  # so that two requests at the same time need two connections
            connection.sendall(FORMS["length"])
        ended.append(1)

    with Peer(serve) as peer:
        client = await AsyncClient.open(settings(peer))
        await asyncio.gather(*(client.ask(CALL) for _ in range(2)))
        await asyncio.sleep(0.15)
        await client.ask(CALL)  # one of them is younger than the other
        await soon(lambda: len(ended) == peer.connections)
        opened = peer.connections
        await client.ask(CALL)
        await client.close()
        assert (peer.connections, len(peer.requests)) == (opened + 1, 4)
