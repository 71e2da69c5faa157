from __future__ import annotations

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.fixtures import emulator, own_emulator, plain_machine, quick

__all__ = ["emulator", "own_emulator", "plain_machine", "quick"]


@pytest.fixture(autouse=True)
def connection(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default connection leads to the emulator."""
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", emulator.connection_json)
