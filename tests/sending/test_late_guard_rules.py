"""What keeps a campaign from going out late, or at night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.models import Campaign
from airflow_provider_truepush.sending.late_guard import LateGuard, SendSkippedError
from tests.api.support import NOW, quick, refused

BERLIN = ZoneInfo("Europe/Berlin")
NEWS = Campaign("T", "M", "https://example.com")
NIGHT = ("22:00", "08:00")
LUNCH = ("12:00", "13:30")
HOUR = timedelta(hours=1)


def admit(guard: LateGuard, campaign: Campaign = NEWS, **given: Any) -> Campaign:
    """With a run that is on time, at noon UTC, unless told otherwise."""
    facts: dict[str, Any] = {"backfill": False, "due": NOW, "zone": BERLIN, "now": NOW, **given}
    return guard.admit(campaign, **facts)


def berlin(hour: int, minute: int = 0, day: int = 1) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=BERLIN)


def test_the_default_guard_admits_everything() -> None:
    assert admit(LateGuard()) is NEWS
    assert admit(LateGuard(), due=NOW - 1000 * HOUR) is NEWS
    assert admit(LateGuard(), due=None, zone=None) is NEWS


def test_a_backfill_sends_only_with_send_on_backfill() -> None:
    with pytest.raises(SendSkippedError, match="the run is a backfill, and send_on_backfill is not set"):
        admit(LateGuard(), backfill=True)
    assert admit(LateGuard(send_on_backfill=True), backfill=True) is NEWS


@pytest.mark.parametrize(
    ("due", "skipped"),
    [(NOW, False), (NOW - HOUR, False), (NOW - HOUR - timedelta(seconds=1), True), (NOW + HOUR, False), (None, False)],
)
def test_max_lateness(due: datetime | None, skipped: bool) -> None:
    guard = LateGuard(max_lateness=HOUR)
    if skipped:
        with pytest.raises(SendSkippedError, match=r"ended 1:00:01 ago, max_lateness is 1:00:00"):
            admit(guard, due=due)
    else:
        assert admit(guard, due=due) is NEWS


@pytest.mark.parametrize(
    ("hours", "now", "moved_to"),
    [
        (NIGHT, berlin(21, 59), None),
        (NIGHT, berlin(22), berlin(8, day=2)),
        (NIGHT, berlin(23, 59), berlin(8, day=2)),
        (NIGHT, berlin(0), berlin(8)),
        (NIGHT, berlin(7, 59), berlin(8)),
        (NIGHT, berlin(8), None),
        (LUNCH, berlin(11, 59), None),
        (LUNCH, berlin(12), berlin(13, 30)),
        (LUNCH, berlin(13, 29), berlin(13, 30)),
        (LUNCH, berlin(13, 30), None),
        (NIGHT, datetime(2026, 10, 24, 23, tzinfo=BERLIN), datetime(2026, 10, 25, 8, tzinfo=BERLIN)),
    ],
)
def test_quiet_hours(hours: tuple[str, str], now: datetime, moved_to: datetime | None) -> None:
    instant = now.astimezone(UTC)
    moved = admit(LateGuard(quiet_hours=hours), now=instant)
    skipping = LateGuard(quiet_hours=hours, in_quiet_hours="skip")
    if moved_to is None:
        assert moved is NEWS
        assert admit(skipping, now=instant) is NEWS
    else:
        assert isinstance(moved.send_at, datetime)
        assert moved.send_at == moved_to.astimezone(UTC)
        assert moved.payload(BERLIN, instant)["timings"]["time"] == hours[1]
        with pytest.raises(SendSkippedError, match=f"would go out at {now:%H:%M}, within quiet hours {hours[0]} to"):
            admit(skipping, now=instant)


@pytest.mark.parametrize("send_at", ["2026-06-01T23:30:00", "2026-06-01T21:30:00+00:00", berlin(23, 30)])
def test_a_scheduled_campaign_is_judged_by_its_own_time(send_at: Any) -> None:
    campaign = Campaign("T", "M", "https://example.com", send_at=send_at, tags=["kept"])
    moved = admit(LateGuard(quiet_hours=NIGHT), campaign)
    assert moved.payload(BERLIN, NOW)["timings"] == {"date": "02-06-2026", "time": "08:00"}
    assert moved.tags == ("kept",)
    by_day = Campaign("T", "M", "https://example.com", send_at="2026-06-02T09:00:00")
    assert admit(LateGuard(quiet_hours=NIGHT), by_day, now=berlin(23).astimezone(UTC)) is by_day


@pytest.mark.parametrize(("send_at", "quiet"), [("2026-06-02T21:59:00", False), ("2026-06-02T21:59:01", True)])
def test_a_send_is_judged_by_the_minute_it_goes_out_at(send_at: str, quiet: bool) -> None:
    campaign = Campaign("T", "M", "https://example.com", send_at=send_at)
    assert (admit(LateGuard(quiet_hours=NIGHT), campaign) is not campaign) == quiet


def test_a_night_without_midnight_keeps_the_quiet_hours() -> None:
    """In Chile the clock goes from 23:59 to 01:00 that night."""
    zone = ZoneInfo("America/Santiago")
    now = datetime(2027, 9, 4, 12, tzinfo=zone).astimezone(UTC)
    campaign = Campaign("T", "M", "https://example.com", send_at=datetime(2027, 9, 4, 23, 59, 13))
    moved = admit(LateGuard(quiet_hours=("01:00", "03:00")), campaign, zone=zone, now=now)
    assert moved.payload(zone, now)["timings"] == {"date": "05-09-2027", "time": "03:00"}


@quick
@given(
    st.tuples(st.times(), st.times()).map(lambda pair: tuple(f"{at:%H:%M}" for at in pair)),
    st.sampled_from(
        [
            (ZoneInfo("America/Santiago"), datetime(2027, 9, 4, 20, tzinfo=UTC)),
            (ZoneInfo("America/Santiago"), datetime(2027, 4, 3, 20, tzinfo=UTC)),
            (BERLIN, datetime(2026, 10, 24, 18, tzinfo=UTC)),
            (BERLIN, datetime(2027, 3, 27, 18, tzinfo=UTC)),
            (ZoneInfo("Australia/Lord_Howe"), datetime(2027, 4, 3, 6, tzinfo=UTC)),
        ]
    ),
    st.integers(0, 24 * 3600),
    st.booleans(),
)
def test_on_a_night_in_which_the_clock_changes_nothing_goes_out_in_quiet_hours(
    hours: tuple[str, str], night: tuple[ZoneInfo, datetime], later: int, scheduled: bool
) -> None:
    if hours[0] == hours[1]:
        return
    (zone, evening), (begin, end) = night, hours
    at = evening + timedelta(seconds=later)
    local = at.astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        return  # refused as what it is
    campaign = Campaign("T", "M", "https://example.com", send_at=at) if scheduled else NEWS
    now = evening - HOUR if scheduled else at
    moved = admit(LateGuard(quiet_hours=hours), campaign, zone=zone, now=now)
    if scheduled or moved is not campaign:
        shown = moved.payload(zone, now)["timings"]["time"]
    else:
        shown = f"{at.astimezone(zone):%H:%M}"
    assert not (begin <= shown < end if begin < end else shown >= begin or shown < end)


@pytest.mark.parametrize(("end", "moved_to"), [("01:59", "01:59"), ("02:00", "03:00"), ("02:59", "03:00")])
def test_no_send_is_moved_into_a_repeated_hour(end: str, moved_to: str) -> None:
    now = datetime(2026, 10, 24, 23, tzinfo=BERLIN).astimezone(UTC)
    moved = admit(LateGuard(quiet_hours=("22:00", end)), now=now)
    assert moved.payload(BERLIN, now)["timings"] == {"date": "25-10-2026", "time": moved_to}


clock_times = st.times().map(lambda at: f"{at:%H:%M}")


@quick
@given(st.tuples(clock_times, clock_times).filter(lambda hours: hours[0] != hours[1]), st.integers(0, 2879))
def test_a_moved_send_goes_out_at_the_first_allowed_minute(hours: tuple[str, str], minute: int) -> None:
    zone = ZoneInfo("Asia/Kathmandu")  # no summer time, an odd offset
    now = NOW + timedelta(minutes=minute)
    guard = LateGuard(quiet_hours=hours)
    moved = admit(guard, zone=zone, now=now)
    at = moved.send_at if isinstance(moved.send_at, datetime) else now

    def quiet(instant: datetime) -> bool:
        shown = f"{instant.astimezone(zone):%H:%M}"
        begin, end = hours
        return begin <= shown < end if begin < end else shown >= begin or shown < end

    assert not quiet(at)
    assert all(quiet(now + timedelta(minutes=step)) for step in range(int((at - now) / timedelta(minutes=1))))


def test_quiet_hours_need_the_zone_of_the_project() -> None:
    with refused("quiet_hours", "('22:00', '08:00')", "need the connection's extra `timezone`"):
        admit(LateGuard(quiet_hours=NIGHT), zone=None)


@pytest.mark.parametrize(
    ("given", "field", "shown"),
    [
        ({"send_on_backfill": "yes"}, "send_on_backfill", "'yes'"),
        ({"max_lateness": timedelta(0)}, "max_lateness", "datetime.timedelta(0)"),
        ({"max_lateness": 3600}, "max_lateness", "3600"),
        ({"in_quiet_hours": "fail"}, "in_quiet_hours", "'fail'"),
        ({"quiet_hours": "22:00"}, "quiet_hours", "'22:00'"),
        ({"quiet_hours": ("22:00",)}, "quiet_hours", "('22:00',)"),
        ({"quiet_hours": ("22:00", "08:00", "x")}, "quiet_hours", "('22:00', '08:00', 'x')"),
        ({"quiet_hours": ("22:00", "24:00")}, "quiet_hours[1]", "'24:00'"),
        ({"quiet_hours": (22, "08:00")}, "quiet_hours[0]", "22"),
        ({"quiet_hours": ("22:00", "22:00")}, "quiet_hours", "('22:00', '22:00')"),
    ],
)
def test_bad_arguments_are_refused(given: dict[str, Any], field: str, shown: str) -> None:
    with refused(field, shown):
        LateGuard(**given)
