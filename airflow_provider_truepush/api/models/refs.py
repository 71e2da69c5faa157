"""The rows of the four lists."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from airflow_provider_truepush.api.checks.text import writable_values
from airflow_provider_truepush.api.checks.values import created_at


@dataclass(frozen=True, slots=True)
class Ref:
    """The base of all rows.

    :param id: 24 hexadecimal digits.
    """

    id: str

    @property
    def created_at(self) -> datetime | None:
        """Return the creation time (UTC, to the second) that the id carries; None when it carries none."""
        return created_at(self.id)

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON primitives that can be stored and logged anywhere."""
        return writable_values(asdict(self))


@dataclass(frozen=True, slots=True)
class CampaignRef(Ref):
    """A row of listCampaign.

    :param id: the campaign's id.
    :param title: its title.
    """

    title: str


@dataclass(frozen=True, slots=True)
class TemplateRef(Ref):
    """A row of listTemplate.

    :param id: the template's id.
    :param name: its name.
    """

    name: str


@dataclass(frozen=True, slots=True)
class TriggerRef(Ref):
    """A row of listTrigger: a scheduled send of a template. It has no relation to Airflow's triggers.

    :param id: the trigger's id.
    :param name: its name, unique in the project.
    :param status: ``active`` or ``inactive``.
    """

    name: str
    status: str


@dataclass(frozen=True, slots=True)
class SegmentRef(Ref):
    """A row of listSegment.

    :param id: the segment's id.
    :param name: its name.
    """

    name: str
