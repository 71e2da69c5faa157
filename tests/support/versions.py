"""What the Airflow that runs the tests has."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest


def _has_state_store() -> bool:
    try:
        from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # noqa: F401
    except ImportError:
        return False
    return True


#: Whether this Airflow keeps the state of tasks and assets, as 3.3 and later do.
HAS_STATE_STORE = _has_state_store()

needs_state_store: Callable[..., Any] = pytest.mark.skipif(
    not HAS_STATE_STORE, reason="Airflow keeps the state of tasks and assets since 3.3"
)

needs_many_threads: Callable[..., Any] = pytest.mark.skipif(
    version("apache-airflow").startswith("2."), reason="Airflow 2.11 lets one thread of a process execute operators"
)

#: Where tries are recorded, as parameters of a fixture: in the state store, in a ledger beside it, in a ledger alone.
STORES = [
    pytest.param("state", marks=needs_state_store),
    pytest.param("ledger", marks=needs_state_store),
    "ledger before 3.3",
]
