"""Render the page around the plots."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib import resources

from airflow_provider_truepush.report.figures import in_json, plotly_script
from airflow_provider_truepush.report.view_model import STEPS, ReportView, format_number, share

#: The most snapshots in the table below a plot; the newest are shown.
ROWS = 60
#: The text for an unknown value.
NONE = "—"


def page(view: ReportView) -> str:
    """Return the HTML document. Jinja escapes everything that comes from the warehouse.

    The page's own policy (CSP) forbids the browser to load anything, and to run any script but those in it.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("airflow_provider_truepush.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, percent=_percent, minute=_minute, seconds=_seconds, value=_value)

    files = resources.files("airflow_provider_truepush.report")
    own = [files.joinpath(name).read_text(encoding="utf-8") for name in ("table.js", "draw.js")]
    scripts = [own[0], plotly_script(), own[1]] if view.campaigns else []
    return environment.get_template("page.html").render(
        view=view,
        totals=view.totals,
        share=share,
        steps=STEPS,
        rows=ROWS,
        plots=[in_json(campaign) for campaign in view.campaigns],
        scripts=scripts,
        hashes=" ".join(f"'sha256-{_hash(script)}'" for script in scripts) or "'none'",
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _number(value: int | None) -> str:
    return format_number(value, NONE)


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{share:.1%}"


def _seconds(value: datetime | None) -> str:
    """Return a time as the table sorts it; empty when it is unknown."""
    return "" if value is None else f"{value.timestamp():.0f}"


def _value(value: int | None) -> str:
    """Return a counter as the table sorts it; empty when it is unknown."""
    return "" if value is None else str(value)


def _minute(value: datetime | None) -> str:
    return NONE if value is None else f"{value:%Y-%m-%d %H:%M}"
