"""A campaign: one push to the subscribers of a project, or of one of its segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields as dataclass_fields
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_copied, refuse_empty, refuse_empty_fields
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.api.models import parts
from airflow_provider_truepush.api.models.audience import Audience, Everyone, Segment, read_audience
from airflow_provider_truepush.api.models.button import Button
from airflow_provider_truepush.api.models.content import check_content, content_payload
from airflow_provider_truepush.api.schedule import times

#: Fields that must not be given and empty: they decide who gets the campaign, and when.
MUST_NOT_BE_EMPTY = ("segment_id", "send_at")


@dataclass(frozen=True, slots=True)
class Campaign(NamesArguments):
    """The content of ``createCampaign``.

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param send_at: when to send; left out, it is sent at once. An aware datetime (or a string in ISO 8601) is
        converted to the connection's ``timezone``, a naive one is read in that zone. Rounded up to the full minute.
    :param expires_in: how long push services keep trying to deliver: a timedelta, or a number of hours.
    :param buttons: at most two :class:`Button`, or mappings with ``text`` and ``link``.
    :param tags: labels of the campaign.
    :param segment_id: id of the segment to send to; left out, it goes to every subscriber of the project.
    :param user_interaction: keep the notification on screen until the subscriber acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :raises TruepushValidationError: for an invalid value, with the field's name.
    """

    title: str
    message: str
    link: str
    send_at: datetime | str | None = NOT_GIVEN
    expires_in: timedelta | float | None = None
    buttons: Sequence[Button | Mapping[str, str]] = ()
    tags: Sequence[str] = ()
    segment_id: str | None = NOT_GIVEN
    user_interaction: bool | None = None
    image: str | None = None
    icon: str | None = None
    #: Those of ``segment_id`` and ``send_at`` that were given as None. It is unknown whether that was intended, so
    #: such a campaign is not sent.
    given_empty: tuple[str, ...] = field(init=False, default=(), repr=False, compare=False)
    #: Name of the segment, where it was given instead of the id. Only recorded: the id decides who gets the campaign.
    segment_name: str | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        empty = tuple(name for name in MUST_NOT_BE_EMPTY if getattr(self, name) is None)
        object.__setattr__(self, "given_empty", empty)
        for name in MUST_NOT_BE_EMPTY:
            if getattr(self, name) is NOT_GIVEN:
                object.__setattr__(self, name, None)
        check_content("campaign", self)
        if self.send_at is not None:
            refuse_empty("campaign.send_at", self.send_at)
            object.__setattr__(self, "send_at", times.moment("campaign.send_at", self.send_at))
        if self.segment_id is not None:
            read_audience("campaign", self.segment_id)
        if self.expires_in is not None:
            parts.hours("campaign.expires_in", self.expires_in)

    @property
    def audience(self) -> Audience:
        """Return the audience."""
        return Everyone() if self.segment_id is None else Segment(self.segment_id)

    def replace(self, **changes: Any) -> Campaign:
        """Return the campaign with other fields.

        Use it in place of ``dataclasses.replace()``, which passes None for the fields that were omitted.

        :param changes: the fields that change, by name.
        """
        segment_name = None if "segment_id" in changes else self.segment_name
        return Campaign(**{**self.given(), **changes}).named(segment_name)

    def __replace__(self, **changes: Any) -> Campaign:
        """Return the campaign with other fields, for ``copy.replace()`` of Python 3.13."""
        return self.replace(**changes)

    def moved_to(self, send_at: datetime) -> Campaign:
        """Return the same campaign, sent at another time."""
        return self.replace(send_at=send_at)

    def named(self, segment_name: str | None) -> Campaign:
        """Return the same campaign, with the name of its segment."""
        named = Campaign(**self.given())
        object.__setattr__(named, "segment_name", segment_name)
        return named

    def given(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, as they were given; None for those given as None."""
        fields = {f.name: (getattr(self, f.name), f.default) for f in dataclass_fields(self) if f.init}
        given = {name: value for name, (value, default) in fields.items() if value not in (default, None)}
        return {**given, **dict.fromkeys(self.given_empty)}

    @classmethod
    def read(cls, given: Campaign | Mapping[str, Any]) -> Campaign:
        """Read a campaign, or a mapping with its field names.

        :raises TruepushValidationError: for an invalid value, and for a segment or a time that was given and is empty.
        """
        if isinstance(given, cls):
            for name in given.given_empty:
                refuse_copied(f"campaign.{name}", "campaign")
            return given
        if not isinstance(given, Mapping):
            checks.refuse("campaign", given, "must be a Campaign or a mapping with its field names")
        checks.reject_unknown("campaign", given, (f.name for f in dataclass_fields(cls) if f.init))
        refuse_empty_fields("campaign", given, MUST_NOT_BE_EMPTY)
        for name in ("title", "message", "link"):
            checks.text(f"campaign.{name}", given.get(name))
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Return the campaign's fields as JSON primitives, in one form for every spelling of a value."""
        content = content_payload(self, user_interaction_key="user_interaction")
        if isinstance(self.send_at, datetime):
            aware = self.send_at.tzinfo is not None
            content["send_at"] = (self.send_at.astimezone(UTC) if aware else self.send_at).isoformat()
        if self.expires_in is not None:
            content["expires_in"] = parts.hours("campaign.expires_in", self.expires_in)
        if self.segment_id is not None:
            content["segment_id"] = self.segment_id
        return content

    def content(self, zone: tzinfo | None) -> dict[str, Any]:
        """Return :meth:`as_dict` with one notation of the segment's id and of the minute when the campaign goes out.

        :param zone: the project's time zone. Without it, and for a time that it skips or has twice, ``send_at`` stays
            as it is: such a campaign is refused when it is to be sent.
        """
        content = self.as_dict()
        if self.segment_id is not None:
            content["segment_id"] = self.segment_id.lower()
        if isinstance(self.send_at, datetime):
            with suppress(TruepushValidationError):
                local = times.wall_clock("campaign.send_at", self.send_at, zone)
                content["send_at"] = local.astimezone(UTC).isoformat()
        return content

    def payload(self, zone: tzinfo | None, now: datetime) -> dict[str, Any]:
        """Return the body of ``createCampaign``.

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
            payload["campaignExpiryTime"] = parts.hours("campaign.expires_in", self.expires_in)
        if self.segment_id is not None:
            payload["segment"] = self.segment_id
        return payload
