"""Write a page of the exported statistics: the funnel of each campaign and its growth, from the warehouse's tables.

``python -m airflow_provider_truepush.report --conn warehouse --out report.html``, or :func:`write_report` from a task.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.errors import renamed
from airflow_provider_truepush.report.errors import TruepushReportError
from airflow_provider_truepush.report.writing import LAST, MOST, write_report

__all__ = ["LAST", "MOST", "TruepushReportError", "write_report"]


def __getattr__(name: str) -> Any:
    return renamed(__name__, name, {"ReportError": TruepushReportError})
