"""Write the table of supported versions from the last run of the matrix: ``python tools/versions.py``."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "records" / "versions.json"
PAGE = ROOT / "docs" / "records" / "versions.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- versions: begin -->\n", "<!-- versions: end -->\n"
#: What a version of Airflow lacks, in the words of the documentation.
LACKS = {
    "2.11": "no asset watcher, no approval, no task state store: use a ledger",
    "3.0": "no approval, no task state store: use a ledger",
    "3.1": "approval needs the standard provider 1.13; no task state store: use a ledger",
    "3.2": "no task state store: use a ledger",
    "3.3": "",
}


def rows() -> list[tuple[str, str, str, str, str]]:
    """Return version, Python, probe, suite and what is missing, the newest first."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    found = []
    for pair, outcome in record.items():
        pins, python = pair.split(" on ")
        airflow = str(outcome["airflow"])
        parts = dict(outcome["parts"])
        outcome_of_probe = parts.pop("probe")
        probe = "not run" if outcome_of_probe is None else "yes" if _passed(outcome_of_probe) else "no"
        lowest = "" if airflow.startswith(pins) else f", {pins} versions of all else"
        lacks = LACKS[".".join(airflow.split(".")[:2])]
        found.append((airflow + lowest, python, probe, _suite(parts), lacks))
    return sorted(
        found, key=lambda row: [[int(part) for part in re.findall(r"\d+", cell)] for cell in row[:2]], reverse=True
    )


def _passed(outcome: dict[str, int] | None) -> bool:
    return outcome is not None and bool(outcome["passed"])


def _suite(rooms: dict[str, dict[str, int] | None]) -> str:
    """Return the cell of the suite: the number of tests if all rooms passed, or else the rooms by their outcome."""
    outcomes = [outcome for outcome in rooms.values() if outcome is not None]
    if len(outcomes) == len(rooms) and all(map(_passed, outcomes)):
        tests, skipped = (sum(outcome.get(name, 0) for outcome in outcomes) for name in ("tests", "skipped"))
        return f"all rooms passed: {tests - skipped:,} tests, {skipped:,} skipped"
    groups = {
        "passed": [name for name, outcome in rooms.items() if _passed(outcome)],
        "failed": [name for name, outcome in rooms.items() if outcome is not None and not _passed(outcome)],
        "not run": [name for name, outcome in rooms.items() if outcome is None],
    }
    return "; ".join(f"{title}: {', '.join(names)}" for title, names in groups.items() if names)


def table() -> str:
    """Return the table as Markdown."""
    lines = [
        "| Airflow | Python | four examples run | suite, by rooms | what it lacks |",
        "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, and the same into the README between its marks."""
    PAGE.write_text(table(), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    if BEGIN in text:
        before, rest = text.split(BEGIN)
        README.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
