"""A campaign: one push to the subscribers of a project, or of one of its segments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields as dataclass_fields
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from airflow_provider_truepush.api import checks
from airflow_provider_truepush.api.models.content import Button, check_content, content_payload
from airflow_provider_truepush.api.schedule import times

#: Default of ``segment_id``, so that a None that was given can be told from it.
_LEFT_OUT: Any = object()


@dataclass(frozen=True, slots=True)
class Campaign:
    """What ``createCampaign`` sends.

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param send_at: when to send; None sends at once. An aware datetime (or a string in ISO 8601), converted to
        the connection's ``timezone``; a naive one is read in that zone. Rounded up to the full minute.
    :param expires_in: how long push services keep trying to deliver: a timedelta, or a number of hours.
    :param buttons: at most two :class:`Button`, or mappings with ``text`` and ``link``.
    :param tags: labels of the campaign.
    :param segment_id: id of the segment to send to; None sends to every subscriber of the project.
    :param user_interaction: keep the notification on screen until the person acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :raises TruepushValidationError: for a bad value, with the field's name.
    """

    title: str
    message: str
    link: str
    send_at: datetime | str | None = None
    expires_in: timedelta | float | None = None
    buttons: Sequence[Button | Mapping[str, str]] = ()
    tags: Sequence[str] = ()
    segment_id: str | None = _LEFT_OUT
    user_interaction: bool | None = None
    image: str | None = None
    icon: str | None = None
    #: Whether a segment was written down and is None: that may be one that got lost.
    segment_lost: bool = field(init=False, default=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.segment_id is _LEFT_OUT:
            object.__setattr__(self, "segment_id", None)
        elif self.segment_id is None:
            object.__setattr__(self, "segment_lost", True)
        check_content("campaign", self)
        if self.send_at is not None:
            object.__setattr__(self, "send_at", times.moment("campaign.send_at", self.send_at))
        if self.segment_id is not None:
            checks.segment_id("campaign.segment_id", self.segment_id)
        if self.expires_in is not None:
            _hours(self.expires_in)

    @classmethod
    def read(cls, given: Campaign | Mapping[str, Any]) -> Campaign:
        """Take a campaign, or a mapping with its field names."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            checks.refuse("campaign", given, "must be a Campaign or a mapping with its field names")
        checks.reject_unknown("campaign", given, (f.name for f in dataclass_fields(cls) if f.init))
        for name in ("title", "message", "link"):
            checks.text(f"campaign.{name}", given.get(name))
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """What the campaign says, as JSON primitives, in one form however it was written."""
        content = content_payload(self, user_interaction_key="user_interaction")
        if isinstance(self.send_at, datetime):
            aware = self.send_at.tzinfo is not None
            content["send_at"] = (self.send_at.astimezone(UTC) if aware else self.send_at).isoformat()
        if self.expires_in is not None:
            content["expires_in"] = _hours(self.expires_in)
        if self.segment_id is not None:
            content["segment_id"] = self.segment_id
        return content

    def payload(self, zone: tzinfo | None, now: datetime) -> dict[str, Any]:
        """The body of ``createCampaign``.

        :param zone: the project's time zone, needed when ``send_at`` is set.
        :param now: the present moment, aware.
        """
        payload = content_payload(self, user_interaction_key="userInteraction")
        if isinstance(self.send_at, datetime):
            local = times.wall_clock("campaign.send_at", self.send_at, zone)
            times.future("campaign.send_at", local, now)
            payload["scheduled"] = True
            payload["timings"] = times.as_timings(local)
        if self.expires_in is not None:
            payload["campaignExpiryTime"] = _hours(self.expires_in)
        if self.segment_id is not None:
            payload["segment"] = self.segment_id
        return payload


def _hours(value: object) -> float:
    """Hours as Truepush takes them: whole ones as an int, as its examples have them."""
    hours: float = 0
    if isinstance(value, timedelta):
        hours = value.total_seconds() / 3600  # pendulum's durations are not divided by plain ones
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        hours = value
    if not 0 < hours < math.inf:
        checks.refuse("campaign.expires_in", value, "must be a timedelta or a number of hours above 0")
    return int(hours) if hours == int(hours) else hours
