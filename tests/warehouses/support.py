"""Sinks of the stand-ins, as the operator makes them."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.sql.warehouse import Warehouse
from tests.export.databases import CONN_ID
from tests.export.support import run_of
from tests.warehouses.standins import StandIn


def warehouse(place: StandIn, run: Any = None, **given: Any) -> Warehouse:
    """Return a sink. It is patient, since the stand-ins are slow on a busy machine."""
    engine = engine_for(place.hook, CONN_ID)
    return Warehouse(engine, tables("truepush_", None), run or run_of(), conn_id=CONN_ID, patience=400.0, **given)


def write(place: StandIn, *rows: Any, **given: Any) -> None:
    """Export rows, from beginning to end."""
    run = run_of(rows[0].snapshot_key, load_id=rows[0].load_id)
    with closing(warehouse(place, run, **given)) as sink:
        sink.prepare()
        sink.write(Batch(rows=list(rows)))
