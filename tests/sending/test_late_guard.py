"""The guard against late sends keeps new ones from going out, and never touches one that has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.operators import campaign_send
from airflow_provider_truepush.sending import protocol
from airflow_provider_truepush.sending.late_guard import LateGuard, SendSkippedError
from tests.sending.tasks import Tasks
from tests.support.versions import needs_state_store

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = ("22:00", "08:00")


def backfill(tasks: Tasks) -> dict[str, Any]:
    return tasks.context(dag_run=SimpleNamespace(run_type="backfill"))


def late(tasks: Tasks) -> dict[str, Any]:
    return tasks.context(data_interval_end=datetime.now(UTC) - timedelta(hours=3))


@needs_state_store
def test_a_backfill_sends_only_with_send_on_backfill(tasks: Tasks) -> None:
    with pytest.raises(AirflowSkipException, match="backfill"):
        tasks.run(backfill(tasks))
    assert (tasks.sends, tasks.store.values) == (0, {})
    assert [tasks.run(backfill(tasks), send_on_backfill=True)] == tasks.made


@needs_state_store
def test_a_late_send_is_skipped(tasks: Tasks) -> None:
    with pytest.raises(AirflowSkipException, match="ended 3:00:0"):
        tasks.run(late(tasks), max_lateness=timedelta(hours=2))
    assert tasks.sends == 0
    assert [tasks.run(late(tasks), max_lateness=timedelta(hours=4))] == tasks.made


@needs_state_store
@pytest.mark.parametrize("given", [{"max_lateness": timedelta(hours=2)}, {"quiet_hours": ("00:00", "23:59")}])
def test_a_rerun_after_the_send_is_never_skipped(tasks: Tasks, given: dict[str, Any]) -> None:
    first = tasks.run()
    for context in (late, backfill):
        assert tasks.run(context(tasks), in_quiet_hours="skip", **given) == first
    assert tasks.sends == 1


@needs_state_store
def test_doubt_is_settled_first_and_not_skipped(tasks: Tasks) -> None:
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException):
        tasks.run()
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(backfill(tasks))


def test_quiet_hours_need_a_zone(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.contract.driver import connect

    connect(monkeypatch, tasks.emulator, "truepush_default")
    with pytest.raises(AirflowFailException, match="timezone"):
        tasks.run(quiet_hours=NIGHT)
    assert tasks.sends == 0


def test_a_send_that_is_scheduled_ahead_into_quiet_hours_is_moved(tasks: Tasks) -> None:
    local = datetime.now(BERLIN)
    begin = local + timedelta(minutes=20)
    hours = (f"{begin:%H:%M}", f"{begin + timedelta(hours=2):%H:%M}")
    tasks.run(schedule_ahead=timedelta(minutes=30), quiet_hours=hours)
    (campaign,) = tasks.emulator.campaigns()
    planned = datetime.fromisoformat(campaign["send_at"])
    assert not begin <= planned.astimezone(BERLIN) < begin.replace(second=0) + timedelta(hours=2)


def admit(guard: LateGuard, *, now: datetime, send_at: datetime | None = None, zone: ZoneInfo = BERLIN) -> Any:
    campaign = Campaign("Sale", "Today only", "https://example.com/", send_at=send_at)
    admitted = guard.admit(campaign, backfill=False, due=None, zone=zone, now=now)
    return None if admitted is campaign else admitted.send_at.astimezone(zone).strftime("%d %H:%M %Z")  # type: ignore[union-attr]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("hours", "now", "moved"),
    [
        (NIGHT, "2026-06-10T21:59", None),
        (NIGHT, "2026-06-10T22:00", "11 08:00 CEST"),
        (NIGHT, "2026-06-10T23:59", "11 08:00 CEST"),
        (NIGHT, "2026-06-11T00:00", "11 08:00 CEST"),
        (NIGHT, "2026-06-11T07:59", "11 08:00 CEST"),
        (NIGHT, "2026-06-11T08:00", None),
        (("12:00", "14:00"), "2026-06-11T13:00", "11 14:00 CEST"),
        (("12:00", "14:00"), "2026-06-11T14:00", None),
        (("20:00", "00:00"), "2026-06-11T23:00", "12 00:00 CEST"),
        (("00:00", "06:00"), "2026-06-11T00:00", "11 06:00 CEST"),
        # The clock goes from 02:00 to 03:00: there is no 02:30.
        (("22:00", "02:30"), "2026-03-28T23:00", "29 03:30 CEST"),
        (NIGHT, "2026-03-28T23:00", "29 08:00 CEST"),
        # The clock goes from 03:00 back to 02:00: 02:30 comes twice, and Truepush cannot be told which.
        (("22:00", "02:30"), "2026-10-24T23:00", "25 03:00 CET"),
        (NIGHT, "2026-10-24T23:00", "25 08:00 CET"),
    ],
)
def test_quiet_hours_move_to_their_end(hours: tuple[str, str], now: str, moved: str | None) -> None:
    assert admit(LateGuard(quiet_hours=hours), now=at(now)) == moved


@pytest.mark.parametrize("fold", [0, 1])
def test_quiet_hours_within_the_repeated_hour(fold: int) -> None:
    now = at("2026-10-25T02:15").replace(fold=fold)
    assert admit(LateGuard(quiet_hours=("22:00", "02:30")), now=now) == "25 03:00 CET"


def test_the_planned_moment_counts_and_not_the_present_one() -> None:
    guard = LateGuard(quiet_hours=NIGHT)
    assert admit(guard, now=at("2026-06-10T23:00"), send_at=at("2026-06-11T12:00")) is None
    assert admit(guard, now=at("2026-06-10T12:00"), send_at=at("2026-06-10T23:00")) == "11 08:00 CEST"
    # It goes out at the next full minute.
    assert admit(guard, now=at("2026-06-10T12:00"), send_at=at("2026-06-10T21:59:30")) == "11 08:00 CEST"


def test_quiet_hours_can_skip() -> None:
    with pytest.raises(SendSkippedError, match="23:00"):
        admit(LateGuard(quiet_hours=NIGHT, in_quiet_hours="skip"), now=at("2026-06-10T23:00"))


@pytest.mark.parametrize(
    "given",
    [
        {"quiet_hours": ("22:00",)},
        {"quiet_hours": ("22:00", "22:00")},
        {"quiet_hours": ("22:00", "25:00")},
        {"quiet_hours": "22:00"},
        {"in_quiet_hours": "wait"},
        {"max_lateness": timedelta(0)},
        {"max_lateness": 5},
        {"send_on_backfill": "yes"},
    ],
)
def test_bad_values_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(TruepushValidationError, match=next(iter(given))):
        LateGuard(**given)


def test_a_send_scheduled_ahead_into_a_repeated_hour_goes_out_after_it(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Truepush takes a time of day only, so the hour cannot be scheduled."""
    moment = datetime(2027, 10, 30, 23, 55, tzinfo=UTC)  # 01:55 in Berlin, an hour before the clock goes back
    tasks.emulator.advance(moment - tasks.emulator.now())
    later = partial(protocol.CampaignSending, clock=moment.timestamp)
    monkeypatch.setattr(campaign_send, "CampaignSending", later)
    tasks.run(schedule_ahead=timedelta(minutes=10), settle_window=timedelta(0))
    (request,) = tasks.emulator.requests("createCampaign")
    assert request.body["timings"] == {"date": "31-10-2027", "time": "03:00"}
