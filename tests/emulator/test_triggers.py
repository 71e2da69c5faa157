"""Triggers fire on the wall clock of their project."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.emulator import Emulator, firing
from airflow_provider_truepush.emulator.records import Campaign
from airflow_provider_truepush.emulator.schedule import next_fire
from tests.emulator.support import START, TEMPLATE, Api, trigger

BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


def fires(kind: str, timings: dict[str, Any], zone: ZoneInfo, start: datetime, n: int) -> list[str]:
    """The next n moments on the wall clock."""
    found, after = [], start.timestamp()
    for _ in range(n):
        moment = next_fire(kind, timings, zone, after)
        if moment is None:
            break
        found.append(datetime.fromtimestamp(moment, zone).strftime("%a %d-%m-%Y %H:%M %z"))
        after = moment
    return found


def test_weekly_counts_from_sunday() -> None:
    timings = {"sub_type": "weekly", "week_days": [0, 3], "hours": 8, "minutes": 5}
    assert fires("repeated", timings, UTC_ZONE, START, 3) == [
        "Wed 04-03-2026 08:05 +0000", "Sun 08-03-2026 08:05 +0000", "Wed 11-03-2026 08:05 +0000",
    ]  # fmt: skip


def test_monthly_skips_days_that_a_month_lacks() -> None:
    timings = {"sub_type": "monthly", "dates": [31], "hours": 0, "minutes": 0}
    assert [row[4:14] for row in fires("repeated", timings, UTC_ZONE, START, 3)] == [
        "31-03-2026", "31-05-2026", "31-07-2026",
    ]  # fmt: skip


def test_yearly_waits_for_leap_years_and_gives_up_on_the_impossible() -> None:
    timings = {"sub_type": "yearly", "months": [2], "dates": [29], "hours": 1, "minutes": 0}
    assert [row[4:14] for row in fires("repeated", timings, UTC_ZONE, START, 2)] == ["29-02-2028", "29-02-2032"]
    late = datetime(2096, 3, 1, tzinfo=UTC)
    assert [row[4:14] for row in fires("repeated", timings, UTC_ZONE, late, 1)] == ["29-02-2104"]
    assert fires("repeated", {**timings, "dates": [30]}, UTC_ZONE, START, 1) == []


def test_daily_across_the_change_to_summer_and_winter_time() -> None:
    timings = {"sub_type": "daily", "hours": 2, "minutes": 30}
    # On 29 March 02:30 does not exist, on 25 October it comes twice.
    spring = fires("repeated", timings, BERLIN, datetime(2026, 3, 28, tzinfo=UTC), 3)
    assert spring == ["Sat 28-03-2026 02:30 +0100", "Sun 29-03-2026 03:30 +0200", "Mon 30-03-2026 02:30 +0200"]
    autumn = fires("repeated", timings, BERLIN, datetime(2026, 10, 24, tzinfo=UTC), 3)
    assert autumn == ["Sat 24-10-2026 02:30 +0200", "Sun 25-10-2026 02:30 +0200", "Mon 26-10-2026 02:30 +0100"]


SCHEDULES = st.one_of(
    st.just({"sub_type": "daily"}),
    st.fixed_dictionaries({"sub_type": st.just("weekly"), "week_days": st.lists(st.integers(0, 6), min_size=1)}),
    st.fixed_dictionaries({"sub_type": st.just("monthly"), "dates": st.lists(st.integers(1, 28), min_size=1)}),
)


@settings(max_examples=60, deadline=None)
@given(
    SCHEDULES,
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_each_matching_day_of_a_year_fires_once(schedule: dict[str, Any], hours: int, minutes: int, name: str) -> None:
    zone = ZoneInfo(name)
    start = datetime(2026, 1, 1, tzinfo=zone)
    wanted = set()
    for number in range(365):
        day = (start + timedelta(days=number)).date()
        if "week_days" in schedule and (day.weekday() + 1) % 7 not in schedule["week_days"]:
            continue
        if "dates" in schedule and day.day not in schedule["dates"]:
            continue
        wanted.add(datetime(day.year, day.month, day.day, hours, minutes, tzinfo=zone).timestamp())
    found, after = [], start.timestamp() - 1
    while (moment := next_fire("repeated", {**schedule, "hours": hours, "minutes": minutes}, zone, after)) is not None:
        if moment >= datetime(2027, 1, 1, tzinfo=zone).timestamp():
            break
        found.append(moment)
        after = moment
    assert found == sorted(wanted)


@pytest.mark.parametrize("step", [timedelta(days=7), timedelta(hours=5)], ids=["at once", "in steps"])
def test_a_daily_trigger_makes_campaigns_that_deliver(emulator: Emulator, api: Api, step: timedelta) -> None:
    segment = emulator.add_segment("Some", 500)
    template = api.create(
        "createTemplate", {**TEMPLATE, "segment": 5, "scheduled": True, "userInteractionRequired": True}
    )
    made = api.create("createTrigger", trigger(template, segmentId=segment))
    assert emulator.triggers()[0]["next_fire"] == "2026-03-03T09:30:00+00:00"
    end = START + timedelta(days=7)
    while emulator.now() < end:
        emulator.advance(min(step, end - emulator.now()))
    rows = emulator.campaigns()
    assert [row["send_at"] for row in rows] == [f"2026-03-{day:02}T09:30:00+00:00" for day in range(3, 10)]
    assert {(row["source"], row["trigger"], row["title"], row["reach"]) for row in rows} == {
        ("trigger", made, "A title", 500)
    }
    assert api.ids("listCampaign") == [row["id"] for row in rows]
    assert (api.stats(rows[0]["id"]) or {})["Delivered"] >= 475
    assert emulator.triggers()[0]["fired"] == 7
    # The oracle of duplicates counts what was asked for, not what fired.
    assert emulator.pushes() == {}


def test_campaigns_are_the_same_however_the_clock_gets_there() -> None:
    seen = []
    for step in (timedelta(days=30), timedelta(hours=7)):
        with Emulator(start=START, timezone="Europe/Berlin") as emulator:
            client = Api(emulator)
            template = client.create("createTemplate", TEMPLATE)
            for number, kind in enumerate(("daily", "weekly")):
                timings = {"sub_type": kind, "week_days": [1], "hours": 9, "minutes": 30}
                client.create("createTrigger", trigger(template, name=str(number), timings=timings))
            end = START + timedelta(days=30)
            while emulator.now() < end:
                emulator.advance(min(step, end - emulator.now()))
            seen.append([(row["id"], row["send_at"]) for row in emulator.campaigns()])
            client.session.close()
    assert seen[0] == seen[1]


def test_once_and_multiple_fire_and_are_done(emulator: Emulator, api: Api) -> None:
    template = api.create("createTemplate", TEMPLATE)
    api.create("createTrigger", trigger(template, name="o", type="once", timings={"hours": 11, "minutes": 0}))
    dates = [
        {"date": "05/03/2026", "time": "10:00"},
        {"date": "04-03-2026", "time": "10:00"},
        {"date": "01-03-2026", "time": "10:00"},
    ]
    api.create("createTrigger", trigger(template, name="m", type="multiple", timings={"dates": dates}))
    emulator.advance(timedelta(days=30))
    assert [row["send_at"][:16] for row in emulator.campaigns()] == [
        "2026-03-03T11:00", "2026-03-04T10:00", "2026-03-05T10:00",
    ]  # fmt: skip
    assert [row["next_fire"] for row in emulator.triggers()] == [None, None]


def test_inactive_triggers_do_not_fire_and_do_not_catch_up(emulator: Emulator, api: Api) -> None:
    made = api.create("createTrigger", trigger(api.create("createTemplate", TEMPLATE)))
    emulator.advance(timedelta(days=2))
    api.call("triggerStatus", made, {"status": "inactive"})
    emulator.advance(timedelta(days=5))
    assert len(emulator.campaigns()) == 2
    api.call("triggerStatus", made, {"status": "active"})
    emulator.advance(timedelta(days=1))
    assert len(emulator.campaigns()) == 3
    api.call("deleteTrigger", made)
    emulator.advance(timedelta(days=9))
    assert len(emulator.campaigns()) == 3


def test_without_its_template_or_segment_a_trigger_fires_nothing(
    emulator: Emulator, api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    segment = emulator.add_segment("Some", 500)
    first, second = (api.create("createTemplate", TEMPLATE) for _ in range(2))
    api.create("createTrigger", trigger(first, name="without template"))
    api.create("createTrigger", trigger(second, name="without segment", segmentId=segment))
    api.call("deleteTemplate", first)
    api.call("deleteSegment", segment)
    with caplog.at_level(logging.WARNING):
        emulator.advance(timedelta(days=1))
    assert emulator.campaigns() == []
    assert "without template sent nothing" in caplog.text
    assert "without segment sent nothing" in caplog.text


def test_a_leap_over_centuries_is_bounded(emulator: Emulator, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firing, "MOST_AT_ONCE", 50)
    api.create("createTrigger", trigger(api.create("createTemplate", TEMPLATE)))
    emulator.advance(timedelta(days=365 * 20))
    assert len(emulator.campaigns()) == 50
    emulator.advance(timedelta(days=1))
    assert len(emulator.campaigns()) == 51


def test_a_running_clock_fires_triggers_without_a_request() -> None:
    with Emulator(clock="real", speed=86400, start=START) as emulator:
        client = Api(emulator)
        template = client.create("createTemplate", TEMPLATE)
        client.create("createTrigger", trigger(template))
        time.sleep(2.3)
        # Straight from memory: asking the emulator would make it look at its clock.
        assert emulator._service.world.all(Campaign)
        client.session.close()
