"""Every example Dag in a real Airflow, run twice: what it does, and that the second time adds nothing that is there."""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from local_airflow.airflow_process import LocalAirflow
from local_airflow.configuration import EXAMPLES, Installation
from local_airflow.emulator_process import EmulatorProcess
from tests.airflow import scenarios
from tests.airflow.examples import Show, Stage
from tests.airflow.scenarios import (
    APPROVAL,
    CLEANUP,
    DAGS,
    FEED,
    FILES,
    NOTIFIER,
    OLD_TEMPLATES,
    TABLES,
    TASKFLOW,
    WATCHER,
    WEEKLY,
)
from tests.support.leaks import leaks

log = logging.getLogger(__name__)

WEEK = 7 * 86400


@pytest.fixture(scope="module")
def stage(
    airflow: LocalAirflow, emulator: EmulatorProcess, installation: Installation, session_token: str
) -> Iterator[Stage]:
    """An emulator of its own, so that other tests count their requests undisturbed; its clock runs as ours does."""
    log = installation.home / "emulator-examples.log"
    with EmulatorProcess(log, installation.environment(), speed=1, token=session_token) as truepush:
        stage = Stage(airflow, truepush)
        airflow.api.put_connection(truepush.connection())
        segments = {row["name"]: row["id"] for row in stage.ask("segments")}
        for name, segment in (("digest", "Returning customers"), ("oncall", "Indian MAC users")):
            stage.call("POST", "/variables", json={"key": f"truepush_{name}_segment", "value": segments[segment]})
        stage.call("POST", "/variables", json={"key": "truepush_files", "value": str(installation.home / "files")})
        warehouse = {"conn_type": "sqlite", "host": str(installation.home / "examples-warehouse.db")}
        airflow.api.put_connection({"connection_id": "warehouse", **warehouse})
        yield stage
        for dag_id in DAGS:
            stage.pause(dag_id)
        airflow.api.put_connection(emulator.connection())


@pytest.fixture(scope="module")
def show(stage: Stage) -> Show:
    """All scenarios, played to their end."""
    for dag_id in DAGS:
        stage.airflow.wait_for_dag(dag_id)
    Show(stage, {"opening": scenarios.opening(stage)}).play()
    names = ("watcher", "approval", "housekeeping", "feed", "notifier", "taskflow", "files", "tables")
    show = Show(stage, {name: getattr(scenarios, name)(stage) for name in names})
    # Alone: each campaign of the others would make another run of its Dag.
    show.play("watcher")
    show.play()
    log.info("seconds of each scenario: %s", show.seconds)
    return show


def test_every_example_is_executed() -> None:
    """The first one is run by test_example_campaign.py, the quickstart by the tests of its page."""
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {
        "example_truepush_campaign",
        "example_truepush_quickstart",
        *DAGS,
    }


class TestApproval:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("approval")

    def test_approved_it_is_scheduled_and_tried_on_the_pilot(self, stage: Stage) -> None:
        assert stage.noted["good"] == {
            "approve": ["success"],
            "schedule_campaign": ["success"],
            "send_to_pilot": ["success"],
            "watch_pilot": ["success"],
            "cancel_campaign": ["skipped"],
        }
        campaign, pilot = stage.campaigns(stage.runs["good"])
        assert campaign["segment"] != pilot["segment"]
        assert campaign["payload"]["title"] == pilot["payload"]["title"]
        assert "scheduled" not in pilot["payload"]

    def test_when_the_pilot_runs_away_it_is_cancelled(self, stage: Stage) -> None:
        states = stage.states(APPROVAL, stage.runs["bad"])
        assert states["watch_pilot"] == ["failed"]
        assert states["cancel_campaign"] == ["success"]
        campaign, pilot = stage.campaigns(stage.runs["bad"])
        assert (campaign["status"], pilot["status"]) == ("cancelled", "sent")

    def test_rejected_nothing_goes_out(self, stage: Stage) -> None:
        states = stage.states(APPROVAL, stage.runs["rejected"])
        assert states.pop("approve") == ["success"]
        assert set(states) == {"schedule_campaign", "send_to_pilot", "watch_pilot", "cancel_campaign"}
        assert all(found == ["skipped"] for found in states.values())
        assert not stage.campaigns(stage.runs["rejected"])

    def test_cleared_it_is_not_sent_again(self, stage: Stage) -> None:
        assert stage.states(APPROVAL, stage.runs["good"]) == stage.noted["good"]
        assert len(stage.campaigns(stage.runs["good"])) == 2


class TestStatsToObjectStorage:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("files")

    def test_each_run_has_one_file_also_when_it_is_cleared(self, stage: Stage, installation: Installation) -> None:
        runs = stage.dag_runs(FILES)
        told = [stage.airflow.api.xcom(FILES, run["dag_run_id"], "export") for run in runs]
        assert stage.noted[FILES]["export"] == ["success"]
        assert all(summary["rows"] > 0 and not summary["past_interval"] for summary in told)
        paths = sorted(str(path) for path in (installation.home / "files").rglob("*.parquet"))
        assert paths == sorted(file["path"] for summary in told for file in summary["files"])
        assert len(paths) == len(runs) > 1
        assert len(list((installation.home / "files").rglob("*_manifest.json"))) == len(runs)


class TestStatsToSql:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("tables")

    def test_each_run_has_one_snapshot_also_when_it_is_cleared(self, stage: Stage, installation: Installation) -> None:
        runs = stage.dag_runs(TABLES)
        told = {run["dag_run_id"]: stage.airflow.api.xcom(TABLES, run["dag_run_id"], "export_stats") for run in runs}
        assert stage.noted[TABLES]["export_stats"] == ["success"]
        query = "SELECT run_id, count(*), count(DISTINCT campaign_id) FROM truepush_campaign_stats GROUP BY run_id"
        with closing(sqlite3.connect(installation.home / "examples-warehouse.db")) as warehouse:
            found = {run: (rows, campaigns) for run, rows, campaigns in warehouse.execute(query)}
        assert found == {run: (told[run]["rows"], told[run]["rows"]) for run in found}
        assert all(told[run]["rows"] > 0 and not told[run]["resumed"] for run in found)
        assert len(found) > 1


class TestProductFeed:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("feed")

    def test_one_campaign_per_segment_that_has_an_offer(self, stage: Stage) -> None:
        assert stage.noted["feed"]["send"] == ["success", "skipped", "success"]
        names = {row["id"]: row["name"] for row in stage.ask("segments")}
        campaigns = stage.campaigns(stage.runs["feed"])
        assert {(names[row["segment"]], row["title"]) for row in campaigns} == {
            ("Indian MAC users", "15% off: Laptop sleeve"),
            ("Returning customers", "30% off: Walking boots"),
        }

    def test_cleared_it_sends_nothing_again(self, stage: Stage) -> None:
        assert stage.states(FEED, stage.runs["feed"]) == stage.noted["feed"]
        for run in stage.dag_runs(FEED):
            assert len(stage.campaigns(run["dag_run_id"])) <= 2

    def test_the_map_index_shows_the_segment(self, stage: Stage) -> None:
        rows = stage.airflow.api.task_instances(FEED, stage.runs["feed"])
        shown = {row["rendered_map_index"] for row in rows if row["task_id"] == "send" and row["state"] == "success"}
        assert shown == {"Indian MAC users", "Returning customers"}


class TestHousekeeping:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("housekeeping")

    def test_every_run_succeeds(self, stage: Stage) -> None:
        for dag_id in (WEEKLY, CLEANUP):
            runs = stage.dag_runs(dag_id)
            assert len(runs) >= 2
            assert {run["state"] for run in runs} == {"success"}

    def test_there_is_one_trigger_of_the_new_version_and_none_of_the_old(self, stage: Stage) -> None:
        triggers = {row["name"]: row for row in stage.ask("triggers")}
        assert len(triggers) == len(stage.ask("triggers"))
        assert triggers.pop("Daily weather")
        ((name, trigger),) = triggers.items()
        assert name.startswith("Weekly digest ")
        (template,) = [row for row in stage.ask("templates") if row["name"] == name]
        assert trigger["template"] == template["id"]
        assert trigger["timings"] == {"sub_type": "weekly", "week_days": [1], "hours": 9, "minutes": 0}

    def test_each_is_created_once(self, stage: Stage) -> None:
        requested = stage.requested()
        assert (requested["createTemplate"], requested["createTrigger"], requested["deleteTrigger"]) == (1, 1, 1)

    def test_what_is_managed_and_unused_is_deleted_and_nothing_else(self, stage: Stage) -> None:
        left = Counter(row["name"] for row in stage.ask("templates"))
        assert set(OLD_TEMPLATES.values()) & set(left) == {"Made by a person"}
        assert sum(left.values()) == 2
        assert stage.requested()["deleteTemplate"] == 2

    def test_truepush_sends_it_once_a_week(self, stage: Stage, show: Show) -> None:
        stage.control("clock", {"advance": WEEK})
        (trigger,) = [row for row in stage.ask("triggers") if row["name"].startswith("Weekly digest ")]
        (sent,) = [row for row in stage.ask("campaigns") if row["trigger"] == trigger["id"]]
        assert sent["title"] == "What was new this week"
        assert sent["segment"] == trigger["segment"]


class TestNotifier:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("notifier")

    def test_the_failure_is_told_once(self, stage: Stage) -> None:
        assert stage.states(NOTIFIER, stage.runs["failing"]) == {"load_orders": ["failed"]}
        (push,) = stage.campaigns(stage.runs["failing"])
        assert push["title"] == f"{NOTIFIER} failed"
        assert push["payload"]["message"] == "load_orders failed after 2 tries: the orders of today are not there"
        assert push["payload"]["link"].startswith(stage.airflow.api.url)
        (segment,) = [row for row in stage.ask("segments") if row["name"] == "Indian MAC users"]
        assert push["segment"] == segment["id"]

    def test_success_is_not_told(self, stage: Stage) -> None:
        assert stage.states(NOTIFIER, stage.runs["fine"]) == {"load_orders": ["success"]}
        assert not stage.campaigns(stage.runs["fine"])


class TestWatcher:
    @pytest.fixture(autouse=True)
    def _played(self, show: Show) -> None:
        show.check("watcher")

    def test_every_run_succeeds(self, stage: Stage) -> None:
        runs = stage.dag_runs(WATCHER)
        assert {run["run_type"] for run in runs} == {"asset_triggered"}
        assert [run["state"] for run in runs].count("success") >= 2
        assert "failed" not in {run["state"] for run in runs}

    def test_each_campaign_is_told_once(self, stage: Stage) -> None:
        told = Counter(scenarios.told(stage))
        made = {row["id"]: row["title"] for row in stage.ask("campaigns")}
        assert set(told.values()) == {1}
        assert {made[campaign] for campaign in told} == {scenarios.MADE_BY_HAND}
        assert len(told) >= 2


class TestTaskFlow:
    def test_it_tells_the_campaign_that_was_clicked_most(self, stage: Stage, show: Show) -> None:
        show.check("taskflow")
        for run in stage.dag_runs(TASKFLOW):
            assert run["state"] == "success"
            assert stage.airflow.api.xcom(TASKFLOW, run["dag_run_id"], "report") == scenarios.MOST_CLICKED


def test_no_two_campaigns_of_a_run_are_the_same(stage: Stage, show: Show) -> None:
    assert show
    assert {push["count"] for push in stage.ask("pushes")} == {1}


def test_nothing_that_was_written_holds_the_token(
    stage: Stage, show: Show, installation: Installation, session_token: str
) -> None:
    assert show
    assert list(installation.logs.glob(f"dag_id={APPROVAL}/**/*.log"))
    assert list(leaks(installation.home, session_token)) == []
