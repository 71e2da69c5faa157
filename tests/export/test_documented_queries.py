"""The queries of the documentation answer what they say, on every database."""

from __future__ import annotations

import pytest

from tests.export import documented_queries
from tests.export.databases import ALL, Database


@pytest.mark.parametrize("database", [kind for kind in ALL if kind != "other"], indirect=True)
def test_each_query_answers_what_it_says(database: Database) -> None:
    if database.kind == "postgres":
        database.run("ALTER ROLE postgres SET timezone TO 'UTC'")
    documented_queries.write(database)
    for name in documented_queries.NAMES:
        assert documented_queries.answer(database, name) == documented_queries.expected(name), name


def test_each_query_is_shown_and_tested() -> None:
    files = {path.name for path in documented_queries.FOLDER.glob("*.sql")}
    assert {name.partition(".")[0] for name in files} == set(documented_queries.NAMES)
    page = (documented_queries.FOLDER.parent / "guides" / "analyzing.md").read_text(encoding="utf-8")
    assert all(f"../queries/{name}" in page for name in files)
