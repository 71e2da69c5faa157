"""Keep the outcomes of the matrix of versions in ``docs/records/versions.json``: each part, and the code that it ran.

A part is the probe of four examples or a room (folder) of the suite. An outcome counts for the code of its commit only.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "records" / "versions.json"
#: What needs a real Airflow of the newest version, has a make target of its own, or is about this checkout's own tools.
LEFT_OUT = {
    "airflow": "`make test`",
    "cluster": "`make test-cluster`",
    "docs": "`make test`",
    "harness": "`make test`",
    "warehouses": "`make test-warehouses`",
}
PROBE = "probe"
#: What the outcome of a part depends on, as Git's patterns.
CODE = (
    *("airflow_provider_truepush", "constraints/airflow", "constraints/lowest.txt", "example_dags", "tests"),
    *("noxfile.py", "pyproject.toml", "tools/version_probe.py"),
    *(f":!tests/{room}" for room in LEFT_OUT),
)


class Outcome(TypedDict, total=False):
    """The outcome of one part on one pair of versions."""

    passed: bool
    tests: int
    skipped: int
    #: The commit that was run; it ends with "+" if files had been changed since.
    commit: str


def rooms(tests: Path = ROOT / "tests") -> tuple[str, ...]:
    """Return the rooms of the suite that the matrix runs.

    :param tests: the folder of the suite.
    """
    folders = (folder for folder in tests.iterdir() if folder.name not in LEFT_OUT)
    return tuple(sorted(folder.name for folder in folders if any(folder.rglob("test_*.py"))))


def read(record: Path = RECORD) -> dict[str, dict[str, object]]:
    """Return what is recorded of each pair of versions.

    :param record: the file.
    """
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def code_has_changed(commit: str) -> bool:
    """Report whether the code differs from a commit's, or the commit is unknown.

    :param commit: a commit, as an outcome has it.
    """
    if not commit or _git("diff", "--quiet", commit, "--", *CODE) is None:
        return True
    return _git("ls-files", "--others", "--exclude-standard", "--", *CODE) != ""  # new files are in no commit


def current_commit() -> str:
    """Return the commit of this checkout, with "+" if its code was changed since; empty without Git."""
    commit = _git("rev-parse", "--short=10", "HEAD") or ""
    return f"{commit}+" if commit and code_has_changed(commit) else commit


def _git(*arguments: str) -> str | None:
    """Return what Git prints; None if it fails or is not installed."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


class Outcomes:
    """The recorded outcomes of the parts on one pair of versions.

    :param pair: such as "3.0 on 3.11".
    :param record: the file.
    """

    def __init__(self, pair: str, record: Path = RECORD) -> None:
        self._pair = pair
        self._record = record

    def get(self, part: str) -> Outcome | None:
        """Return the outcome of a part; None if it was not run."""
        parts = read(self._record).get(self._pair, {}).get("parts", {})
        assert isinstance(parts, dict)
        return parts.get(part)

    def missing(self) -> list[str]:
        """Return the parts that have not passed with the code as it is now."""
        return [part for part in (PROBE, *rooms()) if not self._has_passed(part)]

    def _has_passed(self, part: str) -> bool:
        outcome = self.get(part) or Outcome()
        return outcome.get("passed", False) and not code_has_changed(outcome.get("commit", ""))

    def keep(self, airflow: str, part: str, outcome: Outcome) -> None:
        """Record the outcome of a part at once, and drop parts that no longer exist.

        :param airflow: the version of Airflow.
        """
        record = read(self._record)
        parts = {name: self.get(name) for name in (PROBE, *rooms())} | {part: {**outcome, "commit": current_commit()}}
        record[self._pair] = {"airflow": airflow, "parts": parts}
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
