"""The search for the token finds it wherever it can stand."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.support.leaks import leaks

TOKEN = "some-token-of-this-test"


def test_finds_nothing_where_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("all well")
    assert list(leaks(tmp_path, TOKEN)) == []


def test_finds_it_in_a_file_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.log").write_bytes(b"\xff\xfe Authorization: " + TOKEN.encode())
    assert list(leaks(tmp_path, TOKEN)) == ["deep/a.log"]


def test_finds_it_in_a_row_that_spans_pages(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "airflow.db")
    connection.execute("create table xcom (value text)")
    for before in range(4060, 4100):  # a page has 4096 bytes: one of these is split
        connection.execute("insert into xcom values (?)", ("x" * before + TOKEN,))
    connection.commit()
    connection.close()
    found = list(leaks(tmp_path, TOKEN))
    assert len([place for place in found if "xcom" in place]) == 40
