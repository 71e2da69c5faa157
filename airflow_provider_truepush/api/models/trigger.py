"""A Truepush trigger: a scheduled, possibly repeated send of a template. No relation to Airflow's triggers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields as dataclass_fields
from datetime import datetime, tzinfo
from typing import Any, Literal

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_copied, refuse_empty_fields
from airflow_provider_truepush.api.models.audience import read_audience
from airflow_provider_truepush.api.schedule.parse import read_schedule
from airflow_provider_truepush.api.schedule.schedules import Schedule

TriggerStatus = Literal["active", "inactive"]


@dataclass(frozen=True, slots=True)
class Trigger(NamesArguments):
    """The content of ``createTrigger``.

    :param name: the trigger's name, unique in the project.
    :param template_id: id of the template it sends.
    :param schedule: one of ``Once, OnDates, Daily, Weekly, Monthly, Yearly``, or what
        :func:`~airflow_provider_truepush.api.schedule.parse.read_schedule` accepts: a mapping such as
        ``{"weekly": {"week_days": [1], "hours": 9}}``, or a cron expression.
    :param segment_id: id of the segment to send to; left out, it sends to every subscriber of the project.
    :param note: a remark for your colleagues.
    :raises TruepushValidationError: for an invalid value, with the field's name.
    """

    name: str
    template_id: str
    schedule: Schedule | Mapping[str, Any] | str
    segment_id: str | None = NOT_GIVEN
    note: str | None = None
    #: True when the segment was given as None. It is unknown whether that was intended, so it is not created.
    given_empty: tuple[str, ...] = field(init=False, default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "given_empty", ("segment_id",) if self.segment_id is None else ())
        if self.segment_id is NOT_GIVEN:
            object.__setattr__(self, "segment_id", None)
        checks.text("trigger.name", self.name)
        checks.object_id("trigger.template_id", self.template_id)
        object.__setattr__(self, "schedule", read_schedule("trigger.schedule", self.schedule))
        if self.segment_id is not None:
            read_audience("trigger", self.segment_id)
        if self.note is not None:
            if not isinstance(self.note, str):
                checks.refuse("trigger.note", self.note, "must be a string")
            checks.encodable("trigger.note", self.note)

    def given(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults; None for a segment given as None."""
        fields = {f.name: (getattr(self, f.name), f.default) for f in dataclass_fields(self) if f.init}
        given = {name: value for name, (value, default) in fields.items() if value not in (default, None)}
        return {**given, **dict.fromkeys(self.given_empty)}

    def replace(self, **changes: Any) -> Trigger:
        """Return the trigger with other fields.

        Use it in place of ``dataclasses.replace()``, which passes None for the fields that were omitted.

        :param changes: the fields that change, by name.
        """
        return Trigger(**{**self.given(), **changes})

    def __replace__(self, **changes: Any) -> Trigger:
        """Return the trigger with other fields, for ``copy.replace()`` of Python 3.13."""
        return self.replace(**changes)

    @classmethod
    def read(cls, given: Trigger | Mapping[str, Any]) -> Trigger:
        """Read a trigger, or a mapping with its field names."""
        if isinstance(given, cls):
            for name in given.given_empty:
                refuse_copied(f"trigger.{name}", "trigger")
            return given
        if not isinstance(given, Mapping):
            checks.refuse("trigger", given, "must be a Trigger or a mapping with its field names")
        checks.reject_unknown("trigger", given, (f.name for f in dataclass_fields(cls) if f.init))
        refuse_empty_fields("trigger", given, ("segment_id",))
        checks.text("trigger.name", given.get("name"))
        for name in ("template_id", "schedule"):
            if given.get(name) is None:
                checks.refuse(f"trigger.{name}", None, "is required")
        return cls(**given)

    def payload(self, zone: tzinfo | None, now: datetime) -> dict[str, Any]:
        """Return the body of ``createTrigger``.

        :param zone: the project's time zone, needed when the schedule has dates.
        :param now: the present moment, aware.
        """
        kind, timings = read_schedule("trigger.schedule", self.schedule).timings(zone, now)
        payload: dict[str, Any] = {"name": self.name}
        if self.note:
            payload["note"] = self.note
        if self.segment_id is not None:
            payload["segmentId"] = self.segment_id
        return {**payload, "templateId": self.template_id, "type": kind, "timings": timings}


def check_status(value: object) -> TriggerStatus:
    """Check that a value is a status that ``triggerStatus`` accepts."""
    # Only text: the comparison of an array with a word is an array.
    if isinstance(value, str) and value == "active":
        return "active"
    if isinstance(value, str) and value == "inactive":
        return "inactive"
    checks.refuse("status", value, "must be 'active' or 'inactive'")
