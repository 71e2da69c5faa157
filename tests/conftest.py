"""What all tests share, and the search for the token in everything they have written."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from hypothesis import settings
from packaging.version import Version
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling
from xdist.workermanage import WorkerController

from tests.counting import Counting
from tests.support.leaks import leaks
from tests.support.tokens import SESSION_TOKEN

pytest_plugins = ["tests.support.servers", "tests.second_tries"]

# A deadline in milliseconds measures how busy the machine is. The suite tries the same examples each time, so that a
# change fails by its own fault; `make fuzz` tries others.
settings.register_profile("suite", deadline=None, derandomize="TRUEPUSH_FUZZ" not in os.environ)
settings.load_profile("suite")

#: Everything that the sessions of this suite write. Git ignores it; ``make clean`` removes it.
SESSIONS = ".airflow/suite"
#: The folder of this session, told by the process that collects the results to those that run tests for it.
VARIABLE = "TRUEPUSH_SUITE_FOLDER"
#: Read once: looking a version up takes longer than most tests.
BEFORE_STATE_STORES = Version(version("apache-airflow")) < Version("3.3")


@pytest.fixture(scope="session")
def session_token() -> str:
    """The token to give to emulators and connections; see :mod:`tests.support.tokens`."""
    return SESSION_TOKEN


@pytest.fixture(scope="session")
def written() -> Path:
    """A folder whose files are searched for the token at the end."""
    return written_by_this_session()


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests() -> Iterator[None]:
    """Start each test as a new process starts: fuzzing has tokens of one letter, which goes from every text."""
    yield
    if redacted := sys.modules.get("airflow_provider_truepush.client.redacted"):
        redacted.forget()


def written_by_this_session() -> Path:
    """Everything that a person may read later."""
    return Path(os.environ[VARIABLE])


def in_control(config: pytest.Config) -> bool:
    """Whether this process collects the results, and is not one of several that run tests for it."""
    return not hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty folder, and leave those of sessions alone that run at the same time."""
    Counting.register(config)
    if not in_control(config):
        return
    sessions = config.rootpath / SESSIONS
    sessions.mkdir(parents=True, exist_ok=True)
    for old in sessions.iterdir():
        if not (old.name.isdigit() and psutil.pid_exists(int(old.name))):
            shutil.rmtree(old, ignore_errors=True)
    folder = sessions / str(os.getpid())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ[VARIABLE] = str(folder)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking through ten thousand tests and all of Airflow, each time anew."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=BEFORE_STATE_STORES)
def state_store_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Airflow 3.3 there is no word for "never expires", which stores of tests do not need."""
    monkeypatch.setattr("airflow_provider_truepush.task.state.never_expire", lambda: "never")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Capture every level. Pytest's `log_level` sets it six times per test, which clears the caches of all loggers."""
    root = logging.getLogger()
    if root.level != logging.DEBUG:
        root.setLevel(logging.DEBUG)


class Keeper:
    """Keeps what each test wrote to its logs, to the terminal and into its exceptions."""

    def __init__(self) -> None:
        self.folder = written_by_this_session()
        self.file = (self.folder / "tests.log").open("a", encoding="utf-8", errors="replace")
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
        self.found = list(leaks(self.folder, SESSION_TOKEN))
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was searched and found."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        searched = f"{len(files)} files ({size:.1f} MB) of logs, exceptions, XComs and rendered templates"
        if self.found:
            terminalreporter.section("the token was shown", red=True)
            terminalreporter.line(f"Searched {searched}; the suite's token stands in:")
            for place in self.found:
                terminalreporter.line(f"  {self.folder / place}")
        else:
            terminalreporter.line(f"No token in {searched}.")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """One keeper per session, where the results come together."""
    if in_control(session.config):
        session.config.pluginmanager.register(Keeper(), "truepush-token-search")


#: Folders whose tests share what takes a minute to start.
AIRFLOW = ("tests/airflow/", "tests/dag_test/")
#: Files whose tests have processes to kill, which share the one that these are forked from.
FORKED = (
    "tests/operators/test_trigger_tries.py",
    "tests/sending/test_sql_store.py",
    "tests/transfers/test_crashes.py",
    "tests/transfers/test_stats_to_object_storage.py",
)


class LongestFirst(LoadGroupScheduling):
    """Spreads the tests over the processes one by one, but keeps those together that share something.

    pytest-xdist has marks for that; with pytest 9.2 it does not see them.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(FORKED):
            return "forked"
        return next((folder for folder in AIRFLOW if nodeid.startswith(folder)), nodeid)

    def mark_test_complete(self, node: WorkerController, item_index: int, duration: float = 0) -> None:
        """Forget what is complete: xdist would go through all of it again after each of ten thousand tests."""
        super().mark_test_complete(node, item_index, duration)
        work, scope = self.assigned_work[node], self._split_scope(self.registered_collections[node][item_index])
        if all(work[scope].values()):
            del work[scope]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that may take longest, so that no process waits for one of them at the end."""
    if not in_control(config):
        items.sort(key=_time_limit, reverse=True)


def pytest_runtest_logstart(nodeid: str) -> None:
    """Give way to the real Airflow in another process, whose tests take longest: they come one after the other."""
    if "PYTEST_XDIST_WORKER" in os.environ and not nodeid.startswith(AIRFLOW) and not os.nice(0):
        os.nice(10)


def _time_limit(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LongestFirst:
    """How `pytest -n` divides the work."""
    return LongestFirst(config, log)
