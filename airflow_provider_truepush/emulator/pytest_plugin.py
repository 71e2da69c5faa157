"""The fixture ``truepush_emulator``, for the tests of those who use this provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_provider_truepush.emulator import Emulator


@pytest.fixture
def truepush_emulator() -> Iterator[Emulator]:
    """A Truepush of its own for each test, with a clock that stands still until it is advanced."""
    # pytest imports this module at every start, whether or not a test asks for the fixture.
    from airflow_provider_truepush.emulator import Emulator

    with Emulator() as emulator:
        yield emulator
