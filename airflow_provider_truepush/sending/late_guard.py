"""Decide whether a campaign may still go out: a Dag that catches up must not push last week's news to everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.schedule.quiet_hours import read_quiet_hours

_MINUTE = timedelta(minutes=1)


class SendSkippedError(Exception):
    """The guard keeps a campaign from going out; the message says why. Nothing was sent.

    :param message: the reason.
    :param guard: the argument that skipped it: ``backfill``, ``max_lateness`` or ``quiet_hours``.
    """

    def __init__(self, message: str, guard: str) -> None:
        super().__init__(message)
        self.guard = guard


@dataclass(frozen=True, slots=True)
class LateGuard:
    """Rules that keep a campaign from going out late, or at night.

    :param send_on_backfill: whether a run of type backfill sends at all.
    :param max_lateness: skip when the run's data interval ended longer ago than this; None for never.
    :param quiet_hours: two times ``HH:MM`` on the project's clock, first and first allowed minute; None for none.
    :param in_quiet_hours: ``move`` to the first allowed minute, or ``skip``.
    """

    send_on_backfill: bool = False
    max_lateness: timedelta | None = None
    quiet_hours: Sequence[str] | None = None
    in_quiet_hours: Literal["move", "skip"] = "move"

    def __post_init__(self) -> None:
        checks.flag("send_on_backfill", self.send_on_backfill)
        lateness: object = self.max_lateness
        if lateness is not None and not (isinstance(lateness, timedelta) and lateness > timedelta(0)):
            checks.refuse("max_lateness", lateness, "must be a timedelta above 0")
        if self.in_quiet_hours not in ("move", "skip"):
            checks.refuse("in_quiet_hours", self.in_quiet_hours, "must be 'move' or 'skip'")
        self._quiet()

    def admit(
        self, campaign: Campaign, *, backfill: bool, due: datetime | None, zone: tzinfo | None, now: datetime
    ) -> Campaign:
        """Return the campaign as it may go out now.

        :param backfill: whether the run is of type backfill.
        :param due: the end of the run's data interval, aware; None when the run has none.
        :param zone: the project's time zone, needed for quiet hours.
        :param now: the present moment, aware.
        :raises SendSkippedError: it may not go out.
        """
        if backfill and not self.send_on_backfill:
            raise SendSkippedError("the run is a backfill, and send_on_backfill is not set", "backfill")
        if self.max_lateness is not None and due is not None and now - due > self.max_lateness:
            late = timedelta(seconds=int((now - due).total_seconds()))
            why = f"the run's data interval ended {late} ago, max_lateness is {self.max_lateness}"
            raise SendSkippedError(why, "max_lateness")
        return self._by_day(campaign, zone, now)

    def _by_day(self, campaign: Campaign, zone: tzinfo | None, now: datetime) -> Campaign:
        hours = self._quiet()
        if hours is None:
            return campaign
        if zone is None:
            checks.refuse("quiet_hours", self.quiet_hours, "need the connection's extra `timezone`")
        local = now.astimezone(zone)
        if isinstance(campaign.send_at, datetime):
            local = _as_it_goes_out(campaign.send_at, zone)
        begin, end = hours
        if not _within(local.time(), begin, end):
            return campaign
        if self.in_quiet_hours == "skip":
            why = f"it would go out at {local:%H:%M}, within quiet hours {begin:%H:%M} to {end:%H:%M}"
            raise SendSkippedError(why, "quiet_hours")
        allowed = datetime.combine(local.date(), end, tzinfo=zone)
        if local.time() >= end:
            allowed = datetime.combine(local.date() + timedelta(days=1), end, tzinfo=zone)
        # Minute by minute of real time: the clock may skip the end of the quiet hours, or show it twice.
        moment = allowed.astimezone(UTC)
        while _within(moment.astimezone(zone).time(), begin, end) or _is_twice(moment, zone):
            moment += _MINUTE
        return campaign.moved_to(moment)

    def _quiet(self) -> tuple[time, time] | None:
        return read_quiet_hours("quiet_hours", self.quiet_hours)


def _as_it_goes_out(moment: datetime, zone: tzinfo) -> datetime:
    """Return when a campaign goes out on the project's clock: at the next full minute."""
    # A plain datetime avoids pendulum's own arithmetic.
    plain = datetime.combine(moment.date(), moment.time().replace(fold=moment.fold), tzinfo=moment.tzinfo or zone)
    return _full_minute(plain.astimezone(zone))


def _full_minute(local: datetime) -> datetime:
    """Return the next full minute on the time line, not on the clock face: a clock may skip midnight."""
    begun = local.replace(second=0, microsecond=0)
    return local if begun == local else (begun.astimezone(UTC) + _MINUTE).astimezone(local.tzinfo)


def _is_twice(moment: datetime, zone: tzinfo) -> bool:
    """Report whether the zone shows a moment's time of day twice: Truepush accepts a time of day only."""
    shown = moment.astimezone(zone)
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()


def only_once(moment: datetime, zone: tzinfo) -> datetime:
    """Return the next full minute in UTC; in an hour that occurs twice in the zone, the end of that hour.

    :param moment: aware.
    :param zone: the project's time zone.
    """
    found = _full_minute(moment.astimezone(zone)).astimezone(UTC)
    while _is_twice(found, zone):
        found += _MINUTE
    return found


def _within(moment: time, begin: time, end: time) -> bool:
    """Return whether a time of day lies in a span that may include midnight."""
    return begin <= moment < end if begin < end else moment >= begin or moment < end
