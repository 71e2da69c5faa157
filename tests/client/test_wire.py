"""What goes over the wire, and what the machine around us may not change about it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.hooks import connection
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.client import peers
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT, USES, furnish
from tests.tokens import SESSION_TOKEN

ODD_EXTRAS: dict[str, Any] = {"X-Secret": "do-not-send", "headers": {"X-Other": "nor-this"}, "retries": 9, "auth": "b"}


def head_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    pairs = [line.partition(": ")[::2] for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header stands twice"
    return {name.lower(): value for name, value in pairs}


@pytest.mark.parametrize(
    ("method", "args", "line"),
    [
        ("get_campaign_stats", (SENT,), f"GET /api/v1/campaignStats/{SENT} HTTP/1.1"),
        ("cancel_campaign", (SENT,), f"PUT /api/v1/cancelCampaign/{SENT} HTTP/1.1"),
        ("set_trigger_status", (SENT, "active"), f"PUT /api/v1/triggerStatus/{SENT} HTTP/1.1"),
        ("delete_template", (SENT,), f"DELETE /api/v1/deleteTemplate/{SENT} HTTP/1.1"),
        ("create_campaign", (CAMPAIGN,), "POST /api/v1/createCampaign HTTP/1.1"),
    ],
)
def test_the_headers_are_ours_and_no_extra_is_among_them(
    method: str, args: tuple[Any, ...], line: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as peer:
        connect(monkeypatch, peer.url, max_attempts=1, **ODD_EXTRAS)
        attempt(flavour, CONN_ID, method, *args)
        (request,) = peer.requests

    headers = head_of(request)
    assert request.decode().splitlines()[0] == line
    # The bare token: no Bearer, no Basic.
    assert headers["authorization"] == SESSION_TOKEN
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("airflow-provider-truepush/")
    usual = {"host", "authorization", "content-type", "user-agent", "accept", "accept-encoding", "connection"}
    assert headers.keys() - usual <= {"content-length"}
    assert b"do-not-send" not in request
    assert b"nor-this" not in request


def test_unknown_extras_are_warned_about_once(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "_said", {})
    connect(monkeypatch, emulator, **ODD_EXTRAS)

    assert call(flavour, CONN_ID, "list_segments")
    assert call(flavour, CONN_ID, "list_segments")

    warnings = [row.getMessage() for row in caplog.records if "extras" in row.getMessage()]
    assert emulator.count() == 4
    assert len(warnings) == 1
    assert all(name in warnings[0] for name in ODD_EXTRAS)
    assert "do-not-send" not in caplog.text


def test_the_token_stands_in_no_log_of_any_level(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    furnish(emulator)
    emulator.fault("campaignStats", effect="status", body=f"your token {SESSION_TOKEN} is tired", nth=1)
    connect(monkeypatch, emulator, timezone="UTC", max_attempts=2)
    with caplog.at_level(logging.DEBUG):
        for use in USES.values():
            attempt(flavour, CONN_ID, use.method, *use.args)

    assert "is tired" in caplog.text
    assert SESSION_TOKEN not in caplog.text
    assert not any(SESSION_TOKEN in f"{row.__dict__}" for row in caplog.records)


def test_a_server_that_sends_the_token_back_does_not_get_it_into_a_result(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f'{{"status_code":200,"status":"SUCCESS","data":[{{"_id":"{"ab" * 12}","name":"{SESSION_TOKEN}"}}]}}'

    with Peer(peers.answers(body.encode())) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        told = attempt(flavour, CONN_ID, "list_segments")
    # The server never turns the page: an error in the end, and not one with a token in it.
    assert told.name == "TruepushProtocolError"


def test_a_netrc_file_does_not_replace_the_token(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\ndefault login any password body\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    connect(monkeypatch, emulator)

    assert call(flavour, CONN_ID, "list_segments")
    told = attempt(flavour, CONN_ID, "create_campaign", CAMPAIGN)

    assert told.error is None
    assert all(request.authorised for request in emulator.requests())


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_environments_proxy_is_used(variable: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        connect(monkeypatch, "http://truepush.invalid")
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None

        assert proxy.requests[0].startswith(f"GET http://truepush.invalid/api/v1/campaignStats/{SENT} ".encode())
        assert head_of(proxy.requests[0])["authorization"] == SESSION_TOKEN


def test_the_environment_may_exempt_the_host_from_its_proxy(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        connect(monkeypatch, emulator)
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert (proxy.connections, emulator.count()) == (0, 1)


def test_the_connections_proxy_comes_before_the_environments(flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
    with Peer(peers.answers()) as ours, Peer(peers.answers()) as other:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        monkeypatch.setenv("NO_PROXY", "*")
        connect(monkeypatch, "http://truepush.invalid", proxies={"http": ours.url})
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert (len(ours.requests), other.connections) == (1, 0)


def test_no_proxies_of_the_connection_mean_none(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as other:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        connect(monkeypatch, emulator, proxies={})
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert (other.connections, emulator.count()) == (0, 1)


def test_a_tunnels_proxy_never_sees_the_token(
    flavour: Flavour, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        Peer(peers.over_tls(peers.answers(), certificate)) as server,
        Peer(peers.tunnel(server.port)) as proxy,
    ):
        connect(monkeypatch, "https://localhost", proxies=proxy.url, verify=str(certificate))
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert proxy.requests[0].startswith(b"CONNECT localhost:443 ")
        assert SESSION_TOKEN.encode() not in proxy.requests[0]
        assert head_of(server.requests[0])["authorization"] == SESSION_TOKEN


@pytest.mark.parametrize("how", ["extra", "folder", "off", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_is_trusted_in_the_ways_there_are(
    how: str, flavour: Flavour, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    extra: dict[str, Any] = {}
    if how == "extra":
        extra = {"verify": str(certificate)}
    elif how == "folder":
        extra = {"verify": str(hashed_folder(certificate, tmp_path))}
    elif how == "off":
        extra = {"verify": False}
    else:
        monkeypatch.setenv(how, str(certificate))
    with Peer(peers.over_tls(peers.answers(), certificate)) as server:
        connect(monkeypatch, server.https, max_attempts=1, **extra)
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert len(server.requests) == 1


@pytest.mark.parametrize("pair", [False, True], ids=["one-file", "two-files"])
def test_a_client_certificate_is_shown(
    pair: bool, flavour: Flavour, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(certificate)
    with Peer(peers.over_tls(peers.answers(peers.CREATED), certificate, client_ca=certificate)) as server:
        connect(monkeypatch, server.https, verify=own, cert=[own, own] if pair else own)
        assert call(flavour, CONN_ID, "create_campaign", CAMPAIGN) == "ab" * 12
        connect(monkeypatch, server.https, verify=own, max_attempts=1)
        assert attempt(flavour, CONN_ID, "list_segments").error is not None
        assert len(server.requests) == 1


def hashed_folder(certificate: Path, folder: Path) -> Path:
    """A folder of certificates as OpenSSL reads it: by names made from their subjects."""
    import subprocess

    command = ["openssl", "x509", "-hash", "-noout", "-in", str(certificate)]
    try:
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        pytest.skip("no openssl here to name the certificate")
    target = folder / "certificates"
    target.mkdir()
    (target / f"{name}.0").write_bytes(certificate.read_bytes())
    return target


def test_the_hook_can_be_used_again_after_it_was_closed(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    hook = TruepushHook(CONN_ID)
    for _ in range(2):
        assert hook.get_campaign_stats(SENT) is None
        hook.close()
        hook.close()
    assert emulator.count() == 2


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_a_token_in_an_answer_that_is_no_http_is_blotted_out(
    method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    def echo(peer: Peer, connection: Any) -> None:
        peer.read(connection)
        connection.sendall(f"HTTP/{SESSION_TOKEN} is what you sent\r\n\r\n".encode())

    with Peer(echo) as peer:
        connect(monkeypatch, peer.url, max_attempts=1)
        # `attempt` searches the error, and what caused it, for the token.
        told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
    assert told.name == "TruepushAmbiguousError"
    assert "***" in str(told.error)
