"""The plots, by plotly. Colours of text and lines are the page's: it knows whether it is dark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from airflow_provider_truepush.report.view_model import STEPS, CampaignShown, Snapshot, number, thinned

#: Colours that stand out on white as well as on black.
COLOURS = {"sent": "#7c8798", "delivered": "#3b82f6", "views": "#14a38f", "clicks": "#e08a1e"}
#: The counters differ by magnitudes: each pair has a scale of its own.
PAIRS = (("sent", "delivered"), ("views", "clicks"))

_LABELS = {step: label for step, label, _ in STEPS}
_CLEAR = "rgba(0,0,0,0)"
_TEXT = "#808080"  # the page's style sets another


def scripts() -> str:
    """plotly.js, the whole of it, to stand in the page.

    :raises ImportError: when plotly is not installed.
    """
    import plotly.offline

    return str(plotly.offline.get_plotlyjs())


def in_json(campaign: CampaignShown) -> str:
    """The two plots of a campaign, as JSON that may stand within a ``script`` element."""
    plots = {"funnel": _plain(funnel(campaign.latest)), "growth": _plain(growth(campaign.snapshots))}
    text = json.dumps(plots, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def funnel(snapshot: Snapshot) -> Any:
    """Sent, delivered, views and clicks, as bars."""
    import plotly.graph_objects as go

    labels = []
    for step, label, of in STEPS:
        share = snapshot.share(step, of)
        below = "" if share is None else f"<br>{share:.1%} of {of}"
        labels.append(f"<b>{label} {number(snapshot.counters[step], 'unknown')}</b>{below}")
    bars = go.Funnel(
        y=labels,
        x=[snapshot.counters[step] for step, _, _ in STEPS],
        marker={"color": [COLOURS[step] for step, _, _ in STEPS]},
        connector={"fillcolor": "rgba(128,128,128,0.18)", "line": {"width": 0}},
        textinfo="none",
        hovertemplate="%{x:,}<extra></extra>",
    )
    layout = _layout(height=264, margin={"l": 132, "r": 8, "t": 8, "b": 8}, funnelgap=0.25, showlegend=False)
    return go.Figure(bars, layout={**layout, "yaxis": {"automargin": True}})


def growth(snapshots: Sequence[Snapshot]) -> Any:
    """The counters over time."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    points = thinned(snapshots)
    figure = make_subplots(rows=len(PAIRS), cols=1, shared_xaxes=True, vertical_spacing=0.12)
    for row, pair in enumerate(PAIRS, start=1):
        for step in pair:
            line = go.Scatter(
                x=[point.observed_at.isoformat() for point in points],
                y=[point.counters[step] for point in points],
                name=_LABELS[step],
                mode="lines+markers" if len(points) <= 40 else "lines",
                line={"color": COLOURS[step], "width": 2, "dash": "dot" if step == "sent" else "solid"},
                marker={"size": 6},
                hovertemplate=f"{_LABELS[step]} %{{y:,}}<br>%{{x|%Y-%m-%d %H:%M}} UTC<extra></extra>",
            )
            figure.add_trace(line, row=row, col=1)
    figure.update_layout(
        _layout(
            height=264,
            margin={"l": 8, "r": 12, "t": 28, "b": 8},
            legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        )
    )
    figure.update_xaxes(showgrid=False, automargin=True, zeroline=False)
    figure.update_yaxes(rangemode="tozero", automargin=True, nticks=4, tickformat=",~d", separatethousands=True)
    if len(points) == 1:  # without this the axis of time runs over milliseconds
        figure.update_xaxes(tickvals=[points[0].observed_at.isoformat()], tickformat="%Y-%m-%d %H:%M")
    return figure


def _layout(**changes: Any) -> dict[str, Any]:
    return {
        "template": "none",
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": _TEXT},
        "hoverlabel": {"bgcolor": "#1f2937", "bordercolor": "#1f2937", "font": {"color": "#ffffff"}},
        **changes,
    }


def _plain(figure: Any) -> dict[str, Any]:
    drawn: dict[str, Any] = json.loads(figure.to_json())
    drawn["layout"].pop("template", None)
    return drawn
