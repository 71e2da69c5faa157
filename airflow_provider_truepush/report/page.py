"""The page around the plots."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from importlib import resources

from airflow_provider_truepush.report import figures
from airflow_provider_truepush.report.view_model import STEPS, Shown, number

#: How many of a campaign's snapshots stand in the table beside its plot; the newest.
ROWS = 60
#: What stands for a value that is not known.
NONE = "—"


def page(shown: Shown) -> str:
    """The whole HTML document. Everything that comes from the warehouse is escaped by Jinja.

    The page's own policy (CSP) forbids the browser to load anything, and to run any script but the two in it.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("airflow_provider_truepush.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=_number, percent=_percent, minute=_minute, day=_day)

    draw = resources.files("airflow_provider_truepush.report").joinpath("draw.js").read_text(encoding="utf-8")
    scripts = [figures.scripts(), draw] if shown.campaigns else []
    return environment.get_template("page.html").render(
        shown=shown,
        steps=STEPS,
        rows=ROWS,
        colours=figures.COLOURS,
        plots=[figures.in_json(campaign) for campaign in shown.campaigns],
        scripts=scripts,
        hashes=" ".join(f"'sha256-{_hash(script)}'" for script in scripts) or "'none'",
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _number(value: int | None) -> str:
    return number(value, NONE)


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{share:.1%}"


def _day(value: datetime | None) -> str:
    return NONE if value is None else f"{value:%Y-%m-%d}"


def _minute(value: datetime | None) -> str:
    return NONE if value is None else f"{value:%Y-%m-%d %H:%M}"
