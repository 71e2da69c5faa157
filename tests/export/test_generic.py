"""A database of which nothing special is known, and whose catalog SQLAlchemy may not be able to read."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.generic import OtherEngine
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.sql.warehouse import Warehouse
from tests.export.databases import CONN_ID, Database
from tests.export.support import HISTORY, row, run_of

VIEW = "truepush_campaign_stats_increments"


def opaque(database: Database, at: str = "engine") -> Warehouse:
    """A warehouse whose hook gives no SQLAlchemy engine, as Redshift's with the extra ``iam``, or one that fails."""
    kind: type[Any] = type(database.hook)

    class Opaque(kind):  # type: ignore[misc]
        def get_sqlalchemy_engine(self, engine_kwargs: Any = None) -> Any:
            if at == "engine":
                raise TypeError("'iam' is an invalid keyword argument for connect()")
            from sqlalchemy import create_engine

            return create_engine("sqlite:////nowhere/at/all.db")

    hook = Opaque(getattr(database.hook, f"{kind.conn_name_attr}"))
    return Warehouse(OtherEngine(hook), tables("truepush_", None), run_of(), conn_id=CONN_ID, patience=1)


@pytest.mark.parametrize("at", ["engine", "inspection"])
def test_a_second_run_works_where_inspection_raises(other: Database, at: str, caplog: pytest.LogCaptureFixture) -> None:
    for value in (1, 2):
        with closing(opaque(other, at)) as sink:
            sink.prepare()
            sink.write(Batch(rows=[row(1, value, at=value)]))
    assert other.rows(f"SELECT clicks FROM {HISTORY}") == [(2,)]
    assert other.rows(f"SELECT clicks FROM {VIEW}") == [(2,)]
    assert not [one for one in caplog.records if one.levelno >= logging.WARNING]


def test_a_table_in_place_of_the_view_is_refused_where_inspection_works(other: Database) -> None:
    other.run(f"CREATE TABLE {VIEW} (a INTEGER)")
    sink = Warehouse(other.engine(), tables("truepush_", None), run_of(), conn_id=CONN_ID)
    with closing(sink), pytest.raises(TruepushSchemaError, match="is a table"):
        sink.prepare()
