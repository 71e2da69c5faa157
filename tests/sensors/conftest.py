from typing import Any

import pytest

from tests.contract.fixtures import emulator, flavour, own_emulator, plain_machine, quick
from tests.sensors.context import FIRST_POLLS

__all__ = ["emulator", "flavour", "own_emulator", "plain_machine", "quick"]


@pytest.fixture(autouse=True)
def first_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first poll of a run, where Airflow reads it from its database: no test of this folder has one."""
    FIRST_POLLS.clear()
    try:
        from airflow.sensors import base
    except ImportError:
        return
    if hasattr(base, "_orig_start_date"):

        def of_run(*, run_id: str, **of: Any) -> Any:
            return FIRST_POLLS.get(run_id)

        monkeypatch.setattr(base, "_orig_start_date", of_run)
