"""The operator from beginning to end: the emulator over a socket, files on a disk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowOptionalProviderFeatureException,
    AirflowSkipException,
    Asset,
)

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushStorageError
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from tests.contract.driver import connect
from tests.export.files.support import FORMATS, files, read
from tests.support import forked
from tests.transfers.storing import counters, store
from tests.transfers.tasks import OutletEvents, Run, asked, truth


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_every_campaign_of_the_list_is_in_the_file_once(
    truepush: Emulator, tmp_path: Path, made: str, compression: str | None
) -> None:
    ids = truepush.add_campaigns(60, reach=1000)
    truepush.advance(3600)
    truepush.set_series(ids[3], [None])
    end = datetime(2026, 11, 23, tzinfo=UTC)
    summary = store(Run(interval_end=end, run_type="manual"), tmp_path, format=made, compression=compression)
    rows = read(summary)
    expected = truth(truepush, ids)
    del expected[ids[3]]
    assert counters(rows) == expected
    assert {row["project"] for row in rows} == {"truepush_default"}
    # One request per campaign and page, none wasted.
    assert sorted(asked(truepush)) == sorted(ids)
    assert truepush.count() == 60 + len(truepush.requests("listCampaign"))
    json.dumps(summary)
    assert {name: summary[name] for name in ("rows", "campaigns", "missing", "resumed", "snapshot_key")} == {
        "rows": 59,
        "campaigns": 60,
        "missing": 1,
        "resumed": 0,
        "snapshot_key": end.isoformat(),
    }
    assert len(files(tmp_path)) == 2
    assert all(name.startswith("campaign_stats/dt=2026-11-23/") for name in files(tmp_path))
    manifest = json.loads(Path(summary["manifest"]).read_text())
    assert manifest["missing"] == [ids[3]]
    assert (manifest["min_observed_at"], manifest["max_observed_at"]) == (
        summary["min_observed_at"],
        summary["max_observed_at"],
    )


def test_a_clear_replaces_the_file_and_another_run_has_its_own(truepush: Emulator, tmp_path: Path) -> None:
    (one,) = truepush.add_campaigns(1)
    truepush.set_series(one, [{"reach": 5, "clicks": number} for number in (1, 2, 3)])
    run = Run()
    first = store(run, tmp_path)
    run.clear()
    second = store(run, tmp_path)
    third = store(Run("run-2"), tmp_path)
    assert first["files"][0]["path"] == second["files"][0]["path"] != third["files"][0]["path"]
    assert counters(read(second)) == {one: (5, 0, 2)}
    assert counters(read(third)) == {one: (5, 0, 3)}
    assert len(files(tmp_path)) == 4


def test_nothing_is_shown_until_all_is_there_and_the_next_try_fetches_only_what_is_left(
    truepush: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = truepush.add_campaigns(30)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    truepush.fault("campaignStats", effect="status", status=503, nth=range(5, 9))
    with pytest.raises(AirflowException, match="could not be fetched") as caught:
        store(run, tmp_path, campaign_ids=ids)
    left = [one for one in ids if one in str(caught.value)]
    assert len(left) == 4
    assert [Path(name).parts[1] for name in files(tmp_path)] == ["_parts"]
    truepush.clear_faults()
    truepush.clear_requests()
    summary = store(run, tmp_path, campaign_ids=ids)
    assert sorted(asked(truepush)) == sorted(left)
    assert (summary["rows"], summary["resumed"]) == (30, 26)
    assert counters(read(summary)) == truth(truepush, ids)
    assert len(files(tmp_path)) == 2
    truepush.clear_requests()
    run.clear()
    assert store(run, tmp_path, campaign_ids=ids)["resumed"] == 0
    assert len(asked(truepush)) == 30


def test_too_many_without_statistics_fail_and_only_those_are_asked_for_again(
    truepush: Emulator, tmp_path: Path
) -> None:
    ids = truepush.add_campaigns(4)
    truepush.set_series(ids[0], [None, {"reach": 1}])
    run = Run()
    with pytest.raises(AirflowException, match=f"1 of 4 campaigns .*{ids[0]}"):
        store(run, tmp_path, fail_if_missing_ratio=0.2)
    truepush.clear_requests()
    summary = store(run, tmp_path, fail_if_missing_ratio=0.2)
    assert asked(truepush) == [ids[0]]
    assert (summary["rows"], summary["resumed"], summary["missing"]) == (4, 3, 0)
    assert counters(read(summary)) == {**truth(truepush, ids), ids[0]: (1, 0, 0)}
    assert json.loads(Path(summary["manifest"]).read_text())["missing"] == []


def test_a_storm_of_faults_loses_and_doubles_nothing(truepush: Emulator, tmp_path: Path) -> None:
    ids = truepush.add_campaigns(80, reach=500)
    truepush.advance(7200)
    truepush.fault("campaignStats", effect="429", probability=0.2)
    truepush.fault("campaignStats", effect="rst", probability=0.15)
    truepush.fault("campaignStats", effect="status", status=500, probability=0.1)
    run = Run(retries=30, max_tries=30)
    while True:
        try:
            summary = store(run, tmp_path)
            break
        except AirflowException:
            assert run.tries < 30
            assert not list(tmp_path.glob("campaign_stats/dt=*"))
    assert counters(read(summary)) == truth(truepush, ids)
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"path": "relative"}, "path: must be absolute"),
        ({"path": "None"}, "path: must be an absolute path"),
        ({"path": "nosuch://bucket"}, "path: cannot be opened"),
        ({"format": "orc"}, "format: must be 'parquet', 'jsonl' or 'csv'"),
        ({"compression": "gzip"}, "compression: is for jsonl and csv"),
        ({"stop_after_unchanged": 3}, "stop_after_unchanged: needs tables"),
        ({"campaign_ids": "None"}, "campaign_ids"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    truepush: Emulator, tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    truepush.add_campaigns(1)
    with pytest.raises(AirflowFailException, match=said):
        store(Run(), **{"path": tmp_path, **given})
    assert truepush.count() == 0
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_noticed_before_anything_is_fetched(
    truepush: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truepush.add_campaigns(1)
    (tmp_path / "file").write_text("")
    with pytest.raises(TruepushStorageError, match=r"Could not write to .*/file .*Nothing was fetched"):
        store(Run(), tmp_path / "file")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "airflow_provider_truepush.export.files.parquet", raising=False)
    with pytest.raises(AirflowOptionalProviderFeatureException, match=r"\[parquet\]"):
        store(Run(), tmp_path)
    assert truepush.count() == 0


def test_rendered_arguments_are_understood(truepush: Emulator, tmp_path: Path) -> None:
    truepush.add_campaigns(1)
    assert set(TruepushStatsToObjectStorageOperator.template_fields) >= {"path", "format", "compression"}
    summary = store(Run(), f" {tmp_path}/ ", format="csv", compression="None")
    assert summary["files"][0]["path"].startswith(f"{tmp_path}/campaign_stats/dt=")
    assert summary["files"][0]["path"].endswith(".csv")


def test_the_past_is_skipped_or_flagged(truepush: Emulator, tmp_path: Path) -> None:
    truepush.add_campaigns(1)
    past: dict[str, Any] = {"run_type": "backfill", "interval_end": datetime.now(UTC) - timedelta(days=3)}
    with pytest.raises(AirflowSkipException, match="current counters only"):
        store(Run(**past), tmp_path)
    assert files(tmp_path) == []
    summary = store(Run(**past), tmp_path, on_past_interval="flag")
    assert [row["past_interval"] for row in read(summary)] == [True]


def test_the_assets_event_has_the_summary(truepush: Emulator, tmp_path: Path) -> None:
    truepush.add_campaigns(1)
    asset = Asset(f"file://{tmp_path}/campaign_stats")
    events = OutletEvents()
    summary = store(Run(outlet_events=events), tmp_path, outlets=[asset])
    assert events[asset].extra == summary


def test_a_dag_file_imports_nothing_heavy() -> None:
    code = """
import sys
from airflow.providers.common.compat.sdk import BaseOperator
before = set(sys.modules)
import airflow_provider_truepush.transfers.stats_to_object_storage, airflow_provider_truepush.report
heavy = {"aiohttp", "pandas", "plotly", "pyarrow", "requests", "s3fs", "sqlalchemy", "tenacity"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"


@pytest.fixture
def in_a_process(truepush: Emulator, tmp_path: Path) -> Any:
    """Starts a first try in a process of its own."""

    def start(moment: str, run: Run) -> AbstractContextManager[ForkServerProcess]:
        run.tries += 1
        assert run.interval_end is not None
        output = tmp_path.with_suffix(".log")
        return forked.started(
            "tests.transfers.killed", moment, str(tmp_path), run.interval_end.isoformat(), output=output
        )

    return start


def test_a_worker_that_is_killed_while_it_fetches(truepush: Emulator, tmp_path: Path, in_a_process: Any) -> None:
    ids = truepush.add_campaigns(300)
    truepush.fault("campaignStats", effect="delay", seconds=0.3)
    run = Run()
    with in_a_process("fetching", run) as worker:
        deadline = time.monotonic() + 60
        while not [name for name in files(tmp_path) if name.endswith(".part")]:
            assert time.monotonic() < deadline
            assert worker.exitcode is None
            time.sleep(0.02)
    assert not list(tmp_path.glob("campaign_stats/dt=*"))
    truepush.clear_faults()
    before = -1
    while before != len(asked(truepush)):  # what was under way may still arrive
        before = len(asked(truepush))
        time.sleep(0.3)
    summary = store(run, tmp_path, format="jsonl")
    assert summary["resumed"] > 0
    assert len(asked(truepush)) - before == 300 - summary["resumed"]
    assert counters(read(summary)) == truth(truepush, ids)
    assert len(files(tmp_path)) == 2


def test_a_worker_that_is_killed_while_it_brings_the_file_over(
    truepush: Emulator, tmp_path: Path, in_a_process: Any
) -> None:
    ids = truepush.add_campaigns(40)
    run = Run()
    with in_a_process("copying", run) as worker:
        worker.join(60)
        assert worker.exitcode == -signal.SIGKILL
    # What is there of it has a hidden name, and no manifest.
    (stump,) = files(tmp_path)
    assert Path(stump).name.startswith(".")
    assert Path(stump).name.endswith(".tmp")
    assert (tmp_path / stump).stat().st_size == 1000
    summary = store(run, tmp_path, format="jsonl")
    assert counters(read(summary)) == truth(truepush, ids)
    assert len(files(tmp_path)) == 2
    assert not any(Path(name).name.startswith(".") for name in files(tmp_path))
