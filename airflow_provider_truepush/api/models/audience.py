"""Who gets a campaign or what a trigger sends: every subscriber, or a segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.api import checks
from airflow_provider_truepush.api.given import NOT_GIVEN, refuse_empty


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


def read_audience(model: str, segment_id: Any = NOT_GIVEN) -> Audience:
    """Read the audience; a segment that was given and is empty is never taken for everyone.

    :param model: ``campaign`` or ``trigger``, for errors.
    :param segment_id: the id, or :data:`~airflow_provider_truepush.api.given.NOT_GIVEN` for every subscriber.
    """
    if segment_id is NOT_GIVEN:
        return Everyone()
    field = f"{model}.segment_id"
    refuse_empty(field, segment_id, model)
    return Segment(checks.segment_id(field, segment_id))
