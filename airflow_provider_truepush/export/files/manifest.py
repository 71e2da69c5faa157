"""The manifest of a run. It is written last, so a file with a manifest is complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

#: The version of the manifest's form. Raise it when readers have to change.
VERSION = 1


@dataclass(slots=True)
class FileSummary:
    """Summary of the written rows, for the manifest.

    :param rows: their number.
    :param missing: ids of campaigns without statistics.
    :param min_observed_at: when the first of them was read; None without rows.
    :param max_observed_at: when the last of them was read; None without rows.
    """

    rows: int = 0
    missing: list[str] = field(default_factory=list)
    min_observed_at: datetime | None = None
    max_observed_at: datetime | None = None

    def observed(self, moments: Sequence[datetime]) -> None:
        """Count rows.

        :param moments: the ``observed_at`` of each row; at least one.
        """
        self.rows += len(moments)
        self.min_observed_at = min(self.min_observed_at or moments[0], min(moments))
        self.max_observed_at = max(self.max_observed_at or moments[0], max(moments))


def describe_file(path: Path, name: str, rows: int) -> dict[str, Any]:
    """Return the name, number of rows, size and hash of a complete file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": name, "rows": rows, "bytes": path.stat().st_size, "sha256": digest}


def manifest(
    summary: FileSummary,
    *,
    files: Sequence[dict[str, Any]],
    columns: Sequence[str],
    run: dict[str, Any],
    began_at: datetime,
) -> bytes:
    """Return the content of a manifest."""
    content = {
        "version": VERSION,
        **run,
        "began_at": began_at.isoformat(),
        "rows": summary.rows,
        "min_observed_at": _moment(summary.min_observed_at),
        "max_observed_at": _moment(summary.max_observed_at),
        "missing": sorted(summary.missing),
        "columns": list(columns),
        "files": list(files),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def read_manifest(content: bytes | None) -> dict[str, Any]:
    """Read a manifest. Return an empty dict when it does not exist or this version cannot read it."""
    try:
        read = json.loads(content or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) and read.get("version") == VERSION else {}


def observed_until(read: dict[str, Any]) -> datetime | None:
    """Return when the latest row of a manifest was observed; if it has no rows, when its export began."""
    moment = read.get("max_observed_at") or read.get("began_at")
    return datetime.fromisoformat(moment) if isinstance(moment, str) else None


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
