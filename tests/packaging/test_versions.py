"""The table of supported versions claims what was run, and of which code."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import matrix_record
from tools.matrix_record import PROBE, Outcome, Outcomes, current_commit, rooms
from tools.versions import rows, table

PAIR = "2.11 on 3.11"

pytestmark = pytest.mark.skipif(not current_commit(), reason="this checkout has no Git")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "versions.json"


def keep_all(record: Path) -> None:
    for part in (PROBE, *rooms()):
        Outcomes(PAIR, record).keep("2.11.2", part, Outcome(passed=True, tests=10, skipped=1))


def test_a_whole_run_names_its_commit_and_its_tests(record: Path) -> None:
    keep_all(record)
    count = len(rooms())
    ((_, _, probe, suite, _),) = rows(record)
    assert probe == "yes"
    assert suite == f"all {count} rooms passed at `{current_commit()}`: {9 * count:,} tests, {count:,} skipped"


def test_a_room_that_the_record_does_not_know_was_not_run(record: Path) -> None:
    Outcomes(PAIR, record).keep("2.11.2", "api", Outcome(passed=True, tests=3, skipped=0))
    record.write_text(record.read_text().replace('"waiting": null', '"an_older_name": null'))
    ((_, _, probe, suite, _),) = rows(record)
    assert probe == "not run"
    assert suite.startswith(f"1 of {len(rooms())} rooms passed at ")
    assert suite.endswith("waiting")
    assert "an_older_name" not in suite


def test_rooms_of_different_code_are_not_one_run(record: Path) -> None:
    keep_all(record)
    record.write_text(record.read_text().replace(current_commit(), "0123456789", 1))
    ((_, _, _, suite, _),) = rows(record)
    assert "`0123456789`, " in suite


def test_a_failure_and_an_old_commit_are_run_again(record: Path) -> None:
    outcomes = Outcomes(PAIR, record)
    keep_all(record)
    assert outcomes.missing() == ([PROBE, *rooms()] if current_commit().endswith("+") else [])
    outcomes.keep("2.11.2", "api", Outcome(passed=False))
    assert "api" in outcomes.missing()
    record.write_text(record.read_text().replace(current_commit(), "0" * 10))
    assert outcomes.missing() == [PROBE, *rooms()]


def test_changed_code_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(matrix_record, "ROOT", tmp_path)
    assert current_commit() == ""
    git("init")
    for name in matrix_record.CODE:
        if "." not in name and "/" not in name:
            (tmp_path / name).mkdir()
            (tmp_path / name / "a.txt").write_text("1")
    (tmp_path / "docs").mkdir()
    git("add", ".")
    git("commit", "-m", "one")
    commit = current_commit()
    (tmp_path / "docs" / "a.txt").write_text("2")
    assert current_commit() == commit
    (tmp_path / "tests" / "new.txt").write_text("1")
    assert current_commit() == f"{commit}+"
    (tmp_path / "tests" / "new.txt").unlink()
    assert current_commit() == commit
    (tmp_path / "tests" / "a.txt").write_text("2")
    assert current_commit() == f"{commit}+"


def test_the_table_names_what_the_matrix_leaves_out(record: Path) -> None:
    keep_all(record)
    for room, command in matrix_record.LEFT_OUT.items():
        assert f"{room} ({command})" in table(record)
        assert room not in rooms()
