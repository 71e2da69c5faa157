"""One way to call both hooks, so that each case is written once for the two of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from tests.support.tokens import SESSION_TOKEN

Flavour = Literal["sync", "async"]
FLAVOURS: tuple[Flavour, ...] = ("sync", "async")
CONN_ID = "truepush_suite"

#: Set on many machines, and read by the client: not what these tests are about.
_OF_THE_MACHINE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                   "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC")  # fmt: skip


def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the machine says about proxies and certificates."""
    for name in _OF_THE_MACHINE:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make back-offs short, so that thousands of calls fit into a minute; tests/client measures the real ones."""
    monkeypatch.setattr("airflow_provider_truepush.api.protocol.retry.FIRST_BACKOFF", 0.002)


def connect(
    monkeypatch: pytest.MonkeyPatch,
    target: Emulator | str,
    conn_id: str = CONN_ID,
    *,
    token: str = SESSION_TOKEN,
    **extra: Any,
) -> str:
    """Declare a connection as a user does, in the environment; returns its id.

    :param target: an emulator, or an address.
    :param extra: extras of the connection.
    """
    parts = urlsplit(target if isinstance(target, str) else target.url)
    given = {
        "conn_type": "truepush",
        "host": parts.hostname,
        "schema": parts.scheme,
        "port": parts.port,
        "password": token,
        "extra": extra,
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(given))
    return conn_id


def call(flavour: Flavour, conn_id: str, method: str, *args: Any) -> Any:
    """Call a method of a hook made for it; lists are read to their end."""
    if flavour == "async":
        return asyncio.run(_call(conn_id, method, args))
    with TruepushHook(conn_id) as hook:
        result = getattr(hook, method)(*args)
        return list(result) if isinstance(result, Iterator) else result


async def _call(conn_id: str, method: str, args: tuple[Any, ...]) -> Any:
    result = getattr(TruepushAsyncHook(conn_id), method)(*args)
    return [row async for row in result] if isinstance(result, AsyncIterator) else await result


@dataclass(frozen=True, slots=True)
class Told:
    """What a call came to: a value, or an error of this provider."""

    value: Any = None
    error: TruepushError | None = None

    @property
    def name(self) -> str | None:
        """The error's class, exactly; None without one."""
        return None if self.error is None else type(self.error).__name__


def attempt(flavour: Flavour, conn_id: str, method: str, *args: Any) -> Told:
    """Call a method; an error of this provider is kept, and searched for the token."""
    try:
        return Told(call(flavour, conn_id, method, *args))
    except TruepushError as error:
        link: BaseException | None = error
        while link is not None:
            assert SESSION_TOKEN not in f"{link!r} {link} {vars(link)}", "an exception shows the token"
            link = link.__cause__ or link.__context__
        return Told(error=error)
