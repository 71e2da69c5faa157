"""An emulator and a client for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import START, Api
from tests.support.tokens import SESSION_TOKEN


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A Truepush whose clock stands at a known moment."""
    with Emulator(token=SESSION_TOKEN, start=START) as running:
        yield running


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    """A client of it."""
    client = Api(emulator)
    with client.session:
        yield client
