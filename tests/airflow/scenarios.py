"""What is done with each example Dag: a person's clicks, one after the other."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from tests.airflow.examples import Scene, Stage

APPROVAL = "example_truepush_approval"
FEED = "example_truepush_product_feed"
WEEKLY = "example_truepush_weekly_trigger"
CLEANUP = "example_truepush_cleanup"
NOTIFIER = "example_truepush_failure_notifier"
WATCHER = "example_truepush_new_campaigns"
TASKFLOW = "example_truepush_taskflow"
FILES = "example_truepush_stats_to_object_storage"
TABLES = "example_truepush_stats_to_sql"
DAGS = (APPROVAL, FEED, WEEKLY, CLEANUP, NOTIFIER, WATCHER, TASKFLOW, FILES, TABLES)

NUDGE = 50.0
PILOT = {"reach": 4000, "sent": 4000, "delivered": 3900, "views": 1200}
MADE_BY_HAND = "Made by hand"
MOST_CLICKED = "Clicked most"
#: Of 2020: the first eight digits are the time.
OLD_TEMPLATES = {
    "5f80a1b2c3d4e5f6a7b8c901": "Weekly digest 00000000",
    "5f80a1b2c3d4e5f6a7b8c902": "Weekly digest 11111111",
    "5f80a1b2c3d4e5f6a7b8c903": "Made by a person",
}
OLD_TRIGGER = {"name": "Weekly digest 00000000", "templateId": "5f80a1b2c3d4e5f6a7b8c901"}
OTHER_TRIGGER = {"name": "Daily weather", "templateId": "5f80a1b2c3d4e5f6a7b8c903"}


def approval(stage: Stage) -> Scene:
    """Approved and well received; approved and not; rejected. Then what the first run has sent is cleared."""
    segments = {row["name"]: row["id"] for row in stage.ask("segments")}
    conf = {"segment_id": segments["Returning customers"], "pilot_segment_id": segments["Indian MAC users"]}
    runs = {"good": ("Approve", 4), "bad": ("Approve", 400), "rejected": ("Reject", 0)}
    for name in runs:
        stage.start(name, APPROVAL, **conf)
    for name, (option, _) in runs.items():
        yield stage.rests(name, APPROVAL, "approve")
        assert not stage.campaigns(stage.runs[name])
        stage.answer(name, APPROVAL, "approve", option)
    for name, (option, unsubscribers) in runs.items():
        if option == "Approve":
            yield stage.rests(name, APPROVAL, "watch_pilot")
            pilot = stage.campaigns(stage.runs[name])[1]
            stage.control(f"series/{pilot['id']}", {"series": [{**PILOT, "unsubscribers": unsubscribers}]})
    for name in runs:
        yield stage.ended(name, APPROVAL)
    stage.note("good", APPROVAL)
    stage.clear("good", APPROVAL, "schedule_campaign", "send_to_pilot")
    yield stage.ended("good", APPROVAL)


def feed(stage: Stage) -> Scene:
    """Run, and cleared once it is over."""
    stage.start("feed", FEED)
    yield stage.ended("feed", FEED)
    stage.note("feed", FEED)
    stage.clear("feed", FEED)
    yield stage.ended("feed", FEED)
    yield stage.all_ended(FEED)


def housekeeping(stage: Stage) -> Scene:
    """The trigger is kept in step, twice; then the old templates are cleaned up, twice."""
    stage.control(
        "seed",
        {
            "templates": [{"_id": old_id, "name": name} for old_id, name in OLD_TEMPLATES.items()],
            "triggers": [OLD_TRIGGER, OTHER_TRIGGER],
        },
    )
    yield from _twice(stage, WEEKLY)
    yield from _twice(stage, CLEANUP)


def _twice(stage: Stage, dag_id: str) -> Scene:
    """The schedule has a run of its own, from the moment of unpausing on; with one by hand that makes two."""
    stage.start(dag_id, dag_id)
    yield lambda: stage.ended(dag_id, dag_id)() and stage.all_ended(dag_id)()
    if len(stage.dag_runs(dag_id)) < 2:
        stage.start(dag_id, dag_id)
        yield stage.ended(dag_id, dag_id)


def notifier(stage: Stage) -> Scene:
    """A run that fails, and one that does not."""
    stage.start("failing", NOTIFIER, fail=True)
    stage.start("fine", NOTIFIER)
    yield stage.ended("failing", NOTIFIER)
    yield stage.ended("fine", NOTIFIER)


def taskflow(stage: Stage) -> Scene:
    """Run, and cleared."""
    (campaign,) = stage.control("seed", {"campaigns": [{"title": MOST_CLICKED}]})["campaigns"]
    stage.control(f"series/{campaign}", {"series": [{**PILOT, "clicks": 3900}]})
    yield from _twice(stage, TASKFLOW)


def files(stage: Stage) -> Scene:
    """The run of the schedule and one by hand; then the latter is cleared."""
    stage.control("seed", {"campaigns": [{"title": "For the files"}]})
    yield from _twice(stage, FILES)
    stage.note(FILES, FILES)
    stage.clear(FILES, FILES)
    yield stage.ended(FILES, FILES)


def tables(stage: Stage) -> Scene:
    """The same with tables."""
    stage.control("seed", {"campaigns": [{"title": "For the tables"}]})
    yield from _twice(stage, TABLES)
    stage.note(TABLES, TABLES)
    stage.clear(TABLES, TABLES)
    yield stage.ended(TABLES, TABLES)


def opening(stage: Stage) -> Scene:
    """The watcher is unpaused, and has looked at the list once: what it sees later is new to it."""
    stage.pause(WATCHER, paused=False)
    # A watcher begins when the file is read the next time; a person would wait for half a minute.
    token = stage.airflow.api.dags()[WATCHER]["file_token"]
    stage.call("PUT", f"/parseDagFile/{token}")
    yield lambda: stage.requested()["listCampaign"]


def watcher(stage: Stage) -> Scene:
    """A campaign appears that no Dag has made."""
    # One after the other: what appears between two polls may become one run.
    for _ in range(2):
        campaign = _made_by_hand(stage)
        nudged = time.monotonic()
        while campaign not in told(stage):
            # Airflow's scheduler may take an event that is stored as it makes a run into the run after that only.
            if time.monotonic() - nudged > NUDGE:
                _made_by_hand(stage)
                nudged = time.monotonic()
            yield partial(_has_passed, time.monotonic() + 2)
    yield stage.all_ended(WATCHER)
    stage.pause(WATCHER)  # a run that began this very moment stays as it is


def _made_by_hand(stage: Stage) -> str:
    (campaign,) = stage.control("seed", {"campaigns": [{"title": MADE_BY_HAND}]})["campaigns"]
    return str(campaign)


def _has_passed(moment: float) -> bool:
    return time.monotonic() >= moment


def told(stage: Stage) -> list[str]:
    """The campaigns that the runs of the watching Dag were about."""
    found: list[Any] = [
        stage.airflow.api.xcom(WATCHER, run["dag_run_id"], "new_campaigns") or [] for run in stage.dag_runs(WATCHER)
    ]
    return [str(campaign) for campaigns in found for campaign in campaigns]
