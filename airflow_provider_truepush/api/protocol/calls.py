"""Build the thirteen calls: check the arguments and the connection's guards, return the request. Nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.models.template import Template
from airflow_provider_truepush.api.models.trigger import Trigger, check_status
from airflow_provider_truepush.api.protocol import endpoints
from airflow_provider_truepush.api.protocol.endpoints import Call


def create_campaign(campaign: Campaign | Mapping[str, Any], settings: Settings, now: datetime) -> Call[str | None]:
    """Build ``createCampaign``. With ``require_segment`` a campaign to everyone is refused."""
    model = Campaign.read(campaign)
    _guard_audience("campaign.segment_id", model.segment_id, settings)
    return endpoints.CREATE_CAMPAIGN.call(payload=model.payload(settings.timezone, now))


@meaning("Nothing was canceled.")
def cancel_campaign(campaign_id: str) -> Call[bool]:
    """Build ``cancelCampaign``."""
    return endpoints.CANCEL_CAMPAIGN.call(checks.object_id("campaign_id", campaign_id))


@meaning("Nothing was canceled.")
def cancel_or_unknown(campaign_id: str) -> Call[bool | None]:
    """Build ``cancelCampaign`` with the result None when it is unknown whether it was canceled or sent before."""
    return endpoints.CANCEL_OR_UNKNOWN.call(checks.object_id("campaign_id", campaign_id))


@meaning("Nothing was fetched.")
def get_campaign_stats(campaign_id: str) -> Call[CampaignStats | None]:
    """Build ``campaignStats``."""
    return endpoints.CAMPAIGN_STATS.call(checks.object_id("campaign_id", campaign_id))


@meaning("The template was not created.")
def create_template(template: Template | Mapping[str, Any]) -> Call[str | None]:
    """Build ``createTemplate``."""
    return endpoints.CREATE_TEMPLATE.call(payload=Template.read(template).payload())


@meaning("Nothing was deleted.")
def delete_template(template_id: str) -> Call[bool]:
    """Build ``deleteTemplate``."""
    return endpoints.DELETE_TEMPLATE.call(checks.object_id("template_id", template_id))


@meaning("The trigger was not created.")
def create_trigger(trigger: Trigger | Mapping[str, Any], settings: Settings, now: datetime) -> Call[str | None]:
    """Build ``createTrigger``. With ``require_segment`` a trigger for everyone is refused."""
    model = Trigger.read(trigger)
    _guard_audience("trigger.segment_id", model.segment_id, settings)
    if not settings.dry_run and checks.is_dry_run_id(model.template_id):
        checks.refuse(
            "trigger.template_id", model.template_id, "was returned by a dry run and is not the id of a template"
        )
    return endpoints.CREATE_TRIGGER.call(payload=model.payload(settings.timezone, now))


@meaning("Nothing was deleted.")
def delete_trigger(trigger_id: str) -> Call[bool]:
    """Build ``deleteTrigger``."""
    return endpoints.DELETE_TRIGGER.call(checks.object_id("trigger_id", trigger_id))


@meaning("Nothing was changed.")
def set_trigger_status(trigger_id: str, status: str) -> Call[bool]:
    """Build ``triggerStatus``."""
    return endpoints.TRIGGER_STATUS.call(checks.object_id("trigger_id", trigger_id), {"status": check_status(status)})


@meaning("Nothing was deleted.")
def delete_segment(segment_id: str) -> Call[bool]:
    """Build ``deleteSegment``."""
    return endpoints.DELETE_SEGMENT.call(checks.segment_id("segment_id", segment_id))


def _guard_audience(field: str, segment_id: str | None, settings: Settings) -> None:
    if settings.require_segment and segment_id is None:
        checks.refuse(
            field,
            None,
            "the connection has `require_segment` set, and this would go to every subscriber of the project",
        )
