"""The emulator as a context manager: a Truepush on loopback for the time of a ``with`` block."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import socket
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from airflow_provider_truepush.emulator.clock import Mode
from airflow_provider_truepush.emulator.controls import Controls
from airflow_provider_truepush.emulator.dialects import Dialect
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError
from airflow_provider_truepush.emulator.server import Site
from airflow_provider_truepush.emulator.service import Options, Service

DEFAULT_TOKEN = "emulator-token"


class Emulator(Controls):
    """Run a Truepush on a real socket, in a thread of its own.

    :param token: the token of the project, or a list of tokens for one project each.
    :param seed: seed of ids and counters, by default 7. The same seed, clock and requests give the same answers.
    :param clock: ``manual`` (the default) stands still until :meth:`advance`; ``real`` runs.
    :param speed: emulated seconds per real second, by default 1.
    :param start: the first time of the clock, an aware datetime; None for now.
    :param timezone: time zone of the projects, by default Etc/UTC.
    :param state: path of a SQLite file that keeps everything but history and faults across restarts.
    :param host: address to listen on; only loopback addresses are accepted without ``allow_remote``.
    :param port: port to listen on; 0 (the default) takes a free one.
    :param dialect: name of one of ``DIALECTS``, or a :class:`Dialect`.
    :param page_size: rows per page of a list, 1 to 500, by default 25.
    :param log: write one line per request to the logger ``airflow_provider_truepush.emulator``.
    :param subscribers: subscribers of each new project, by default 100,000.
    :param history: requests that are kept at most, by default 200,000; the oldest are forgotten first.
    :param allow_remote: listen on any address. Nothing but the token protects it, and nothing its control address.
    :param allow_hosts: further host names under which the control address may be used, such as the name of a
        container. IP addresses, localhost and this machine's name always work.
    """

    def __init__(
        self,
        *,
        token: str | Sequence[str] = DEFAULT_TOKEN,
        seed: int = 7,
        clock: Mode = "manual",
        speed: float = 1.0,
        start: datetime | None = None,
        timezone: str = "Etc/UTC",
        state: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        dialect: str | Dialect | None = None,
        page_size: int | None = None,
        log: bool = False,
        subscribers: int = 100_000,
        history: int = 200_000,
        allow_remote: bool = False,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        self.tokens = (token,) if isinstance(token, str) else tuple(token)
        if not allow_remote and not is_loopback(host):
            raise TruepushEmulatorError(
                f"host is {host!r}, which others can reach. Use a loopback address, or allow_remote if you mean it."
            )
        if not 0 <= port <= 65535:
            raise TruepushEmulatorError(f"port is {port!r}. It must be from 0 to 65535.")
        self._options = Options(
            self.tokens, seed, clock, speed, start, timezone, state, dialect, page_size, subscribers, history
        )
        # The name can mean two addresses, each with a port of its own.
        self._host = "127.0.0.1" if host == "localhost" else host
        self._wanted_port, self._log = port, log
        self._names = frozenset(name.lower().rstrip(".") for name in (self._host, socket.gethostname(), *allow_hosts))
        self.port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: asyncio.Event | None = None
        self._site: Site | None = None
        self._failure: BaseException | None = None

    @property
    def token(self) -> str:
        """Return the token of the first project."""
        return self.tokens[0]

    @property
    def url(self) -> str:
        """Return scheme, host and port."""
        return f"http://{self._bracketed}:{self.port}"

    @property
    def connection_uri(self) -> str:
        """Return the Airflow connection to it as a URI, for ``AIRFLOW_CONN_TRUEPUSH_DEFAULT``."""
        token, zone = quote(self.token, safe=""), quote(self._zone, safe="")
        return f"truepush://:{token}@{self._bracketed}:{self.port}/http?timezone={zone}"

    @property
    def connection_json(self) -> str:
        """Return the same as JSON, which Airflow accepts in the same variable."""
        parts: dict[str, Any] = {
            "conn_type": "truepush",
            "host": self._host,
            "schema": "http",
            "port": self.port,
            "password": self.token,
            "extra": {"timezone": self._zone},
        }
        return json.dumps(parts)

    @property
    def connections_opened(self) -> int:
        """Return the number of TCP connections accepted so far."""
        return 0 if self._site is None else self._site.connections.opened

    @property
    def connections_open(self) -> int:
        """Return the number of TCP connections that are open."""
        return 0 if self._site is None else len(self._site.connections.numbers)

    @property
    def _zone(self) -> str:
        # Airflow warns in every log that it does not mask a value as short as "UTC".
        return "Etc/UTC" if self._options.timezone == "UTC" else self._options.timezone

    @property
    def _bracketed(self) -> str:
        return f"[{self._host}]" if ":" in self._host else self._host

    def start(self) -> Emulator:
        """Start to listen; return the emulator itself."""
        if self._thread is not None:
            raise RuntimeError("This emulator is running already.")
        super().__init__(Service(self._options))
        self._failure = None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="truepush-emulator", daemon=True)
        self._thread.start()
        ready.wait()
        self._raise_failure()
        return self

    def _raise_failure(self) -> None:
        if self._failure is not None:
            self.stop()
            raise self._failure

    def stop(self) -> None:
        """Stop at once, even while requests hang. What existed can still be read.

        Raises the first error of an action that :meth:`before_request` or :meth:`between_pages` was given.
        """
        if self._thread is None:
            return
        if self._loop is not None and self._done is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
                self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join()
        self._thread = self._loop = self._done = None
        self._service.close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        except BaseException as failed:
            if error is None:
                raise
            # The error that ends the block is shown; that of an action may be why it happened.
            error.add_note(f"While the emulator stopped: {type(failed).__name__}: {failed}")

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as failure:
            self._failure = failure
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        self._site = Site(self._service, self._names, log=self._log)
        try:
            self.port = await self._site.listen(self._host, self._wanted_port)
            ready.set()
            await self._done.wait()
        finally:
            await self._site.close()


def is_loopback(host: str) -> bool:
    """Return whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
