"""The manifest of a run: written last, so that a file with one is complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

#: Raised when a reader of manifests has to change.
VERSION = 1


@dataclass(slots=True)
class Told:
    """The summary of the rows for the manifest, collected while they are written.

    ``missing`` has the ids without statistics.
    """

    rows: int = 0
    missing: list[str] = field(default_factory=list)
    min_observed_at: datetime | None = None
    max_observed_at: datetime | None = None

    def observed(self, moments: Sequence[datetime]) -> None:
        """Count rows, at least one, by when each was observed."""
        self.rows += len(moments)
        self.min_observed_at = min(self.min_observed_at or moments[0], min(moments))
        self.max_observed_at = max(self.max_observed_at or moments[0], max(moments))


def describe_file(path: Path, name: str, rows: int) -> dict[str, Any]:
    """A complete file: its name, rows, bytes and hash."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": name, "rows": rows, "bytes": path.stat().st_size, "sha256": digest}


def manifest(
    told: Told,
    *,
    files: Sequence[dict[str, Any]],
    columns: Sequence[str],
    run: dict[str, Any],
    began_at: datetime,
) -> bytes:
    """Put a manifest together."""
    content = {
        "version": VERSION,
        **run,
        "began_at": began_at.isoformat(),
        "rows": told.rows,
        "min_observed_at": _moment(told.min_observed_at),
        "max_observed_at": _moment(told.max_observed_at),
        "missing": sorted(told.missing),
        "columns": list(columns),
        "files": list(files),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def read_manifest(content: bytes | None) -> dict[str, Any]:
    """Return the content of a manifest; empty when it does not exist or this version cannot read it."""
    try:
        read = json.loads(content or b"{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) and read.get("version") == VERSION else {}


def observed_until(read: dict[str, Any]) -> datetime | None:
    """Up to when the rows of a manifest were observed; of one without rows, when its export began."""
    moment = read.get("max_observed_at") or read.get("began_at")
    return datetime.fromisoformat(moment) if isinstance(moment, str) else None


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
