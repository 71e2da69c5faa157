"""A second try for a test that needs time or other processes, a plugin of pytest: this machine may have been busy.

What fails twice fails the suite. What passed at its second try is listed at the end with its first failure, because it
is a fault too: of the test, or a rare one of the provider. All other tests have one try, above all those that a push is
never sent twice.
"""

from __future__ import annotations

import pytest

#: Beginnings of the ids of tests that start processes, or measure rates, delays and what happens meanwhile.
SECOND_TRY = (
    *("tests/airflow/", "tests/docs/", "tests/emulator/", "tests/export/", "tests/harness/", "tests/packaging/"),
    *("tests/report/", "tests/sensors/", "tests/triggers/", "tests/waiting/"),
    *("tests/client/test_bounds", "tests/client/test_cluster_", "tests/client/test_proxies", "tests/client/test_rate_"),
    *("tests/client/test_redis_", "tests/client/test_sessions", "tests/client/test_signals"),
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that have a second try; environments without pytest-rerunfailures have none."""
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    for item in items:
        if item.nodeid.startswith(SECOND_TRY):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each first failure."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"FIRST TRY FAILED: {report.nodeid}", red=True)
        terminalreporter.line(report.longreprtext)
