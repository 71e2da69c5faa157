"""The content of the page, as plain values: the newest objects of each kind, and their number."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.emulator.controls import Controls
from airflow_provider_truepush.emulator.effects import DEFAULT_PHASE, EFFECTS, MEANINGS
from airflow_provider_truepush.emulator.outcomes import BY_NAME

#: Rows of each table at most.
ROWS = 50


def overview(controls: Controls) -> dict[str, Any]:
    """Return the content of the page."""
    newest = {kind: controls.newest(kind, ROWS) for kind in ("campaigns", "segments", "triggers")}
    names = {row["id"]: row["name"] for row in controls.segments()}
    for row in newest["campaigns"]:
        row["stats"] = controls.stats(row["id"])
        row["segment_name"] = names.get(row["segment"], row["segment"])
        # The page has no use for it, and it can be long.
        del row["payload"]
    faults = controls.faults()
    mode, speed = controls.clock_mode()
    return {
        "clock": controls.now().isoformat(),
        "mode": mode,
        "speed": speed,
        "dialect": controls.dialect.as_dict(),
        **newest,
        "faults": [fault.as_dict() for fault in faults[-ROWS:]],
        "requests": [_brief(row.as_dict()) for row in controls.last_requests(ROWS)],
        "totals": {
            **{kind: controls.total(kind) for kind in newest},
            "faults": len(faults),
            "requests": controls.count(),
        },
        "choices": {
            "endpoints": list(BY_NAME),
            "effects": [
                {"name": effect, "phases": phases, "phase": DEFAULT_PHASE[effect], "meaning": MEANINGS[effect]}
                for effect, phases in EFFECTS.items()
            ],
        },
    }


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("number", "time", "method", "path", "status", "outcome", "detail", "fault")}
