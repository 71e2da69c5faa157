"""Proxy addresses whose passwords are never shown, and hosts that no name server could be asked for."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.api.connection.settings import Settings, read_settings
from tests.api.support import TOKEN, refused


def read(host: str | None = None, **extra: Any) -> Settings:
    return read_settings(host=host, scheme=None, port=None, token=TOKEN, extra=extra)


@pytest.mark.parametrize(
    "address", ["socks5://user:secret@proxy:3128", "ftp://user:secret@proxy", "http://user:secret@"]
)
def test_a_proxy_needs_a_scheme_and_a_host(address: str) -> None:
    with refused("extra.proxies", "'one that is not shown'", hiding="secret"):
        read(proxies={"https": address})


def test_proxies_of_other_schemes_are_ignored() -> None:
    others = dict.fromkeys(("ftp", "ftps", "ws", "wss"), "socks5://user:secret@proxy")
    assert read(proxies={"https": "http://proxy", **others}).proxies == (("https", "http://proxy"),)


def test_hide_blots_out_the_passwords_of_proxies() -> None:
    hidden = read(proxies="http://user:s%2Fcret@proxy:3128").hide(f"{TOKEN} s%2Fcret s/cret")
    assert hidden == "*** *** ***"


@pytest.mark.parametrize("host", ["a..example", ".example", "https://" + "a" * 64 + ".example"])
def test_a_host_with_an_impossible_part_is_refused(host: str) -> None:
    with refused("connection.host", repr(host)):
        read(host)
