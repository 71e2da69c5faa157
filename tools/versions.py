"""Write the table of supported versions from the last run of the matrix: ``python tools/versions.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tools.matrix_record import LEFT_OUT, PROBE, RECORD, Outcome, read, rooms  # noqa: E402

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


def rows(record: Path = RECORD) -> list[tuple[str, str, str, str, str]]:
    """Return version, Python, probe, suite and what is missing, the newest first.

    :param record: the file with the outcomes.
    """
    table_rows = []
    for pair, entry in read(record).items():
        pins, python = pair.split(" on ")
        airflow = str(entry["airflow"])
        parts: dict[str, Outcome | None] = dict(entry["parts"])  # type: ignore[call-overload]
        probe = _probe(parts.get(PROBE))
        suite = _suite({room: parts.get(room) for room in rooms()})
        lowest = "" if airflow.startswith(pins) else f", {pins} versions of all else"
        lacks = LACKS[".".join(airflow.split(".")[:2])]
        table_rows.append((airflow + lowest, python, probe, suite, lacks))
    return sorted(
        table_rows, key=lambda row: [[int(part) for part in re.findall(r"\d+", cell)] for cell in row[:2]], reverse=True
    )


def _probe(outcome: Outcome | None) -> str:
    if outcome is None:
        return "not run"
    return "yes" if outcome["passed"] else "no"


def _suite(outcomes: dict[str, Outcome | None]) -> str:
    """Return the rooms by their outcome, with the commits that were run and the number of tests."""
    groups: dict[str, list[str]] = {"passed": [], "failed": [], "not run": []}
    for room, outcome in outcomes.items():
        groups["not run" if outcome is None else "passed" if outcome["passed"] else "failed"].append(room)
    passed = [outcome for outcome in outcomes.values() if outcome is not None and outcome["passed"]]
    tests = sum(outcome.get("tests", 0) for outcome in passed)
    skipped = sum(outcome.get("skipped", 0) for outcome in passed)
    commits = sorted(
        {f"`{commit}`" if (commit := outcome.get("commit")) else "an unrecorded commit" for outcome in passed}
    )
    counted = f"at {', '.join(commits)}" + (f": {tests - skipped:,} tests, {skipped:,} skipped" if tests else "")
    if len(passed) == len(outcomes):
        return f"all {len(passed)} rooms passed {counted}"
    head = f"{len(passed)} of {len(outcomes)} rooms passed {counted}" if passed else "no room passed"
    return "; ".join(
        [head, *(f"{title}: {', '.join(groups[title])}" for title in ("failed", "not run") if groups[title])]
    )


def table(record: Path = RECORD) -> str:
    """Return the table as Markdown, with the rooms that the matrix leaves out.

    :param record: the file with the outcomes.
    """
    lines = [
        "| Airflow | Python | four examples run | suite, by rooms (folders of `tests`) | what it lacks |",
        "|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows(record)]
    left_out = ", ".join(f"{room} ({command})" for room, command in LEFT_OUT.items())
    return "\n".join(lines) + f"\n\nThe matrix leaves these rooms out; they run on Airflow 3.3 with: {left_out}.\n"


def main() -> None:
    """Write the page, and the same into the README between its marks."""
    PAGE.write_text(table(), encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    if BEGIN in text:
        before, rest = text.split(BEGIN)
        README.write_text(before + BEGIN + table() + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
