"""The audience of a campaign whose segment is given by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_truepush.api.models.audience import UNRESOLVED, segment_name
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook, TruepushHook
from airflow_provider_truepush.resources.names import resolve, resolve_async

_FIELD = "campaign.segment"


def read_campaign(hook: TruepushHook, fields: Mapping[str, Any], *, consequence: str) -> Campaign:
    """Read a campaign. A segment that is given by its name is looked up when everything else is right.

    :param hook: the project.
    :param fields: the campaign's fields, and ``segment`` in place of ``segment_id``.
    :param consequence: what an error of the look-up means, as one sentence.
    """
    name, others = _checked(fields)
    if name is None:
        return Campaign.read(others)
    segment_id = resolve(hook, "segment", name, field=_FIELD, consequence=consequence)
    return Campaign.read({**others, "segment_id": segment_id}).named(name)


async def read_campaign_async(hook: TruepushAsyncHook, fields: Mapping[str, Any], *, consequence: str) -> Campaign:
    """Read a campaign as :func:`read_campaign` does, without blocking the event loop."""
    name, others = _checked(fields)
    if name is None:
        return Campaign.read(others)
    segment_id = await resolve_async(hook, "segment", name, field=_FIELD, consequence=consequence)
    return Campaign.read({**others, "segment_id": segment_id}).named(name)


def _checked(fields: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the name of the segment and the other fields, checked."""
    name = segment_name("campaign", fields)
    others = {key: value for key, value in fields.items() if key != "segment"}
    if name is not None:
        Campaign.read({**others, "segment_id": UNRESOLVED})
    return name, others
