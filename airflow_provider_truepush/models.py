"""What users give to and get from Truepush; see :mod:`airflow_provider_truepush.api`."""

from __future__ import annotations

from airflow_provider_truepush.api.models.button import Button
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.api.models.refs import CampaignRef, SegmentRef, TemplateRef, TriggerRef
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.models.template import Template
from airflow_provider_truepush.api.models.trigger import Trigger
from airflow_provider_truepush.api.schedule.cron import schedule_from_cron
from airflow_provider_truepush.api.schedule.schedules import Daily, Monthly, Once, OnDates, Weekly, Yearly

__all__ = [
    "Button",
    "Campaign",
    "CampaignRef",
    "CampaignStats",
    "Daily",
    "Monthly",
    "OnDates",
    "Once",
    "SegmentRef",
    "Template",
    "TemplateRef",
    "Trigger",
    "TriggerRef",
    "Weekly",
    "Yearly",
    "schedule_from_cron",
]
