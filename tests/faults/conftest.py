from collections.abc import Iterator

import pytest

from tests.contract.fixtures import emulator, flavour, own_emulator, plain_machine, quick
from tests.faults.pool import Pool

__all__ = ["emulator", "flavour", "own_emulator", "plain_machine", "pool", "quick"]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Thirteen emulators."""
    emulators = Pool()
    yield emulators
    emulators.stop()
