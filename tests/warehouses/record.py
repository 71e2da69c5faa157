"""The record of the last run: which databases exports were tested against, in JSON and as a table for the docs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "records"
#: Tested by the suite of `make test`, and described here: (database, tested against, what keeps rows single).
ALWAYS = (
    ("PostgreSQL", "a real server", "a transaction per batch, upsert on the key"),
    ("MySQL, MariaDB", "a real MariaDB server", "a transaction per batch, upsert on the key"),
    ("SQLite", "the real library", "a transaction per batch, upsert on the key"),
    ("DuckDB", "the real library", "a transaction per batch, upsert on the key; one process at a time"),
)
RENDERED = (
    ("Databricks SQL", "rendered SQL only: untested", "a MERGE per table; Delta refuses the later of two at once"),
    ("SQL Server", "rendered SQL only: untested", "a transaction per batch, MERGE with HOLDLOCK, keys are enforced"),
)
GUARANTEES = {
    "snowflake": (
        "Snowflake",
        "fakesnow, through the real driver",
        "a MERGE per table, the history last; two at once wait for Snowflake's table locks (not shown by the stand-in)",
    ),
    "redshift": (
        "Redshift",
        "PostgreSQL, through the real driver",
        "a transaction per batch; LOCK keeps a second export away",
    ),
    "bigquery": (
        "BigQuery",
        "local-bigquery, through the real client",
        "a MERGE per table, the history last; run one export of a project at a time",
    ),
}


def save(kind: str, first: int, again: int) -> None:
    """Add the run of a stand-in to the record.

    :param first: statements per 1,000 rows of a first run.
    :param again: the same of a re-run.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "databases.json"
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    kept[kind] = {"first_run": first, "re_run": again}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    (FOLDER / "databases.md").write_text(page(kept))


def page(kept: dict[str, Any]) -> str:
    """Return the table."""
    rows = [(*described, "", "") for described in ALWAYS]
    rows += [
        (*GUARANTEES[kind], str(counts["first_run"]), str(counts["re_run"]))
        for kind, counts in sorted(kept.items())
        if kind in GUARANTEES
    ]
    rows += [(*described, "", "") for described in RENDERED]
    lines = [
        "| database | tested against | what keeps rows single | statements per 1,000 rows, first run | re-run |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(cell or '-' for cell in cells)} |" for cells in rows),
    ]
    return "\n".join(lines) + "\n"
