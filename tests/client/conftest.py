from pathlib import Path

import pytest

from tests.client.peers import self_signed
from tests.contract.fixtures import emulator, flavour, own_emulator, plain_machine, quick

__all__ = ["certificate", "emulator", "flavour", "own_emulator", "plain_machine", "quick"]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that no authority has signed, with its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))
