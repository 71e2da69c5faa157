"""A real Redis on a free port."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from local_airflow.servers import find_redis


class RedisServer:
    """A Redis of its own, without persistence. It can be killed and started again on the same port.

    :param folder: its working folder.
    :param password: what clients must present.
    """

    def __init__(self, folder: Path, password: str | None = None) -> None:
        program = find_redis()
        if program is None:
            pytest.skip(
                "NO REDIS: neither redis-server nor its wheel is installed; the shared rate limit is not tested"
            )
        pytest.importorskip(
            "airflow.providers.redis.hooks.redis", reason="NO REDIS: its Airflow provider is not installed"
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.password = password
        self._command = [
            str(program),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(folder),
        ]
        if password is not None:
            self._command += ["--requirepass", password]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as plug:
                    plug.sendall(b"PING\r\n")
                    if plug.recv(64):
                        return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, with everything that it holds."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Have it answer nothing, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def command(self, *words: str) -> bytes:
        """Return the raw answer to a command, after the one to the password."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as plug:
            lines = [] if self.password is None else [["AUTH", self.password]]
            for line in [*lines, list(words), ["QUIT"]]:
                plug.sendall(b"".join([f"*{len(line)}\r\n".encode(), *(_bulk(word) for word in line)]))
            return b"".join(iter(lambda: plug.recv(1 << 20), b"")).removesuffix(b"+OK\r\n")


def _bulk(word: str) -> bytes:
    return f"${len(word.encode())}\r\n{word}\r\n".encode()
