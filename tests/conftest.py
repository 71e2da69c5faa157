"""What all tests share, and the search for the token in everything they have written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.leaks import leaks
from tests.tokens import SESSION_TOKEN

#: Everything the suite writes that a person may read later. Git ignores it; ``make clean`` removes it.
WRITTEN = ".airflow/suite"


@pytest.fixture(scope="session")
def session_token() -> str:
    """The token to give to emulators and connections; see :mod:`tests.tokens`."""
    return SESSION_TOKEN


@pytest.fixture(scope="session")
def written(pytestconfig: pytest.Config) -> Path:
    """A folder whose files are searched for the token at the end."""
    return pytestconfig.rootpath / WRITTEN


def in_control(config: pytest.Config) -> bool:
    """Whether this process collects the results, and is not one of several that run tests for it."""
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty folder."""
    folder = config.rootpath / WRITTEN
    if in_control(config):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)


class Keeper:
    """Keeps what each test wrote to its logs, to the terminal and into its exceptions."""

    def __init__(self, config: pytest.Config) -> None:
        self.file = (config.rootpath / WRITTEN / "tests.log").open("a", encoding="utf-8", errors="replace")
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write down what one phase of a test said."""
        self.file.write(f"=== {report.nodeid} {report.when}\n")
        for title, content in report.sections:
            self.file.write(f"--- {title}\n{content}\n")
        if report.longrepr:
            self.file.write(f"--- exception\n{report.longreprtext}\n")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the session if the token stands anywhere."""
        self.file.close()
        self.found = list(leaks(session.config.rootpath / WRITTEN, SESSION_TOKEN))
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
        """Say what was searched and found."""
        files = [path for path in (config.rootpath / WRITTEN).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        searched = f"{len(files)} files ({size:.1f} MB) of logs, exceptions, XComs and rendered templates"
        if self.found:
            terminalreporter.section("the token was shown", red=True)
            terminalreporter.line(f"Searched {searched}; the suite's token stands in:")
            for place in self.found:
                terminalreporter.line(f"  {WRITTEN}/{place}")
        else:
            terminalreporter.line(f"No token in {searched}.")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """One keeper per session, where the results come together."""
    if in_control(session.config):
        session.config.pluginmanager.register(Keeper(session.config), "truepush-token-search")
