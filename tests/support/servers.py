"""The servers that all tests of a process share, a plugin of pytest: starting one takes longer than most tests."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.support.metadata import one_at_a_time
from tests.support.postgres import postgres_server
from tests.support.tokens import SESSION_TOKEN


@pytest.fixture(scope="session")
def kept_emulator() -> Iterator[Emulator]:
    """One emulator for a process's tests; starting one takes longer than most tests."""
    with Emulator(token=SESSION_TOKEN) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def postgres_uri() -> Iterator[str]:
    """A real PostgreSQL, on a socket in a folder of its own."""
    with postgres_server() as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def postgres_folder(postgres_uri: str) -> str:
    """The folder with its socket."""
    return parse_qs(urlsplit(postgres_uri).query)["host"][0]


class MariaDb:
    """A MariaDB server of its own, on a socket in a folder of its own, without the rights of root."""

    def __init__(self, program: str) -> None:
        self._program = program
        self.folder = Path(tempfile.mkdtemp(prefix="truepush-mariadb-"))
        self.socket = self.folder / "s"
        self._user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            self._user = "nobody"
            shutil.chown(self.folder, "nobody")
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make an empty database and serve it."""
        # The kernel counts asynchronous input and output over all servers of a machine, and refuses what is too much.
        small = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--innodb-use-native-aio=0"]
        # A server that starts removes the temporary tables of those that have the same folder for them.
        temporary = self.folder / "tmp"
        temporary.mkdir()
        if os.getuid() == 0:
            shutil.chown(temporary, "nobody")
        own = [f"--datadir={self.folder / 'data'}", f"--tmpdir={temporary}", f"--user={self._user}", *small]
        install = shutil.which("mariadb-install-db") or "mariadb-install-db"
        command = [install, "--no-defaults", *own, "--auth-root-authentication-method=normal", "--skip-test-db"]
        with one_at_a_time("mariadb.lock"):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db ended with {done.returncode}: {done.stdout[-2000:]}")
        quick = ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]
        self._server = subprocess.Popen(
            [self._program, "--no-defaults", *own, f"--socket={self.socket}", "--skip-networking", *quick],
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("wb"),
        )
        deadline = time.monotonic() + 60
        while not self.socket.exists():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and remove its files."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def mariadb_socket() -> Iterator[str]:
    """The socket of a real MariaDB."""
    pytest.importorskip("airflow.providers.mysql.hooks.mysql", reason="apache-airflow-providers-mysql is not installed")
    pytest.importorskip("MySQLdb", reason="mysqlclient is not installed: it is built from source")
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("there is no mariadbd on this machine (Debian: apt-get install mariadb-server)")
    server = MariaDb(program)
    try:
        server.start()
        yield str(server.socket)
    finally:
        server.stop()
