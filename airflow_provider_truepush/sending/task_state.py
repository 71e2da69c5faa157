"""Airflow's task state store, with the errors of this provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_provider_truepush.api.errors import TruepushError, TruepushSendStoreError


class TaskState:
    """Reads and writes the state of one task instance. Values never expire.

    :param store: ``context["task_state_store"]``.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str) -> Any:
        """Return the value of a key; None where there is none."""
        with _typed_errors("read"):
            return self._store.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write a value of JSON primitives. The store refuses it to a superseded try."""
        with _typed_errors("written"):
            self._store.set(key, value, retention=never_expire())

    def delete(self, key: str) -> None:
        """Remove a key. The store refuses it to a superseded try."""
        with _typed_errors("written"):
            self._store.delete(key)


def never_expire() -> Any:
    """Return the retention of a value that Airflow keeps until it is deleted."""
    from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # Airflow loads it late

    return NEVER_EXPIRE


@contextmanager
def _typed_errors(what: str) -> Iterator[None]:
    """Turn what Airflow raises into an error of this provider."""
    try:
        yield
    except TruepushError:
        raise
    except Exception as error:
        raise TruepushSendStoreError(
            f"Airflow's task state store could not be {what} ({type(error).__name__}: {error}). This request "
            "concerned the record of the send only; a campaign is sent only after its intent was recorded. "
            "Airflow may retry the task."
        ) from error
