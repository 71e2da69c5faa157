"""The record of a run of ``make test-cluster``: each fault with its outcome, as JSON and as a table for the docs."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "records"


@dataclass
class Record:
    """What each step of the run came to.

    :param versions: names of what ran, such as ``Airflow 3.3.2``.
    """

    versions: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, fault: str, outcome: str, **numbers: Any) -> None:
        """Add a row.

        :param fault: what happened.
        :param outcome: what came of it, in a sentence or two.
        :param numbers: the figures in it, for programs.
        """
        self.rows.append({"fault": fault, "outcome": outcome, **numbers})

    def save(self) -> None:
        """Write the record and the table."""
        minutes = round((time.monotonic() - self.began) / 60, 1)
        kept = {"versions": self.versions, "minutes": minutes, "faults": self.rows}
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "cluster.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        (FOLDER / "cluster.md").write_text(page(kept), encoding="utf-8")


def page(kept: dict[str, Any]) -> str:
    """Return the table."""
    lines = [
        f"The last run: {', '.join(kept['versions'])}; {kept['minutes']} minutes.",
        "",
        "| what happened | outcome |",
        "|---|---|",
        *(f"| {row['fault']} | {row['outcome']} |" for row in kept["faults"]),
    ]
    return "\n".join(lines) + "\n"
