"""The details of a campaign that this provider sent: its link, segment and tags, and the task that sent it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.checks.values import items

if TYPE_CHECKING:
    from airflow_provider_truepush.api.models.campaign import Campaign

#: The name of the ledger's table. Tasks that send write it, and exports read it.
LEDGER = "truepush_send_ledger"
#: The longest details that are recorded: MySQL's TEXT holds 65,535 bytes.
_LONGEST = 60_000


@dataclass(frozen=True, slots=True)
class OwnSend:
    """The details of a campaign that this provider sent. None means that a detail is unknown.

    :param link: the address that the push opens.
    :param segment_id: id of the segment; also None when every subscriber was addressed.
    :param segment: name of the segment, if the campaign was sent to a segment by its name.
    :param tags: labels of the campaign.
    :param dag_id: the Dag that sent it.
    :param run_id: its run.
    :param task_id: its task.
    """

    link: str | None = None
    segment_id: str | None = None
    segment: str | None = None
    tags: tuple[str, ...] | None = None
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None

    @property
    def tags_json(self) -> str | None:
        """Return the tags as JSON text in ASCII, which every database can store."""
        return None if self.tags is None else json.dumps(self.tags, separators=(",", ":"))

    def over(self, other: OwnSend) -> OwnSend:
        """Return this send, with details that it lacks taken from the other."""
        merged = {name: _first(getattr(self, name), getattr(other, name)) for name in FIELDS}
        return OwnSend(**merged)


FIELDS: tuple[str, ...] = tuple(field.name for field in fields(OwnSend))
#: A send without details, for a campaign that this provider did not send.
UNKNOWN = OwnSend()


def send_details(campaign: Campaign) -> str:
    """Return the details of a campaign for the record of its send, as JSON text in ASCII; "" if they are too long.

    :param campaign: the campaign.
    """
    details = {
        "link": campaign.link,
        "segment_id": campaign.segment_id,
        "segment": campaign.segment_name,
        "tags": items("campaign.tags", campaign.tags),
    }
    text = json.dumps({name: value for name, value in details.items() if value is not None})
    return text if len(text) <= _LONGEST else ""


def read_own_send(author: str, details: str | None) -> OwnSend:
    """Read a record of a send. Records of earlier versions have no details.

    :param author: the try that sent it, in words. A text of another form gives empty fields.
    :param details: see :func:`send_details`.
    """
    try:
        given = json.loads(details or "{}")
    except ValueError:
        given = {}
    if not isinstance(given, Mapping):
        given = {}
    tags = given.get("tags")
    return OwnSend(
        link=_text(given.get("link")),
        segment_id=_text(given.get("segment_id")),
        segment=_text(given.get("segment")),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else None,
        **_task(author),
    )


def _task(author: str) -> dict[str, str]:
    """Return Dag, run and task of an author such as ``try 2 of dag/run/task [3]``. A run's id may contain slashes."""
    began, _, task = author.partition(" of ")
    if not began.startswith("try "):
        return {}
    dag_id, _, rest = task.partition("/")
    run_id, _, task_id = rest.rpartition("/")
    task_id = task_id.partition(" [")[0]
    return {"dag_id": dag_id, "run_id": run_id, "task_id": task_id} if dag_id and run_id and task_id else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _first(one: Any, other: Any) -> Any:
    return other if one is None else one
