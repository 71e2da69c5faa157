"""Counts which branches of the core run, in the tests whose business that is.

Counting makes Python almost twice as slow, so the other tests, a real Airflow among them, do without.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import coverage
import pytest

#: Set by ``make test``.
VARIABLE = "TRUEPUSH_COUNT_BRANCHES"
FOLDERS = ("api", "client", "faults", "hooks")
#: Some of what is left out there: hundreds of thousands of answers reach no branch that the other tests do not.
LEFT_OUT = ("api/protocol/test_evidence.py", "api/protocol/test_claims.py", "client/test_fuzz.py")


class Counting:
    """Counts while modules are imported, and during the tests of those folders.

    :param counter: of this process.
    """

    def __init__(self, counter: coverage.Coverage) -> None:
        self.counter = counter

    @classmethod
    def register(cls, config: pytest.Config) -> None:
        """Begin, where asked to."""
        if VARIABLE in os.environ:
            counter = coverage.Coverage(data_suffix=True)
            counter.start()
            config.pluginmanager.register(cls(counter), "truepush-counting")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self) -> None:
        """All is imported."""
        self.counter.stop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Count in one test, its fixtures included, or do not."""
        room = item.nodeid.removeprefix("tests/")
        counted = room.startswith(FOLDERS) and not room.startswith(LEFT_OUT)
        if counted:
            self.counter.start()
        try:
            return (yield)
        finally:
            if counted:
                self.counter.stop()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Write it down for ``coverage combine``."""
        self.counter.save()
