"""Tries of one task instance that share a task state store, in this process or in one that can be killed.

``python -m tests.operators.tries STORE TRY ARGUMENTS`` runs one try of the create trigger operator.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowTaskTimeout

from airflow_provider_truepush.exceptions import TruepushAmbiguousError
from tests.support import forked
from tests.support.versions import HAS_STATE_STORE


@pytest.fixture(name="store")
def store_fixture(tmp_path: Path) -> Path:
    """The file of a task state store that all tries of a task share."""
    if not HAS_STATE_STORE:
        pytest.skip("Airflow has a task state store since 3.3")
    return tmp_path / "state.json"


class FileStore:
    """Airflow's task state store, in a file: a superseded try reads nothing and its writes fail.

    :param path: of the file.
    :param try_number: the try that this accessor belongs to.
    """

    def __init__(self, path: Path, try_number: int) -> None:
        self._path = path
        self._try = try_number
        state = self._load()
        state["newest"] = max(state["newest"], try_number)
        self._save(state)

    def _load(self) -> dict[str, Any]:
        found: dict[str, Any] = {"newest": 0, "values": {}}
        if self._path.exists():
            found = json.loads(self._path.read_text())
        return found

    def _save(self, state: dict[str, Any]) -> None:
        self._path.write_text(json.dumps(state))

    def get(self, key: str) -> Any:
        state = self._load()
        return state["values"].get(key) if state["newest"] == self._try else None

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self._change(lambda values: values.__setitem__(key, json.loads(json.dumps(value))))

    def delete(self, key: str) -> None:
        self._change(lambda values: values.pop(key, None))

    def _change(self, change: Any) -> None:
        state = self._load()
        if state["newest"] != self._try:
            raise RuntimeError("404: this try has been superseded")
        change(state["values"])
        self._save(state)


def context(store: Path | None, number: int, began: datetime | None = None) -> Any:
    """What Airflow hands to a try."""
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="create", map_index=-1, try_number=number)
    run = SimpleNamespace(start_date=began or datetime(2026, 1, 1, tzinfo=UTC))
    found: dict[str, Any] = {"ti": ti, "dag_run": run}
    if store is not None:
        found["task_state_store"] = FileStore(store, number)
    return found


def run(kind: type[Any], given: Any, **arguments: Any) -> Any:
    """One try of an operator, past Airflow's check that a task runner calls it.

    An error that asks for a manual decision has the cause that alerts look for.
    """
    operator = kind(task_id="create", **arguments)
    try:
        return kind.execute.__wrapped__(operator, given)  # type: ignore[attr-defined]
    except AirflowFailException as error:
        check_that_alerts_find(error)
        raise


def check_that_alerts_find(error: AirflowFailException) -> None:
    """Fail when an error asks for a manual decision and does not have the cause that alerts look for."""
    doubt = error.__cause__ if isinstance(error.__cause__, TruepushAmbiguousError) else None
    asks = "manual decision" in str(error) or "in Truepush now" in str(error)
    if asks and (doubt is None or doubt.repeatable):
        raise AssertionError("no alert finds this error") from error


def in_a_process(store: Path, number: int, **arguments: Any) -> AbstractContextManager[ForkServerProcess]:
    """The same for the create trigger operator, in a process that is killed at the end. It prints to ``state.log``."""
    return forked.started(__name__, str(store), str(number), json.dumps(arguments), output=store.with_suffix(".log"))


def wait_for(condition: Callable[[], object]) -> None:
    """Return once a condition holds."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come that far"
        time.sleep(0.02)


@contextmanager
def timed_out_when(condition: Callable[[], object]) -> Iterator[None]:
    """Raise in the main thread what Airflow's execution_timeout raises, once a condition holds."""

    def strike() -> None:
        wait_for(condition)
        os.kill(os.getpid(), signal.SIGALRM)

    def on_alarm(signum: int, frame: object) -> None:
        raise AirflowTaskTimeout("Timeout")

    before = signal.signal(signal.SIGALRM, on_alarm)
    thread = threading.Thread(target=strike, daemon=True)
    thread.start()
    try:
        with pytest.raises(AirflowTaskTimeout):
            yield
    finally:
        thread.join(60)
        signal.signal(signal.SIGALRM, before)


def main() -> None:
    from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator

    store, number, arguments = sys.argv[1:]
    given = context(Path(store) if store else None, int(number))
    print("returned", run(TruepushCreateTriggerOperator, given, **json.loads(arguments)))


if __name__ == "__main__":
    main()
