"""Proxies and certificates, of the connection and of the environment."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.client import peers
from tests.client.heads import head_of
from tests.client.peers import Peer
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT
from tests.support.tokens import SESSION_TOKEN

PROXY_SECRET = "s%65cr%2Bt/7"


@pytest.mark.parametrize("where", ["environment", "extra"])
@pytest.mark.parametrize("answer", [b"407 Proxy Authentication Required", b"502 Bad Gateway", None])
@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_no_error_shows_the_password_of_a_proxy(
    method: str, answer: bytes | None, where: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = peers.answers(b"no", status=answer) if answer else peers.read_fin
    with Peer(handler) as proxy:
        address = f"http://user:{quote(PROXY_SECRET, safe='')}@127.0.0.1:{proxy.port}"
        if where == "extra":
            connect(monkeypatch, "https://truepush.invalid", max_attempts=1, proxies=address)
        else:
            monkeypatch.setenv("HTTPS_PROXY", address)
            connect(monkeypatch, "https://truepush.invalid", max_attempts=1)
        told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
        basic = b64encode(f"user:{PROXY_SECRET}".encode())
        assert b"proxy-authorization: basic " + basic.lower() in proxy.requests[0].lower()
        assert SESSION_TOKEN.encode() not in proxy.requests[0]
    assert told.name == "TruepushConnectionError"
    for spelling in (PROXY_SECRET, quote(PROXY_SECRET, safe=""), quote(quote(PROXY_SECRET, safe=""), safe=""), "user:"):
        assert spelling not in str(told.error)


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "HTTP_PROXY"])
@pytest.mark.parametrize("kind", ["socks5", "socks5h", "socks4", "SOCKS5", "ftp"])
@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_a_socks_proxy_is_refused_without_a_request(
    method: str, kind: str, variable: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.read_fin) as proxy:
        monkeypatch.setenv(variable, f"{kind}://user:secret@127.0.0.1:{proxy.port}")
        connect(monkeypatch, "http://truepush.invalid" if variable == "HTTP_PROXY" else "https://truepush.invalid")
        told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
        assert proxy.connections == 0
    assert told.name == "TruepushValidationError"
    assert "SOCKS is not supported" in str(told.error)
    assert "secret" not in str(told.error)


@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
@pytest.mark.parametrize("where", ["environment", "extra", "extra by scheme"])
def test_a_proxys_address_needs_no_scheme(
    where: str, method: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers(peers.CREATED if method == "create_campaign" else peers.ANSWER)) as proxy:
        address = f"localhost:{proxy.port}"
        extra: dict[str, Any] = {"extra": {"proxies": address}, "extra by scheme": {"proxies": {"http": address}}}.get(
            where, {}
        )
        if where == "environment":
            monkeypatch.setenv("http_proxy", address)
        connect(monkeypatch, "http://truepush.invalid", **extra)
        told = attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT)
        assert told.error is None
        assert b" http://truepush.invalid/api/v1/" in proxy.requests[0]


@pytest.mark.parametrize("exempt", ["127.0.0.0/8", "10.0.0.0/8,127.0.0.1/32", "127.0.0.1", "*", " 127.0.0.1 , x"])
@pytest.mark.parametrize("where", ["environment", "extra"])
@pytest.mark.parametrize("method", ["get_campaign_stats", "create_campaign"])
def test_a_range_of_addresses_may_be_exempt_from_the_proxy(
    method: str, where: str, exempt: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if exempt == "*" and where == "extra":
        pytest.skip("requests knows the star in the environment only")
    with Peer(peers.answers()) as proxy:
        if where == "environment":
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", exempt)
            connect(monkeypatch, emulator)
        else:
            connect(monkeypatch, emulator, proxies={"http": proxy.url, "no_proxy": exempt})
        assert attempt(flavour, CONN_ID, method, CAMPAIGN if method == "create_campaign" else SENT).error is None
        assert (proxy.connections, emulator.count()) == (0, 1)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_used(variable: str, flavour: Flavour, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_proxy_of_the_connection_overrides_the_environment(
    flavour: Flavour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as ours, Peer(peers.answers()) as other:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        monkeypatch.setenv("NO_PROXY", "*")
        connect(monkeypatch, "http://truepush.invalid", proxies={"http": ours.url})
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert (len(ours.requests), other.connections) == (1, 0)


def test_empty_proxies_of_the_connection_mean_no_proxy(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer(peers.answers()) as other:
        monkeypatch.setenv("HTTP_PROXY", other.url)
        connect(monkeypatch, emulator, proxies={})
        assert call(flavour, CONN_ID, "get_campaign_stats", SENT) is None
        assert (other.connections, emulator.count()) == (0, 1)


def test_the_proxy_of_a_tunnel_never_sees_the_token(
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


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")  # which the user of "off" should see
@pytest.mark.parametrize("how", ["extra", "folder", "off", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_certificate_is_trusted_in_each_documented_way(
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
def test_a_client_certificate_is_presented(
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
