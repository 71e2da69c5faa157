"""The audience of a campaign or a trigger: every subscriber, or a segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_empty, refuse_two_segments


@dataclass(frozen=True, slots=True)
class Everyone:
    """Every subscriber of the project."""

    def __str__(self) -> str:
        return "EVERY subscriber"


@dataclass(frozen=True, slots=True)
class Segment:
    """The subscribers of one segment.

    :param id: 24 hexadecimal digits.
    """

    id: str

    def __str__(self) -> str:
        return f"segment {self.id}"


Audience = Everyone | Segment

#: A placeholder for the id of a segment that is given by its name, until everything else has been checked.
UNRESOLVED = "0" * 24


def segment_name(model: str, fields: Mapping[str, Any]) -> str | None:
    """Return the name of the segment among some fields; None when it is not given by its name.

    :param model: ``campaign`` or ``trigger``, for errors.
    :param fields: the fields that were given; :data:`~airflow_provider_truepush.api.checks.given.NOT_GIVEN` counts as
        left out.
    """
    if fields.get("segment", NOT_GIVEN) is NOT_GIVEN:
        return None
    field = f"{model}.segment"
    refuse_two_segments(field, fields)
    return check_segment_name(field, fields["segment"])


def check_segment_name(field: str, value: Any) -> str:
    """Check the name of a segment. A name that was given and is empty never means everyone."""
    refuse_empty(field, value, field.partition(".")[0])
    return checks.text(field, value)


def read_audience(model: str, segment_id: Any = NOT_GIVEN) -> Audience:
    """Read the audience. A segment that was given and is empty never means everyone.

    :param model: ``campaign`` or ``trigger``, for errors.
    :param segment_id: the id, or :data:`~airflow_provider_truepush.api.checks.given.NOT_GIVEN` for every subscriber.
    """
    if segment_id is NOT_GIVEN:
        return Everyone()
    field = f"{model}.segment_id"
    refuse_empty(field, segment_id, model)
    return Segment(checks.segment_id(field, segment_id))
