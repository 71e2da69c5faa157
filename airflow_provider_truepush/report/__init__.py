"""A page of the exported statistics: the funnel of each campaign and how it grew, from the warehouse's tables.

``python -m airflow_provider_truepush.report --conn warehouse --out report.html``, or :func:`write_report` from a task.
"""

from __future__ import annotations

from airflow_provider_truepush.report.writing import LAST, MOST, ReportError, write_report

__all__ = ["LAST", "MOST", "ReportError", "write_report"]
