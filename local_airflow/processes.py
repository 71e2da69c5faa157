"""Processes that are started and stopped by their own id, with their descendants."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


class Started:
    """A running command in its own session, so that a Ctrl-C in the terminal does not reach it.

    :param name: its name in messages.
    :param command: the program and its arguments.
    :param env: its whole environment.
    :param log: file for its output.
    :param user: ids of the user and the group that run it; by default those of this process.
    :param append: keep what an earlier process wrote to the log.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Path,
        *,
        user: tuple[int, int] | None = None,
        append: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = user or (None, None)
        with log.open("ab" if append else "wb") as sink:
            #: Where its own output begins in the log.
            self.begins = sink.seek(0, os.SEEK_END)
            self._process = subprocess.Popen(
                command,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=uid,
                group=gid,
                extra_groups=None if user is None else [],
            )
        self.pid = self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def output(self) -> str:
        """Return its output so far."""
        with self.log.open("rb") as log:
            log.seek(self.begins)
            return log.read().decode(errors="replace")

    def tail(self, lines: int = 40) -> str:
        """Return the last lines of its output."""
        return "\n".join(self.output.splitlines()[-lines:])

    def family(self) -> list[psutil.Process]:
        """Return the process and all its descendants, as they are now."""
        try:
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, which passes it on to its children."""
        if self.exit_code is None:
            self._process.send_signal(number)


def kill(started: Started) -> int:
    """Kill a process and its descendants at once, as a machine that is lost; return how many there were."""
    family = started.family()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    started._process.wait(timeout=5)  # first: psutil would take its exit code
    psutil.wait_procs(family, timeout=5)
    return len(family)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore a second Ctrl-C, which would leave some of the processes behind."""
    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread, and only there
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def stop(started: Iterable[Started], patience: float = 10.0) -> None:
    """Ask all processes to end; after ``patience`` seconds end by force those that have not, with descendants."""
    with undisturbed():
        _stop(list(started), patience)


def _stop(everyone: list[Started], patience: float) -> None:
    # Collected first: a child whose parent has ended can no longer be found.
    families = [process for one in everyone for process in one.family()]
    for one in everyone:
        one.signal(signal.SIGTERM)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(one.exit_code is None for one in everyone):
        time.sleep(0.05)
    families += [process for one in everyone for process in one.family()]
    for process in families:
        with suppress(psutil.NoSuchProcess):  # psutil compares start times: a reused id is never hit
            process.kill()
    psutil.wait_procs(families, timeout=5)
    for one in everyone:
        with suppress(subprocess.TimeoutExpired):
            one._process.wait(timeout=5)
