"""The plots, drawn by plotly. The page sets the colors of text and lines: it knows whether it is dark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from airflow_provider_truepush.report.view_model import STEPS, CampaignView, Snapshot, format_number, thin_out

#: Colors that stand out on white as well as on black.
COLORS = {"sent": "#7c8798", "delivered": "#3b82f6", "views": "#14a38f", "clicks": "#e08a1e"}
#: The counters differ by orders of magnitude, so each pair has its own scale.
PAIRS = (("sent", "delivered"), ("views", "clicks"))

#: With more points than this a line has no markers.
MOST_MARKERS = 40

_LABELS = {step: label for step, label, _ in STEPS}
_CLEAR = "rgba(0,0,0,0)"
_TEXT = "#808080"  # the page's style sets another


def plotly_script() -> str:
    """Return the whole of plotly.js, for the page.

    :raises ImportError: when plotly is not installed.
    """
    import plotly.offline

    return str(plotly.offline.get_plotlyjs())


def in_json(campaign: CampaignView) -> str:
    """Return the two plots of a campaign as JSON that is safe inside a ``script`` element."""
    plots = {"funnel": _plain(funnel(campaign.latest)), "growth": _plain(growth(campaign.snapshots))}
    text = json.dumps(plots, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def funnel(snapshot: Snapshot) -> Any:
    """Return sent, delivered, views and clicks as a funnel."""
    import plotly.graph_objects as go

    labels = []
    for step, label, of in STEPS:
        share = snapshot.share(step, of)
        below = "" if share is None else f"<br>{share:.1%} of {of}"
        labels.append(f"<b>{label} {format_number(snapshot.counters[step], 'unknown')}</b>{below}")
    bars = go.Funnel(
        y=labels,
        x=[snapshot.counters[step] for step, _, _ in STEPS],
        marker={"color": [COLORS[step] for step, _, _ in STEPS]},
        connector={"fillcolor": "rgba(128,128,128,0.18)", "line": {"width": 0}},
        textinfo="none",
        hovertemplate="%{x:,}<extra></extra>",
    )
    layout = _layout(height=264, margin={"l": 132, "r": 8, "t": 8, "b": 8}, funnelgap=0.25, showlegend=False)
    return go.Figure(bars, layout={**layout, "yaxis": {"automargin": True}})


def growth(snapshots: Sequence[Snapshot]) -> Any:
    """Return the counters over time; as bars when only one observation exists."""
    from plotly.subplots import make_subplots

    points = thin_out(snapshots)
    figure = make_subplots(rows=len(PAIRS), cols=1, shared_xaxes=True, vertical_spacing=0.12)
    for row, pair in enumerate(PAIRS, start=1):
        for step in pair:
            trace = _bar(step, points[0]) if len(points) == 1 else _line(step, points)
            figure.add_trace(trace, row=row, col=1)
    figure.update_layout(
        _layout(
            height=264,
            margin={"l": 8, "r": 12, "t": 28, "b": 8},
            legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        )
    )
    figure.update_xaxes(showgrid=False, automargin=True, zeroline=False)
    figure.update_yaxes(rangemode="tozero", automargin=True, nticks=4, tickformat=",~d", separatethousands=True)
    if len(points) == 1:
        figure.update_layout(bargap=0.35, showlegend=False, margin={"t": 8})
        # Each row has bars of its own.
        figure.update_xaxes(matches=None, showticklabels=True, type="category")
    return figure


def _line(step: str, points: Sequence[Snapshot]) -> Any:
    import plotly.graph_objects as go

    values = [point.counters[step] for point in points]
    return go.Scatter(
        x=[point.observed_at.isoformat() for point in points],
        y=values,
        name=_LABELS[step],
        # A value between unknown ones has no line that would show it.
        mode="lines+markers" if len(points) <= MOST_MARKERS or _has_lone_value(values) else "lines",
        line={"color": COLORS[step], "width": 2, "dash": "dot" if step == "sent" else "solid"},
        marker={"size": 6},
        hovertemplate=f"{_LABELS[step]} %{{y:,}}<br>%{{x|%Y-%m-%d %H:%M}} UTC<extra></extra>",
    )


def _has_lone_value(values: Sequence[int | None]) -> bool:
    around = [None, *values, None]
    return any(
        value is not None and around[place] is None and around[place + 2] is None for place, value in enumerate(values)
    )


def _bar(step: str, point: Snapshot) -> Any:
    import plotly.graph_objects as go

    return go.Bar(
        x=[_LABELS[step]],
        y=[point.counters[step]],
        name=_LABELS[step],
        marker={"color": COLORS[step]},
        width=0.5,
        hovertemplate=f"{_LABELS[step]} %{{y:,}}<br>{point.observed_at:%Y-%m-%d %H:%M} UTC<extra></extra>",
    )


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
