"""Putting things into the emulator that no request made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_truepush.emulator.clock import as_moment, as_seconds
from airflow_provider_truepush.emulator.ids import is_object_id
from airflow_provider_truepush.emulator.records import Campaign, Record, Segment, Template, Trigger
from airflow_provider_truepush.emulator.service import Service

# In this order a trigger can name a template of the same call.
_KINDS = ("segments", "templates", "triggers", "campaigns")


def seed(service: Service, given: Mapping[str, Any], project: str | None) -> dict[str, list[str]]:
    """Put objects there; one with the id of another replaces it. All parts have defaults.

    ``segments``: ``_id, name, subscribers``. ``templates``: ``_id, name`` and the fields of createTemplate.
    ``triggers``: ``_id, name, templateId, segmentId, type, timings, status``.
    ``campaigns``: ``_id, title, send_at`` (ISO 8601 with a zone, or seconds; before now is sent, after it scheduled),
    ``created_at, cancelled_at, reach`` and the fields of createCampaign.

    :param given: lists of rows under these names.
    :param project: name or token; None for the first.
    :returns: the ids under the same names.
    """
    unknown = set(given) - set(_KINDS)
    if unknown:
        raise ValueError(f"seed: no such kind: {', '.join(sorted(unknown))}; there are {', '.join(_KINDS)}")
    made: dict[str, list[str]] = {}
    with service.world.saving():
        for kind in _KINDS:
            for row in given.get(kind, ()):
                record = _RECORDS[kind](service, dict(row), service.world.project(project).name)
                service.world.put(record)
                made.setdefault(kind, []).append(record.id)
                if isinstance(record, Trigger):
                    service.firing.plan(record)
    return made


def _id(service: Service, row: dict[str, Any], moment: float | None = None) -> str:
    given = row.pop("_id", None)
    if given is None:
        return service.world.new_id(moment)
    if not is_object_id(given):
        raise ValueError(f"seed: _id is {given!r}, must have 24 hexadecimal digits")
    return str(given).lower()


def _segment(service: Service, row: dict[str, Any], project: str) -> Record:
    return Segment(_id(service, row), project, str(row.get("name", "A segment")), int(row.get("subscribers", 1000)))


def _content(row: dict[str, Any]) -> dict[str, Any]:
    return {"title": "A title", "message": "A message", "link": "https://example.com/", **row}


def _template(service: Service, row: dict[str, Any], project: str) -> Record:
    template_id = _id(service, row)
    payload = {"name": "A template", **_content(row)}
    return Template(template_id, project, payload["name"], payload, service.clock.now())


def _trigger(service: Service, row: dict[str, Any], project: str) -> Record:
    now = service.clock.now()
    trigger_id = _id(service, row)
    return Trigger(
        id=trigger_id,
        project=project,
        name=row.get("name", f"Trigger {trigger_id}"),
        template=row.get("templateId", "0" * 24),
        type=row.get("type", "repeated"),
        timings=row.get("timings", {"sub_type": "daily", "hours": 9, "minutes": 0}),
        created_at=now,
        since=now,
        segment=row.get("segmentId"),
        note=row.get("note"),
        status=row.get("status", "active"),
    )


def _campaign(service: Service, row: dict[str, Any], project: str) -> Record:
    now = service.clock.now()
    times = {name: row.pop(name) for name in ("send_at", "created_at", "cancelled_at") if name in row}
    moments = {name: as_moment(value) for name, value in times.items() if value is not None}
    send_at = moments.get("send_at", now)
    created_at = moments.get("created_at", min(now, send_at))
    campaign_id = _id(service, row, created_at)
    segment_id = row.get("segment")
    segment = service.world.get(Segment, segment_id, project) if segment_id else None
    reach = row.pop("reach", segment.subscribers if segment else service.world.project(project).subscribers)
    body = _content(row)
    hours = body.get("campaignExpiryTime")
    return Campaign(
        id=campaign_id,
        project=project,
        title=body["title"],
        created_at=created_at,
        send_at=send_at,
        reach=int(reach),
        buttons=len(body.get("buttons", ())),
        expires_after=None if hours is None else hours * 3600.0,
        segment=segment_id,
        source="seed",
        cancelled_at=moments.get("cancelled_at"),
        payload=body,
    )


_RECORDS = {"segments": _segment, "templates": _template, "triggers": _trigger, "campaigns": _campaign}


def add_campaigns(
    service: Service,
    n: int,
    project: str | None = None,
    *,
    title: str = "Campaign {number}",
    spread: float | timedelta = timedelta(days=1),
    reach: int | None = None,
    buttons: int = 0,
) -> list[str]:
    """Add many sent campaigns.

    :param n: how many.
    :param project: name or token; None for the first.
    :param title: ``{number}`` counts from 1.
    :param spread: they were created, and sent at once, evenly over this time up to now.
    :param reach: how many each went to; None for the project's subscribers.
    :param buttons: how many buttons each has.
    :returns: their ids, oldest first.
    """
    world = service.world
    owner = world.project(project)
    now, length = service.clock.now(), as_seconds(spread)
    made = []
    for number in range(1, n + 1):
        moment = now - length * (n - number) / max(1, n)
        made.append(
            Campaign(
                id=world.ids.new(moment),
                project=owner.name,
                title=title.format(number=number),
                created_at=moment,
                send_at=moment,
                reach=owner.subscribers if reach is None else reach,
                buttons=buttons,
                source="seed",
            )
        )
    with world.saving():
        world.put(*made)
        world.storage.set_meta("ids", world.ids.used)
    return [campaign.id for campaign in made]
