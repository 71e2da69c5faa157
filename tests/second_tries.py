"""A second try for the tests of some files, which measure time or start processes, a plugin of pytest.

The suite runs in more processes than this machine has cores, so what takes time can be late. What fails twice fails the
suite. What passed at its second try is listed at the end with its first failure, because it is a fault too: of the
test, or a rare one of the provider.

All other tests have one try. A file that counts creates or exported rows is never named here: a push that is sent twice
once in a thousand runs, or a row that is lost, must fail the suite. ``tests/packaging/test_second_tries.py`` checks it.
"""

from __future__ import annotations

import pytest

#: Files whose tests measure rates, delays and what happens meanwhile, or start processes.
SECOND_TRY = frozenset(
    f"tests/{name}.py"
    for name in (
        "airflow/test_connection",
        "airflow/test_new_campaigns",
        "airflow/test_provider",
        "client/test_bounds",
        "client/test_cluster_limiter",
        "client/test_cluster_rate",
        "client/test_redis_leases",
        "client/test_signals",
        "docs/test_quickstart",
        "harness/test_emulator_process",
        "harness/test_processes",
        "harness/test_restarts",
        "packaging/test_import_cost",
        "packaging/test_provider_info",
        "packaging/test_wheel",
        "triggers/test_campaign_poll",
        "waiting/polling/test_closed_loop",
        "waiting/polling/test_loop",
        "waiting/polling/test_poller",
        "waiting/polling/test_slow_down",
        "waiting/polling/test_trouble",
    )
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that have a second try; environments without pytest-rerunfailures have none."""
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    for item in items:
        if item.nodeid.partition("::")[0] in SECOND_TRY:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each first failure."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"FIRST TRY FAILED: {report.nodeid}", red=True)
        terminalreporter.line(report.longreprtext)
