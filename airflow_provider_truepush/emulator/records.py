"""The objects of a Truepush project."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

R = TypeVar("R", bound="Record")


@dataclass(slots=True)
class Record:
    """An object with an id.

    :param id: 24 hexadecimal digits; of a project, a digest of its token.
    """

    id: str

    KIND: ClassVar[str] = ""

    def as_dict(self) -> dict[str, Any]:
        """Return its fields; all of them are JSON primitives."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def dump(self) -> str:
        """Return the record as text, for a state file."""
        return json.dumps(self.as_dict(), separators=(",", ":"))

    @classmethod
    def load(cls: type[R], text: str) -> R:
        """Return the record that :meth:`dump` wrote."""
        return cls(**json.loads(text))


@dataclass(slots=True)
class Project(Record):
    """A project. Its token is held only in the memory of the running emulator.

    :param name: ``project-1`` and so on.
    :param subscribers: how many subscribers a campaign without a segment reaches.
    """

    name: str
    subscribers: int

    KIND: ClassVar[str] = "project"


@dataclass(slots=True)
class Segment(Record):
    """A part of a project's subscribers."""

    project: str
    name: str
    subscribers: int

    KIND: ClassVar[str] = "segment"


@dataclass(slots=True)
class Template(Record):
    """A stored message.

    :param payload: the body it was created with.
    """

    project: str
    name: str
    payload: dict[str, Any]
    created_at: float

    KIND: ClassVar[str] = "template"


@dataclass(slots=True)
class Trigger(Record):
    """A scheduled send of a template.

    :param since: it fires only after this moment: its last firing, its activation or its creation.
    :param fired: how often it has fired.
    """

    project: str
    name: str
    template: str
    type: str
    timings: dict[str, Any]
    created_at: float
    since: float
    segment: str | None = None
    note: str | None = None
    status: str = "active"
    fired: int = 0

    KIND: ClassVar[str] = "trigger"


@dataclass(slots=True)
class Campaign(Record):
    """A push to a segment, or to all subscribers.

    :param reach: how many subscribers it goes to, fixed when it is created.
    :param buttons: how many buttons it has.
    :param expires_after: seconds after the send when delivery ends.
    :param source: ``api``, ``trigger`` (fired by one) or ``seed`` (added by a test).
    :param payload: the body it was created with.
    """

    project: str
    title: str
    created_at: float
    send_at: float
    reach: int
    buttons: int = 0
    expires_after: float | None = None
    segment: str | None = None
    source: str = "api"
    trigger: str | None = None
    cancelled_at: float | None = None
    payload: dict[str, Any] | None = None

    KIND: ClassVar[str] = "campaign"

    def status(self, now: float) -> str:
        """Return ``sent``, ``scheduled`` or ``cancelled``."""
        if self.cancelled_at is not None:
            return "cancelled"
        return "sent" if self.send_at <= now else "scheduled"


#: The kinds of objects of a project.
Held = Segment | Template | Trigger | Campaign
