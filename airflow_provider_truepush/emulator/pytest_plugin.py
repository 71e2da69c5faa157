"""The pytest fixture ``truepush_emulator``, for tests of Dags that use this provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow_provider_truepush.emulator.emulator import Emulator


@pytest.fixture
def truepush_emulator() -> Iterator[Emulator]:
    """Yield a Truepush for one test, with a clock that stands still until it is advanced."""
    # pytest imports this module at every start, even if no test uses the fixture.
    from airflow_provider_truepush.emulator.emulator import Emulator

    with Emulator() as emulator:
        yield emulator
