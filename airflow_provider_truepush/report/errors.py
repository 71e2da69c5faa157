"""The error of a report that cannot be written."""

from __future__ import annotations

from airflow_provider_truepush.api.errors import TruepushError


class TruepushReportError(TruepushError):
    """The report was not written. The message says why, and what to do. An older file of the same name is unchanged."""
