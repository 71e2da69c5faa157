"""The record of the last run: which databases exports were tested against, in JSON and as a table.

The documentation includes the table, and the README has it between two marks.
"""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "records"
README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- databases: begin -->\n", "<!-- databases: end -->\n"
#: Tested by the suite of `make test`, and described here: (database, tested against, guarantee).
ALWAYS = (
    ("MySQL, MariaDB", "a real MariaDB server", "a transaction per batch, upsert on the key"),
    ("SQLite", "the real library", "a transaction per batch, upsert on the key"),
    ("DuckDB", "the real library", "a transaction per batch, upsert on the key; one process at a time"),
)
#: Not databases, and what is refused.
BESIDE = (
    (
        "ClickHouse",
        "not supported",
        "refused when the task begins; export files and read them with its table functions",
    ),
    (
        "Files on disk, S3, GCS, Azure",
        "the file system; stand-ins (moto, fake-gcs-server, Azurite)",
        "a file exists completely or not at all; a re-run replaces its own file",
    ),
)
RENDERED = (
    ("Databricks SQL", "rendered SQL only: untested", "a MERGE per table; Delta refuses the later of two at once"),
    ("SQL Server", "rendered SQL only: untested", "a transaction per batch, MERGE with HOLDLOCK, keys are enforced"),
)
GUARANTEES = {
    "postgresql": ("PostgreSQL", "a real server", "a transaction per batch, upsert on the key"),
    "snowflake": (
        "Snowflake",
        "a stand-in (fakesnow), through the real driver",
        "a transaction per batch; updating a row of its own makes a second export wait",
    ),
    "redshift": (
        "Redshift",
        "a stand-in (PostgreSQL), through the real driver",
        "a transaction per batch; LOCK makes a second export wait",
    ),
    "bigquery": (
        "BigQuery",
        "a stand-in (local-bigquery), through the real client",
        "a transaction per batch; of two at once the later is canceled and repeated",
    ),
}


def save(kind: str, first: int, again: int) -> None:
    """Add the run of a stand-in to the record.

    :param first: statements per 1,000 rows of a first run.
    :param again: the same of a re-run.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Path(__file__).open() as lock:  # the stand-ins run beside each other
        fcntl.flock(lock, fcntl.LOCK_EX)
        _save(kind, first, again)


def _save(kind: str, first: int, again: int) -> None:
    path = FOLDER / "databases.json"
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    kept[kind] = {"first_run": first, "re_run": again}
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    (FOLDER / "databases.md").write_text(page(kept))
    before, rest = README.read_text().split(BEGIN)
    README.write_text(f"{before}{BEGIN}{page(kept)}{END}{rest.split(END)[1]}")


def page(kept: dict[str, Any]) -> str:
    """Return the table."""
    rows = [
        (*described, f"{kept[kind]['first_run']}, {kept[kind]['re_run']}")
        for kind, described in GUARANTEES.items()
        if kind in kept
    ]
    rows[1:1] = [(*described, "-") for described in ALWAYS]
    rows += [(*described, "-") for described in (*RENDERED, *BESIDE)]
    lines = [
        "| database | tested against | guarantee | requests per 1,000 rows: first run, re-run |",
        "|---|---|---|---|",
        *(f"| {' | '.join(cells)} |" for cells in rows),
    ]
    return "\n".join(lines) + "\n"
