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
        airflow, python = pair.split(" on ")
        marks = (_mark(outcome[name]) for name in ("probe", "suite"))
        found.append((str(outcome["airflow"]), python, *marks, LACKS.get(airflow, "")))
    return sorted(
        found, key=lambda row: [[int(part) for part in re.findall(r"\d+", cell)] for cell in row[:2]], reverse=True
    )


def _mark(outcome: bool | str) -> str:
    """Return the cell of an outcome: passed, failed, or the part that was run and passed."""
    if isinstance(outcome, str):
        return outcome
    return "yes" if outcome else "no"


def table() -> str:
    """Return the table as Markdown."""
    lines = [
        "| Airflow | Python | four examples run | suite passes, or the part that was run | what it lacks |",
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
