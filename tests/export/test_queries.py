"""What an export asks its tables, as databases take it that are not here to ask."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy.dialects import mssql, oracle

from airflow_provider_truepush.export.sql import queries
from airflow_provider_truepush.export.sql.sqlite import SqliteEngine
from airflow_provider_truepush.export.sql.tables import tables
from tests.export.support import campaign, row, run_of


@pytest.mark.parametrize("dialect", [mssql.dialect(), oracle.dialect()], ids=["mssql", "oracle"])
def test_no_query_compares_a_value_with_is(dialect: Any) -> None:
    """SQL Server and Oracle take ``IS`` of NULL alone; neither is here to ask."""
    asked: list[str] = []

    class Listening(SqliteEngine):
        def query(self, cursor: Any, query: Any) -> Any:
            asked.append(str(query.compile(dialect=dialect)))
            return []

    engine = Listening.__new__(Listening)
    described = tables("truepush", None)
    queries.known(engine, None, described, run_of(), [campaign(1)], True, 3)
    queries.earlier(engine, None, described, run_of(), [row(1, 1)])
    assert len(asked) >= 4
    assert not [text for text in asked if re.search(r"\bIS (?!NULL|NOT NULL)", text)]
