"""A second try for a test that failed, a plugin of pytest: this machine may have been busy with something else.

What fails twice fails the suite. What passed at its second try is listed at the end with its first failure, because it
is a fault too: of the test, or a rare one of the provider. Tests that a push is never sent twice have no second try.
"""

from __future__ import annotations

import pytest

#: Rooms whose tests must never fail, not even once in a thousand runs.
NO_SECOND_TRY = ("tests/sending/", "tests/faults/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that have a second try; environments without pytest-rerunfailures have none."""
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    for item in items:
        if not item.nodeid.startswith(NO_SECOND_TRY):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each first failure."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"FIRST TRY FAILED: {report.nodeid}", red=True)
        terminalreporter.line(report.longreprtext)
