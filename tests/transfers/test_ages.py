"""``refresh_for`` over the tries of one execution, in both transfers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect
from tests.export.databases import Database
from tests.export.files.support import read
from tests.transfers.storing import counters, store
from tests.transfers.tasks import Run, asked, export, written


@pytest.fixture(params=["sql", "files"])
def place(request: pytest.FixtureRequest, sqlite: Database, tmp_path: Path) -> tuple[Any, Callable[[Any], Any]]:
    """A try, and what is there after it."""
    if request.param == "sql":
        return export, lambda _: written(sqlite)
    return partial(_store, tmp_path), lambda summary: counters(read(summary))


def _store(path: Path, run: Run, **given: Any) -> Any:
    return store(run, path, **given)


def test_what_one_try_has_fetched_is_not_too_old_for_the_next(
    truepush: Emulator, place: tuple[Any, Callable[[Any], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, there = place
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    ids = truepush.add_campaigns(20, spread=timedelta(days=20))
    run = Run(start_date=datetime.now(UTC))
    born = int(ids[-10][:8], 16)
    # The tenth becomes too old two seconds from now, which is after the start of the run.
    limit = timedelta(seconds=datetime.now(UTC).timestamp() - born + 2)
    truepush.fault("campaignStats", effect="status", status=503, nth=3)
    with pytest.raises(AirflowException, match="could not be fetched"):
        attempt(run, refresh_for=limit)
    assert len(set(asked(truepush))) == 10
    truepush.clear_faults()
    truepush.clear_requests()
    time.sleep(3)
    summary = attempt(run, refresh_for=limit)
    assert len(asked(truepush)) == 1
    assert (summary["rows"], summary["resumed"], summary["left_out"]) == (10, 9, 10)
    assert set(there(summary)) == set(ids[-10:])


@pytest.mark.parametrize("limit", [timedelta(days=400_000), timedelta.max])
def test_an_age_longer_than_the_calendar_leaves_out_nothing(
    truepush: Emulator, place: tuple[Any, Callable[[Any], Any]], limit: timedelta
) -> None:
    attempt, there = place
    ids = truepush.add_campaigns(3, spread=timedelta(days=20))
    assert set(there(attempt(Run(), refresh_for=limit))) == set(ids)
