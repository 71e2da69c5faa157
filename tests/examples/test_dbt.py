"""The dbt project of the examples, built by dbt on an export: run by ``make test-dbt``, which has dbt."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect, hurry
from tests.contract.fixtures import emulator, plain_machine
from tests.export.databases import CONN_ID, Database, duckdb
from tests.sending.tasks import Tasks
from tests.transfers.tasks import Run, export, truth

__all__ = ["duckdb", "emulator", "plain_machine"]

PROJECT = Path(__file__).parents[2] / "examples" / "dbt"
DBT = os.environ.get("TRUEPUSH_DBT", "")

pytestmark = pytest.mark.skipif(not DBT, reason="dbt has an environment of its own: make test-dbt")


class Dbt:
    """Runs dbt on a copy of the project."""

    def __init__(self, folder: Path, warehouse: Path) -> None:
        self._folder = folder / "dbt"
        self._warehouse = warehouse
        shutil.copytree(PROJECT, self._folder, ignore=shutil.ignore_patterns("target", "logs"))

    def run(self, *arguments: str) -> tuple[bool, str]:
        """Run a command; return whether it succeeded, and its output."""
        env = {**os.environ, "TRUEPUSH_DUCKDB": str(self._warehouse), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        command = [DBT, "--no-use-colors", "--no-version-check", *arguments, "--profiles-dir", "."]
        done = subprocess.run(command, cwd=self._folder, env=env, capture_output=True, text=True, timeout=140)
        return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
def test_the_project_is_built_and_finds_stale_and_wrong_rows(
    emulator: Emulator, duckdb: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    connect(monkeypatch, emulator, "truepush_default")
    others = emulator.add_campaigns(5, reach=100)
    own = Tasks(emulator).run(ledger_conn_id=CONN_ID, tags=["sale"])
    for number in (1, 2):
        emulator.advance(timedelta(hours=6))
        export(Run(f"run-{number}"))
    dbt = Dbt(tmp_path, tmp_path / "warehouse.duckdb")

    built, output = dbt.run("build")
    assert built, output
    fresh, output = dbt.run("source", "freshness")
    assert fresh, output

    mart = "analytics.truepush_campaign_daily"
    rows = duckdb.rows(f"SELECT campaign_id, sum(clicks), max(audience) FROM {mart} GROUP BY campaign_id")
    clicks = {campaign_id: counters[2] for campaign_id, counters in truth(emulator, [*others, own]).items()}
    assert {campaign_id: int(summed) for campaign_id, summed, _ in rows} == clicks
    assert {campaign_id: audience for campaign_id, _, audience in rows} == {
        **dict.fromkeys(others, "unknown"),
        own: "every subscriber",
    }

    latest = "truepush_campaign_stats_latest"
    duckdb.run(f"UPDATE {latest} SET clicks = clicks + 1 WHERE campaign_id = '{own}'")
    built, output = dbt.run("test", "--select", "daily_sums_are_the_latest_counters")
    assert not built
    assert "Got 1 result" in output
    duckdb.run(f"UPDATE {latest} SET observed_at = observed_at - INTERVAL 3 DAY")
    fresh, output = dbt.run("source", "freshness", "--select", "source:truepush.campaign_stats_latest")
    assert not fresh
    assert "ERROR STALE" in output
