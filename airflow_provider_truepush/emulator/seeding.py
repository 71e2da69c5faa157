"""Adding objects to the emulator that no request made."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_truepush.emulator.churn import LISTS, Churn
from airflow_provider_truepush.emulator.clock import as_moment, as_seconds
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_choice, check_keys
from airflow_provider_truepush.emulator.firing import Firing
from airflow_provider_truepush.emulator.ids import is_object_id
from airflow_provider_truepush.emulator.records import Campaign, Held, Segment, Template, Trigger
from airflow_provider_truepush.emulator.schedule import next_fire
from airflow_provider_truepush.emulator.world import World

_CONTENT = ("title", "message", "link", "buttons", "tags", "image", "icon")
#: The keys of a row of each kind; in this order a trigger can name a template of the same call.
KINDS: dict[str, tuple[str, ...]] = {
    "segments": ("_id", "name", "subscribers"),
    "templates": ("_id", "name", *_CONTENT, "userInteractionRequired"),
    "triggers": ("_id", "name", "templateId", "segmentId", "type", "timings", "status", "note"),
    "campaigns": (
        "_id", *_CONTENT, "send_at", "created_at", "cancelled_at", "reach", "segment", "userInteraction",
        "campaignExpiryTime", "scheduled", "timings",
    ),
}  # fmt: skip
TYPES: dict[str, type[Any]] = {"segments": Segment, "templates": Template, "triggers": Trigger, "campaigns": Campaign}
#: Campaigns at most in one call of :func:`add_campaigns`.
MOST_CAMPAIGNS = 1_000_000


def seed(world: World, firing: Firing, given: Mapping[str, Any], project: str | None) -> dict[str, list[str]]:
    """Add objects; one with the id of another replaces it. Every key has a default.

    ``segments``: ``_id, name, subscribers``. ``templates``: ``_id, name`` and the fields of createTemplate.
    ``triggers``: ``_id, name, templateId, segmentId, type, timings, status, note``.
    ``campaigns``: ``_id, title, send_at`` (ISO 8601 with a zone, or seconds; before now is sent, after it scheduled),
    ``created_at, cancelled_at, reach`` and the fields of createCampaign.

    :param given: lists of rows under these names.
    :param project: name or token; None for the first.
    :returns: the ids under the same names.
    :raises TruepushEmulatorError: when a key or a value is not accepted. Nothing is added then.
    """
    check_keys("seed", given, KINDS)
    owner = world.project(project).name
    records: list[tuple[str, Held]] = []
    segments: dict[str, Segment] = {}
    for kind, keys in KINDS.items():
        rows = given.get(kind, ())
        if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
            raise TruepushEmulatorError(f"seed: {kind} must be a list of objects.")
        for row in rows:
            check_keys(f"seed: {kind}", row, keys)
            record = _RECORDS[kind](world, dict(row), owner, segments)
            records.append((kind, record))
            if isinstance(record, Segment):
                segments[record.id] = record
    made: dict[str, list[str]] = {}
    with world.saving():
        for kind, record in records:
            world.put(record)
            made.setdefault(kind, []).append(record.id)
            if isinstance(record, Trigger):
                firing.plan(record)
    return made


def _id(world: World, row: dict[str, Any], moment: float | None = None) -> str:
    given = row.pop("_id", None)
    if given is None:
        return world.new_id(moment)
    if not is_object_id(given):
        raise TruepushEmulatorError(f"seed: _id is {given!r}. It must have 24 hexadecimal digits.")
    return str(given).lower()


def _text(row: dict[str, Any], name: str, default: str) -> str:
    value = row.get(name, default)
    if not isinstance(value, str):
        raise TruepushEmulatorError(f"seed: {name} is {value!r}. It must be text; the fault odd_rows shows other rows.")
    return value


def _count(row: dict[str, Any], name: str, default: int) -> int:
    value = row.pop(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TruepushEmulatorError(f"seed: {name} is {value!r}. It must be a whole number of at least 0.")
    return value


def _segment(world: World, row: dict[str, Any], project: str, segments: dict[str, Segment]) -> Held:
    name, subscribers = _text(row, "name", "A segment"), _count(row, "subscribers", 1000)
    return Segment(_id(world, row), project, name, subscribers)


def _content(row: dict[str, Any]) -> dict[str, Any]:
    return {"title": "A title", "message": "A message", "link": "https://example.com/", **row}


def _template(world: World, row: dict[str, Any], project: str, segments: dict[str, Segment]) -> Held:
    name = _text(row, "name", "A template")
    template_id = _id(world, row)
    return Template(template_id, project, name, {"name": name, **_content(row)}, world.clock.now())


def _trigger(world: World, row: dict[str, Any], project: str, segments: dict[str, Segment]) -> Held:
    now = world.clock.now()
    trigger_id = _id(world, row)
    kind = row.get("type", "repeated")
    timings = row.get("timings", {"sub_type": "daily", "hours": 9, "minutes": 0})
    status = row.get("status", "active")
    check_choice("seed: type of a trigger", kind, ("once", "multiple", "repeated"))
    check_choice("seed: status of a trigger", status, ("active", "inactive"))
    try:
        next_fire(kind, timings, world.zone, now)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TruepushEmulatorError(
            f"seed: timings {timings!r} of a {kind} trigger cannot be read ({error!r})."
        ) from None
    return Trigger(
        id=trigger_id,
        project=project,
        name=_text(row, "name", f"Trigger {trigger_id}"),
        template=row.get("templateId", "0" * 24),
        type=kind,
        timings=timings,
        created_at=now,
        since=now,
        segment=row.get("segmentId"),
        note=row.get("note"),
        status=status,
    )


def _campaign(world: World, row: dict[str, Any], project: str, segments: dict[str, Segment]) -> Held:
    now = world.clock.now()
    times = {name: row.pop(name) for name in ("send_at", "created_at", "cancelled_at") if name in row}
    moments = {name: as_moment(value) for name, value in times.items() if value is not None}
    send_at = moments.get("send_at", now)
    created_at = moments.get("created_at", min(now, send_at))
    campaign_id = _id(world, row, created_at)
    segment_id = row.get("segment")
    segment = segments.get(segment_id) or world.get(Segment, segment_id, project) if segment_id else None
    reach = _count(row, "reach", segment.subscribers if segment else world.project(project).subscribers)
    body = _content(row)
    hours = body.get("campaignExpiryTime")
    return Campaign(
        id=campaign_id,
        project=project,
        title=_text(body, "title", ""),
        created_at=created_at,
        send_at=send_at,
        reach=reach,
        buttons=len(body.get("buttons", ())),
        expires_after=None if hours is None else hours * 3600.0,
        segment=segment_id,
        source="seed",
        cancelled_at=moments.get("cancelled_at"),
        payload=body,
    )


_RECORDS: dict[str, Callable[[World, dict[str, Any], str, dict[str, Segment]], Held]] = {
    "segments": _segment,
    "templates": _template,
    "triggers": _trigger,
    "campaigns": _campaign,
}


def add_campaigns(
    world: World,
    n: int,
    project: str | None = None,
    *,
    title: str = "Campaign {number}",
    titles: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    created_at: Sequence[datetime | str | float] | None = None,
    spread: float | timedelta | str = timedelta(days=1),
    reach: int | None = None,
    buttons: int = 0,
) -> list[str]:
    """Add many sent campaigns.

    :param n: how many, at most a million.
    :param project: name or token; None for the first.
    :param title: ``{number}`` counts from 1.
    :param titles: the title of each, in place of ``title``.
    :param ids: the id of each, 24 hexadecimal digits; None makes ids from the time of creation.
    :param created_at: the time at which each was created, and sent; None spreads them.
    :param spread: they were created evenly over this time up to now.
    :param reach: how many subscribers each went to; None for the project's subscribers.
    :param buttons: how many buttons each has.
    :returns: their ids, in the order of their numbers.
    """
    count: Any = n  # JSON has other types as well
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MOST_CAMPAIGNS:
        raise TruepushEmulatorError(f"add_campaigns: n is {n!r}. It must be a whole number from 0 to {MOST_CAMPAIGNS}.")
    lists: dict[str, Any] = {"titles": titles, "ids": ids, "created_at": created_at}
    for name, values in lists.items():
        if values is not None and (not isinstance(values, (list, tuple, range)) or len(values) != n):
            raise TruepushEmulatorError(f"add_campaigns: {name} must be a list of {n} values, one for each campaign.")
    if ids is not None and not all(map(is_object_id, ids)):
        raise TruepushEmulatorError("add_campaigns: each of ids must have 24 hexadecimal digits.")
    owner = world.project(project)
    now, length = world.clock.now(), as_seconds(spread)
    if created_at is None:
        moments = [now - length * (n - number) / n for number in range(1, n + 1)]
    else:
        moments = [as_moment(moment) for moment in created_at]
    made = [
        Campaign(
            id=world.ids.new(moment) if ids is None else ids[number].lower(),
            project=owner.name,
            title=title.replace("{number}", str(number + 1)) if titles is None else titles[number],
            created_at=moment,
            send_at=moment,
            reach=owner.subscribers if reach is None else reach,
            buttons=buttons,
            source="seed",
        )
        for number, moment in enumerate(moments)
    ]
    with world.saving():
        world.put(*made)
        world.storage.set_meta("ids", world.ids.used)
    return [campaign.id for campaign in made]


def stir(world: World, firing: Firing, churn: Churn, endpoint: str, project: str, order: str) -> None:
    """Change a list after one of its pages was read.

    :param churn: what changes.
    :param endpoint: the list.
    :param order: the order in which the list is shown.
    """
    kind = LISTS[endpoint]
    listing = world.listing(TYPES[kind], project)
    # The number of the next id: other draws at each turn, the same ones in each run.
    draws = random.Random(f"{world.seed} {world.ids.used} {len(listing)}")  # noqa: S311 (repeatable draws)
    with world.saving():
        for object_id in [listing.id_at(order, place) for place in churn.pick(len(listing), churn.delete, draws)]:
            world.remove(listing.get(object_id))
        if churn.add:
            name = "title" if kind == "campaigns" else "name"
            seed(world, firing, {kind: [{name: f"Added {world.ids.used + 1 + i}"} for i in range(churn.add)]}, project)
        for object_id in [listing.id_at(order, place) for place in churn.pick(len(listing), churn.move, draws)]:
            beside = listing.id_at(order, draws.randrange(len(listing)))
            if beside != object_id:
                listing.move(object_id, beside)
