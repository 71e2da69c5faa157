"""The emulator in a process of its own."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import requests

from local_airflow.emulator_process import EmulatorProcess
from tests.support.tokens import SESSION_TOKEN


def test_no_process_list_shows_the_token_and_a_restart_keeps_address_and_objects(tmp_path: Path) -> None:
    with EmulatorProcess(
        tmp_path / "log", dict(os.environ), 1.0, token=SESSION_TOKEN, state=tmp_path / "state.db"
    ) as emulator:
        assert emulator.process is not None
        assert not any(SESSION_TOKEN in word for word in psutil.Process(emulator.process.pid).cmdline())
        url, segment = emulator.url, emulator.segment()
        emulator.stop()
        emulator.start()
        assert (emulator.url, emulator.segment()) == (url, segment)
        headers = {"Authorization": SESSION_TOKEN}
        assert requests.get(f"{url}/api/v1/listSegment/1", headers=headers, timeout=30).status_code == 200
