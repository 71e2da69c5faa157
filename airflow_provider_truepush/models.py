"""What users give to and get from Truepush; see :mod:`airflow_provider_truepush.api`."""

from __future__ import annotations

from airflow_provider_truepush.api.campaign import Campaign
from airflow_provider_truepush.api.content import Button
from airflow_provider_truepush.api.cron import schedule_from_cron
from airflow_provider_truepush.api.refs import CampaignRef, SegmentRef, TemplateRef, TriggerRef
from airflow_provider_truepush.api.schedules import Daily, Monthly, Once, OnDates, Weekly, Yearly
from airflow_provider_truepush.api.stats import CampaignStats
from airflow_provider_truepush.api.template import Template
from airflow_provider_truepush.api.trigger import Trigger

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
