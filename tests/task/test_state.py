"""The errors of Airflow's task state store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.task.state import TaskState


class Failing:
    """A store whose API server does not answer.

    :param error: raised by each call.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get(self, key: str) -> Any:
        raise self.error

    def set(self, key: str, value: Any, *, retention: Any) -> None:
        raise self.error

    def delete(self, key: str) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("read", lambda state: state.get("a key")),
        ("write", lambda state: state.set("a key", 1)),
        ("delete", lambda state: state.delete("a key")),
    ],
)
def test_each_call_raises_the_error_of_its_owner(verb: str, call: Callable[[TaskState], Any]) -> None:
    def error_of(verb: str, key: str, error: Exception) -> TruepushError:
        return TruepushError(f"{verb} {key}: {error}")

    cause = OSError("no answer")
    with pytest.raises(TruepushError, match=f"{verb} a key: no answer") as caught:
        call(TaskState(Failing(cause), error_of))
    assert caught.value.__cause__ is cause
    typed = TruepushError("typed already")
    with pytest.raises(TruepushError) as caught:
        call(TaskState(Failing(typed), error_of))
    assert caught.value is typed
