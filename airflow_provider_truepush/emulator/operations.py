"""The thirteen endpoints: what each does to the world."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import airflow_provider_truepush.emulator.outcomes as outcomes
import airflow_provider_truepush.emulator.validation as validation
from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import Endpoint
from airflow_provider_truepush.emulator.delivery import counters
from airflow_provider_truepush.emulator.outcomes import Outcome
from airflow_provider_truepush.emulator.records import Campaign, Project, Record, Segment, Template, Trigger
from airflow_provider_truepush.emulator.world import World

#: Levels of a body at most: what is written again must not exhaust the stack.
DEEPEST = 100
#: Hours; more than this means never.
LONGEST_EXPIRY = 1_000_000
_KINDS: dict[str, type[Any]] = {"campaign": Campaign, "template": Template, "trigger": Trigger, "segment": Segment}


@dataclass(frozen=True, slots=True)
class Context:
    """The input of an operation.

    :param world: everything that exists.
    :param project: of the caller.
    :param endpoint: asked for.
    :param now: seconds since the epoch.
    :param zone: of the project.
    :param page_size: rows per page.
    :param order: the order of lists, one of :data:`.listing.ORDERS`.
    :param scripted: the scripted counters of a campaign, if a test has set some: a mapping, None, or KeyError.
    """

    world: World
    project: Project
    endpoint: Endpoint[Any]
    now: float
    zone: ZoneInfo
    page_size: int
    order: str
    scripted: Callable[[str], Mapping[str, int] | None]

    def knows(self, kind: type[Any]) -> Callable[[str], bool]:
        """Return a function that reports whether the project has an object with an id."""
        return lambda object_id: self.world.get(kind, object_id.lower(), self.project.name) is not None


def perform(context: Context, argument: str | None, raw: bytes) -> Outcome:
    """Carry out a request; return its outcome.

    :param argument: the id or page at the end of the path.
    :param raw: the body's bytes.
    """
    endpoint = context.endpoint
    try:
        body = parse(raw) if endpoint.has_body else {}
        if not isinstance(body, dict):
            raise validation.BadDataError("body must be a JSON object")
        operation = _OPERATIONS.get(endpoint.name) or _OPERATIONS[endpoint.action]
        with context.world.saving():
            return operation(context, argument or "", body)
    except validation.BadDataError as error:
        return outcomes.shared(endpoint.name, codes.BAD_REQUEST, str(error))


def parse(raw: bytes) -> Any:
    """Parse a JSON body.

    :raises BadDataError: when it is not valid JSON, or nested too deeply.
    """

    def constant(name: str) -> Any:
        raise ValueError(name)

    try:
        body = json.loads(raw, parse_constant=constant)
    except (ValueError, RecursionError):
        raise validation.BadDataError("body is not JSON") from None
    if is_deeper(body, DEEPEST):
        raise validation.BadDataError("body is nested too deeply")
    return body


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether a JSON value is nested more deeply than so many levels."""
    row = [value]
    for _ in range(levels):
        inner = [part for part in row if isinstance(part, (dict, list))]
        row = [item for part in inner for item in (part.values() if isinstance(part, dict) else part)]
    return any(isinstance(part, (dict, list)) for part in row)


def _create_campaign(context: Context, _: str, body: dict[str, Any]) -> Outcome:
    send_at = validation.campaign(body, context.knows(Segment), context.zone, context.now)
    made = new_campaign(context.world, context.project, body, context.now, send_at)
    context.world.put(made)
    return outcomes.success(context.endpoint.name, created=made.id)


def new_campaign(
    world: World, project: Project, body: Mapping[str, Any], now: float, send_at: float | None = None
) -> Campaign:
    """Return a campaign made from the body of a request or a template; its audience is fixed now.

    :param now: its creation, seconds since the epoch.
    :param send_at: seconds since the epoch; None for now.
    """
    segment_id = body.get("segment", body.get("Segment"))
    segment = world.get(Segment, segment_id.lower(), project.name) if segment_id else None
    expiry = body.get("campaignExpiryTime")
    return Campaign(
        id=world.new_id(now),
        project=project.name,
        title=body["title"],
        created_at=now,
        send_at=now if send_at is None else send_at,
        reach=project.subscribers if segment is None else segment.subscribers,
        buttons=len(body.get("buttons", ())),
        expires_after=None if expiry is None else min(expiry, LONGEST_EXPIRY) * 3600.0,
        segment=None if segment is None else segment.id,
        payload=dict(body),
    )


def _cancel_campaign(context: Context, argument: str, _: dict[str, Any]) -> Outcome:
    campaign = _find(context, argument)
    if campaign is None or campaign.status(context.now) != "scheduled":
        return outcomes.negative(context.endpoint.name)
    campaign.cancelled_at = context.now
    context.world.put(campaign)
    return outcomes.success(context.endpoint.name, changed=campaign.id)


def _campaign_stats(context: Context, argument: str, _: dict[str, Any]) -> Outcome:
    object_id = validation.object_id(argument)
    try:
        counted = context.scripted(object_id)
    except KeyError:
        campaign = context.world.get(Campaign, object_id, context.project.name)
        counted = None if campaign is None else counters(context.world.seed, campaign, context.now)
    if counted is None:
        return outcomes.negative(context.endpoint.name)
    return outcomes.success(context.endpoint.name, payload=counted)


def _create_template(context: Context, _: str, body: dict[str, Any]) -> Outcome:
    validation.template(body)
    made = Template(context.world.new_id(context.now), context.project.name, body["name"], dict(body), context.now)
    context.world.put(made)
    return outcomes.success(context.endpoint.name, created=made.id)


def _create_trigger(context: Context, _: str, body: dict[str, Any]) -> Outcome:
    validation.trigger(body, context.knows(Template), context.knows(Segment), context.zone)
    if any(trigger.name == body["name"] for trigger in context.world.all(Trigger, context.project.name)):
        return outcomes.negative(context.endpoint.name)
    segment = body.get("segmentId")
    made = Trigger(
        id=context.world.new_id(context.now),
        project=context.project.name,
        name=body["name"],
        template=body["templateId"].lower(),
        type=body["type"],
        timings=body["timings"],
        created_at=context.now,
        since=context.now,
        segment=segment.lower() if segment else None,
        note=body.get("note"),
    )
    context.world.put(made)
    return outcomes.success(context.endpoint.name, created=made.id)


def _trigger_status(context: Context, argument: str, body: dict[str, Any]) -> Outcome:
    wanted = validation.trigger_status(body)
    trigger = _find(context, argument)
    if trigger is None or trigger.status == wanted:
        return outcomes.negative(context.endpoint.name)
    trigger.status = wanted
    # What it missed while it was inactive stays missed.
    trigger.since = context.now
    context.world.put(trigger)
    return outcomes.success(context.endpoint.name, changed=trigger.id)


def _delete(context: Context, argument: str, _: dict[str, Any]) -> Outcome:
    found = _find(context, argument)
    if found is None:
        return outcomes.negative(context.endpoint.name)
    context.world.remove(found)
    return outcomes.success(context.endpoint.name, changed=found.id)


def _list(context: Context, argument: str, _: dict[str, Any]) -> Outcome:
    page = validation.page(argument)
    kind = _KINDS[context.endpoint.resource]
    rows = context.world.listing(kind, context.project.name).page(context.order, page, context.page_size)
    if not rows:
        return outcomes.negative(context.endpoint.name)
    return outcomes.success(context.endpoint.name, payload=[_row(item) for item in rows])


def _row(item: Record) -> dict[str, str]:
    if isinstance(item, Campaign):
        return {"_id": item.id, "title": item.title}
    if isinstance(item, Trigger):
        return {"_id": item.id, "name": item.name, "status": item.status}
    assert isinstance(item, (Segment, Template))
    return {"_id": item.id, "name": item.name}


def _find(context: Context, argument: str) -> Any:
    kind = _KINDS[context.endpoint.resource]
    return context.world.get(kind, validation.object_id(argument), context.project.name)


_OPERATIONS: dict[str, Callable[[Context, str, dict[str, Any]], Outcome]] = {
    "createCampaign": _create_campaign,
    "createTemplate": _create_template,
    "createTrigger": _create_trigger,
    "cancel": _cancel_campaign,
    "stats": _campaign_stats,
    "set_status": _trigger_status,
    "delete": _delete,
    "list": _list,
}
