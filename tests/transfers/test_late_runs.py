"""Exports of late runs, catch-ups and manual runs, and the names of their snapshots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from tests.export.databases import Database
from tests.transfers.tasks import HISTORY, Run, asked, export


def test_a_late_run_is_skipped_flagged_or_failed(truepush: Emulator, sqlite: Database) -> None:
    truepush.add_campaigns(1)
    past = {"run_type": "backfill", "interval_end": datetime.now(UTC) - timedelta(days=3)}
    with pytest.raises(AirflowSkipException, match="current counters only"):
        export(Run(**past))  # type: ignore[arg-type]
    with pytest.raises(AirflowFailException, match="current counters only"):
        export(Run(**past), on_past_interval="fail")  # type: ignore[arg-type]
    assert truepush.count() == 0
    assert export(Run(**past), on_past_interval="flag")["past_interval"] is True  # type: ignore[arg-type]
    assert [bool(flag) for (flag,) in sqlite.rows(f"SELECT past_interval FROM {HISTORY}")] == [True]
    # By hand it is what the person wants, and flagged all the same: the numbers are not those of then.
    by_hand = Run(run_type="manual", interval_end=datetime.now(UTC) - timedelta(days=3))
    assert export(by_hand)["past_interval"] is True
    # What a try has begun in time is not skipped because its retry comes late.
    late = Run(run_id="late", interval_end=datetime.now(UTC) - timedelta(days=3), tries=1)
    assert export(late)["past_interval"] is True
    # Timetables of partitions give no interval, only the moment to run after.
    partition = Run(interval_end=None, start_date=datetime.now(UTC) - timedelta(days=3))
    with pytest.raises(AirflowSkipException, match="current counters only"):
        export(partition)
    assert export(Run(run_type="asset_triggered", interval_end=None))["rows"] == 1


def test_the_snapshot_key_is_the_intervals_end(truepush: Emulator, sqlite: Database) -> None:
    truepush.add_campaigns(1)
    end = datetime.now(UTC).replace(microsecond=0)
    assert export(Run(interval_end=end))["snapshot_key"] == end.isoformat()
    without = Run(interval_end=None, start_date=end)
    assert export(without)["snapshot_key"] == end.isoformat()
    assert export(Run(), snapshot_key="2026-W47", project="shop")["snapshot_key"] == "2026-W47"
    found = sqlite.rows(f"SELECT DISTINCT project, snapshot_key FROM {HISTORY}")
    assert sorted(found) == [("shop", "2026-W47"), ("truepush_default", end.isoformat())]


def test_a_catch_up_does_not_make_campaigns_look_quiet(truepush: Emulator, sqlite: Database) -> None:
    """It fetches the same counters for many intervals within a moment."""
    (one,) = truepush.add_campaigns(1)
    for days in range(4, 9):
        run = Run(run_type="backfill", interval_end=datetime.now(UTC) - timedelta(days=days), run_id=f"of {days}")
        export(run, on_past_interval="flag", stop_after_unchanged=2)
    assert export(Run(run_id="live"), stop_after_unchanged=2)["rows"] == 1
    assert asked(truepush).count(one) == 6
