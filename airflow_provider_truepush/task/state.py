"""Airflow's task state store, with the errors of this provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from airflow_provider_truepush.api.errors import TruepushError

Verb = Literal["read", "write", "delete"]


class TaskState:
    """Reads and writes the state of one task instance. Values never expire.

    :param store: ``context["task_state_store"]``.
    :param error_of: returns the error to raise for a verb, a key and what Airflow raised.
    """

    def __init__(self, store: Any, error_of: Callable[[Verb, str, Exception], TruepushError]) -> None:
        self._store = store
        self._error_of = error_of

    def get(self, key: str) -> Any:
        """Return the value of a key; None where there is none."""
        with self._typed_errors("read", key):
            return self._store.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write a value of JSON primitives. The store refuses it to a superseded try."""
        with self._typed_errors("write", key):
            self._store.set(key, value, retention=never_expire())

    def delete(self, key: str) -> None:
        """Remove a key. The store refuses it to a superseded try."""
        with self._typed_errors("delete", key):
            self._store.delete(key)

    @contextmanager
    def _typed_errors(self, verb: Verb, key: str) -> Iterator[None]:
        try:
            yield
        except TruepushError:
            raise
        except Exception as error:
            raise self._error_of(verb, key, error) from error


def never_expire() -> Any:
    """Return the retention of a value that Airflow keeps until it is deleted."""
    from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # Airflow loads it late

    return NEVER_EXPIRE
