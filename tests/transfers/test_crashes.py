"""What a killed worker and a restarted database leave behind, and that the next try makes it whole."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.export import export as exporting
from tests.contract.driver import connect
from tests.export import databases
from tests.export.databases import Database
from tests.support import forked
from tests.support.postgres import postgres_server
from tests.transfers.tasks import HISTORY, LATEST, Run, asked, export, truth, written

CAMPAIGNS = 240


def until(true: Callable[[], bool], what: str) -> None:
    # A worker imports Airflow first, which can take minutes on a busy machine.
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_killed_worker_loses_and_doubles_nothing(
    truepush: Emulator, kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database: Database = request.getfixturevalue(kind)
    ids = truepush.add_campaigns(CAMPAIGNS, reach=1000)
    truepush.advance(7200)
    connect(monkeypatch, truepush, "truepush_default", requests_per_second=150)
    run = Run()
    assert run.interval_end is not None
    times = (run.interval_end.isoformat(), run.start_date.isoformat())
    with forked.started("tests.transfers.exporter", *times, output=tmp_path / "worker.log") as worker:
        until(lambda: worker.exitcode is not None or len(truepush.requests("campaignStats")) > 100, "it fetches")
        assert worker.exitcode is None, (tmp_path / "worker.log").read_text()
    kept = written(database)
    assert 0 < len(kept) < CAMPAIGNS
    assert kept.items() <= truth(truepush, ids).items()
    truepush.clear_requests()
    connect(monkeypatch, truepush, "truepush_default")
    run.tries = 1
    summary = export(run)
    assert sorted(asked(truepush)) == sorted(set(ids) - set(kept))
    assert (summary["rows"], summary["resumed"]) == (CAMPAIGNS, len(kept))
    assert written(database) == written(database, LATEST) == truth(truepush, ids)


class OwnPostgres:
    """A PostgreSQL that no other test uses."""

    def __init__(self, server: Any) -> None:
        self.server = server

    @property
    def socket(self) -> str:
        """The folder of its socket."""
        return parse_qs(urlsplit(self.server.get_uri()).query)["host"][0]

    def crash(self) -> None:
        """End it without a word to anybody, and start it again a moment later."""
        pid = int((self.server.pgdata / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        psutil.wait_procs([psutil.Process(pid)], 30) if psutil.pid_exists(pid) else None
        time.sleep(0.5)
        self.server.ensure_postgres_running()


@pytest.fixture
def own_postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnPostgres]:
    with postgres_server() as server:
        own = OwnPostgres(server)
        databases.connect(monkeypatch, conn_type="postgres", host=own.socket, login="postgres", schema="postgres")
        yield own


def test_a_database_that_restarts_in_the_middle_is_waited_for(
    truepush: Emulator, own_postgres: OwnPostgres, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    ids = truepush.add_campaigns(CAMPAIGNS, reach=1000)
    truepush.advance(7200)
    connect(monkeypatch, truepush, "truepush_default", requests_per_second=120)
    monkeypatch.setattr(exporting, "export", partial(exporting.export, row_budget=20))
    failures: list[BaseException] = []

    def crash() -> None:
        try:
            until(lambda: len(truepush.requests("campaignStats")) > 80, "the export is under way")
            own_postgres.crash()
        except BaseException as error:
            failures.append(error)

    crashing = threading.Thread(target=crash)
    crashing.start()
    summary = export(Run())
    crashing.join()
    assert failures == []
    database = Database("postgres")
    assert "next attempt in" in caplog.text
    assert summary["rows"] == CAMPAIGNS
    assert len(asked(truepush)) == CAMPAIGNS
    assert written(database) == written(database, LATEST) == truth(truepush, ids)
    assert len(database.rows(f"SELECT 1 FROM {HISTORY}")) == CAMPAIGNS
