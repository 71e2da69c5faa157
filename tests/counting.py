"""Counts which branches of the core run, in the tests whose business that is.

Counting makes Python two or three times as slow, so the other tests, a real Airflow among them, do without, and so does
the import of everything but the core.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Generator

import coverage
import pytest

#: Set by ``make coverage``.
VARIABLE = "TRUEPUSH_COUNT_BRANCHES"
FOLDERS = ("api", "client", "faults", "hooks")
#: Some of what is left out there: hundreds of thousands of answers reach no branch that the other tests do not.
LEFT_OUT = (
    "api/protocol/test_evidence.py",
    "api/protocol/test_claims.py",
    "api/checks/test_near_matches.py",
    "api/schedule/test_cron.py::test_over_a_year_both_fire_at_the_same_minutes",
    "api/test_errors.py::test_every_error_is_public_named_alike_and_drawn_in_the_tree",
    "client/test_fuzz.py",
)
PACKAGES = ("airflow_provider_truepush.api", "airflow_provider_truepush.client")


def import_core() -> None:
    """Import every module whose branches are counted."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)


class Counting:
    """Counts while the core is imported, and during the tests of those folders.

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
            import_core()
            counter.stop()
            config.pluginmanager.register(cls(counter), "truepush-counting")

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
