"""Moments on the project's wall clock, summer time included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.schedule import times
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Campaign
from tests.api.support import NOW, quick, refused, result_or_error

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def forms(text: str) -> list[datetime]:
    """A naive moment in the forms that it may come in."""
    plain = datetime.fromisoformat(text)
    return [
        plain,
        plain.replace(fold=1),
        times.moment("f", text),
        pendulum.instance(plain, tz=None),
        pendulum.naive(*plain.timetuple()[:6]),
    ]


@pytest.mark.parametrize("text", ["2026-03-29T02:00:00", "2026-03-29T02:30:00", "2026-03-29T02:59:59"])
def test_a_time_that_the_clock_skips(text: str) -> None:
    for value in forms(text):
        with refused("f", f"'{text}'", why="does not exist in Europe/Berlin: the clock skips it"):
            times.wall_clock("f", value, BERLIN)


@pytest.mark.parametrize(
    "text", ["2026-10-25T02:00:00", "2026-10-25T02:30:00", "2026-10-25T02:58:59", "2026-10-25T02:59:30"]
)
def test_a_time_that_the_clock_shows_twice(text: str) -> None:
    for value in forms(text):
        with refused("f", f"'{text}'", why="occurs twice in Europe/Berlin"):
            times.wall_clock("f", value, BERLIN)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-29T01:59:00", "2026-03-29T01:59:00+01:00"),
        ("2026-03-29T01:59:30", "2026-03-29T03:00:00+02:00"),  # the next minute that there is
        ("2026-03-29T03:00:00", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T01:59:00", "2026-10-25T01:59:00+02:00"),
        ("2026-10-25T03:00:00", "2026-10-25T03:00:00+01:00"),
    ],
)
def test_beside_the_change(text: str, shown: str) -> None:
    for value in forms(text):
        assert times.wall_clock("f", value, BERLIN).isoformat() == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-03-29T00:59:30+00:00", "2026-03-29T03:00:00+02:00"),
        ("2026-10-24T23:59:30+00:00", None),  # rounds up into 02:00, which there is twice
        ("2026-10-25T00:30:00+00:00", None),
        ("2026-10-25T01:30:00+00:00", None),
        ("2026-10-25T01:59:00+00:00", None),
        ("2026-10-25T01:59:01+00:00", "2026-10-25T03:00:00+01:00"),
        ("2026-10-25T02:59:30+02:00", None),  # rounds up into the second 02:00
    ],
)
def test_an_aware_moment_beside_the_change(text: str, shown: str | None) -> None:
    for value in (datetime.fromisoformat(text), pendulum.parse(text, exact=True), times.moment("f", text)):
        assert isinstance(value, datetime)
        if shown is None:
            with refused("f", why="occurs twice in"):
                times.wall_clock("f", value, BERLIN)
        else:
            assert times.wall_clock("f", value, BERLIN).isoformat() == shown


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # moves by half an hour
    "Africa/Casablanca",  # winter time in Ramadan
    "Asia/Kathmandu",
    "Pacific/Apia",
    "UTC",
]


@cache
def changes(name: str) -> list[datetime]:
    """The instants of two years at which a zone's offset changes, or just some instants where it never does."""
    zone, start = ZoneInfo(name), datetime(2026, 1, 1, tzinfo=UTC)
    hours = [start + timedelta(hours=number) for number in range(2 * 365 * 24)]
    offsets = [at.astimezone(zone).utcoffset() for at in hours]
    return [at for at, before, after in zip(hours[1:], offsets, offsets[1:], strict=False) if before != after] or hours[
        ::999
    ]


def instants_of(naive: datetime, zone: tzinfo) -> set[datetime]:
    """By trial: every instant at which the zone's clocks show this."""
    tried = (naive.replace(tzinfo=UTC) - timedelta(minutes=15 * number) for number in range(-60, 60))
    return {at for at in tried if at.astimezone(zone).replace(tzinfo=None) == naive}


near_changes = st.sampled_from(ZONES).flatmap(
    lambda name: st.tuples(
        st.just(ZoneInfo(name)),
        st.sampled_from(changes(name)),
        st.one_of(
            st.integers(-150, 150).map(lambda minutes: timedelta(minutes=minutes)),
            st.timedeltas(timedelta(hours=-3), timedelta(hours=3)),
            st.timedeltas(timedelta(0), timedelta(days=300)),
        ),
    )
)


@quick
@given(near_changes)
def test_aware_moments_keep_their_instant_or_are_refused(case: tuple[ZoneInfo, datetime, timedelta]) -> None:
    zone, change, distance = case
    instant = change + distance
    minute = instant.replace(second=0, microsecond=0)
    rounded = minute if minute == instant else minute + MINUTE
    shown = rounded.astimezone(zone).replace(tzinfo=None)
    for value in (instant, instant.astimezone(ZoneInfo("Asia/Tokyo")), pendulum.instance(instant).in_tz("Asia/Tokyo")):
        if len(instants_of(shown, zone)) == 2:
            with pytest.raises(TruepushValidationError, match="occurs twice"):
                times.wall_clock("f", value, zone)
        else:
            local = times.wall_clock("f", value, zone)
            assert local == rounded
            assert local.replace(tzinfo=None) == shown


@quick
@given(near_changes)
def test_naive_moments_are_what_the_clock_shows_or_are_refused(case: tuple[ZoneInfo, datetime, timedelta]) -> None:
    zone, change, distance = case
    naive = change.astimezone(zone).replace(tzinfo=None) + distance
    naive = naive.replace(second=0, microsecond=0)
    meant = instants_of(naive, zone)
    for value in (naive, pendulum.instance(naive, tz=None), times.moment("f", naive.isoformat())):
        if len(meant) == 1:
            local = times.wall_clock("f", value, zone)
            assert {local.astimezone(UTC)} == meant
            assert times.as_timings(local) == {"date": f"{naive:%d-%m-%Y}", "time": f"{naive:%H:%M}"}
        else:
            with pytest.raises(TruepushValidationError, match="occurs twice" if meant else "does not exist"):
                times.wall_clock("f", value, zone)


@quick
@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))
def test_rounding_goes_up_by_less_than_a_minute(value: datetime) -> None:
    local = times.wall_clock("f", value, ZoneInfo("UTC"))
    assert (local.second, local.microsecond) == (0, 0)
    assert timedelta(0) <= local.replace(tzinfo=None) - value < MINUTE


@pytest.mark.parametrize("value", [datetime.min, datetime.max, datetime(999, 12, 31), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_years_out_of_reach(value: datetime, zone: str) -> None:
    with refused("f", repr(value.isoformat()), why="must lie in the years"):
        times.wall_clock("f", value, ZoneInfo(zone))


@pytest.mark.parametrize("value", [datetime(1000, 1, 1), datetime(9998, 12, 31, 23, 59)])
def test_years_within_reach(value: datetime) -> None:
    for zone in ("America/New_York", "Pacific/Auckland"):
        assert times.wall_clock("f", value, ZoneInfo(zone)).replace(tzinfo=None) >= value


@pytest.mark.parametrize("value", [datetime(2026, 12, 1, 9), datetime(2026, 12, 1, 9, tzinfo=UTC)])
def test_without_a_zone_nothing_is_guessed(value: datetime) -> None:
    with refused("f", f"'{value.isoformat()}'", why="needs the time zone of the Truepush project"):
        times.wall_clock("f", value, None)


class NoOffset(tzinfo):
    """A zone that tells nothing."""

    def utcoffset(self, when: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, when: datetime | None) -> None:
        return None


def test_a_zone_without_an_offset_is_none() -> None:
    assert times.wall_clock("f", datetime(2026, 12, 1, 9, tzinfo=NoOffset()), BERLIN).isoformat() == (
        "2026-12-01T09:00:00+01:00"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01T09:00:00", datetime(2026, 12, 1, 9)),
        ("2026-12-01 09:00", datetime(2026, 12, 1, 9)),
        ("20261201T090000Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00:00.5+02:00", datetime(2026, 12, 1, 7, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_moment(text: str, expected: datetime) -> None:
    read = times.moment("f", text)
    assert read == expected
    assert (read.tzinfo is None) == (expected.tzinfo is None)


def test_a_datetime_is_taken_as_it_is() -> None:
    value = pendulum.datetime(2026, 12, 1)
    assert times.moment("f", value) is value


@quick
@given(st.one_of(st.text(), st.text("0123456789-:TZ+.WP/ DHMS,", max_size=30)))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    read = result_or_error(times.moment, "f", text)
    if isinstance(read, TruepushValidationError):
        assert str(read).startswith("f: must be a datetime or a string in ISO 8601")
    else:
        assert isinstance(read, datetime)


@pytest.mark.parametrize(("offset", "over"), [(-MINUTE, True), (timedelta(0), True), (MINUTE, False)])
def test_future(offset: timedelta, over: bool) -> None:
    local = (NOW + offset).astimezone(BERLIN)
    if over:
        with refused("f", f"'{local.isoformat()}'", why="is in the past (it is 2026-06-01T12:00:00+00:00)"):
            times.future("f", local, NOW)
    else:
        assert times.future("f", local, NOW) is local


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"])
def test_a_year_that_no_zone_can_convert_is_refused(text: str) -> None:
    for value in (text, datetime.fromisoformat(text)):
        with pytest.raises(TruepushValidationError, match="must be in a year from 1000 to 9998"):
            Campaign(title="t", message="m", link="https://example.com/", send_at=value).as_dict()


@pytest.mark.parametrize("offset", ["-25:00", "+00:99", "+24", "+9960"])
def test_an_offset_that_no_time_has_is_refused(offset: str) -> None:
    with pytest.raises(TruepushValidationError, match=r"^send_at: must be a datetime or a string in ISO 8601"):
        times.moment("send_at", f"2099-03-01T10:00:00{offset}")
