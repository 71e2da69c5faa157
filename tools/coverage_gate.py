"""Fail when too few branches are covered: ``python tools/coverage_gate.py 95 FOLDER...``.

Reads ``.coverage-report.json``, as ``coverage json -o .coverage-report.json`` writes it.
``coverage report --fail-under`` mixes lines and branches into one figure, so a floor for branches needs its own count.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def totals(report: dict[str, Any], folder: str) -> tuple[int, int, int, int]:
    """Return the covered lines, all lines, covered branches and all branches of the files below a folder."""
    sums = [entry["summary"] for name, entry in report["files"].items() if name.startswith(f"{folder}/")]
    lines, statements, branches, exits = (
        sum(entry[key] for entry in sums)
        for key in ("covered_lines", "num_statements", "covered_branches", "num_branches")
    )
    return lines, statements, branches, exits


def main() -> None:
    """Print each folder's coverage; exit 1 when one has fewer branches covered than the floor."""
    floor, *folders = sys.argv[1:]
    report = json.loads(Path(".coverage-report.json").read_text())
    failed = False
    for folder in folders:
        lines, statements, branches, exits = totals(report, folder)
        share = 100 * branches / exits if exits else 100.0
        verdict = "ok" if share >= float(floor) else f"below {floor}%"
        failed |= share < float(floor)
        line_share = 100 * lines / statements if statements else 100.0
        print(f"coverage of {folder}: {share:.1f}% of branches, {line_share:.1f}% of lines: {verdict}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
