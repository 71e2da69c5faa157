"""The export into each warehouse: rows equal to the emulator's truth, and statements counted on the wire."""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.export import export as exporting
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError, TruepushWarehouseError
from tests.contract.driver import connect
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, START, campaign, row, run_of
from tests.transfers.tasks import Run, asked, export, truth, written
from tests.warehouses import record
from tests.warehouses.standins import VIEW, StandIn
from tests.warehouses.support import warehouse, write


def test_a_first_run_a_rerun_and_a_cleared_run(
    truepush: Emulator, place: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    ids = truepush.add_campaigns(60, reach=1000)
    truepush.advance(3600)
    run = Run()
    assert export(run)["rows"] == 60
    assert written(place) == written(place, LATEST) == truth(truepush, ids)
    truepush.advance(3600)
    caplog.clear()
    run.clear()
    assert export(run)["rows"] == 60
    assert written(place) == written(place, LATEST) == truth(truepush, ids)
    assert not [
        one.getMessage()
        for one in caplog.records
        if one.levelno >= logging.WARNING
        and "export" in one.name
        and "rejected the session setting" not in one.getMessage()
    ]
    later = Run("run-2", interval_end=run.interval_end + timedelta(minutes=1))  # type: ignore[operator]
    export(later)
    assert place.rows(f"SELECT count(*) FROM {HISTORY}") == [(120,)]
    assert place.rows(f"SELECT count(*) FROM {VIEW}") == [(120,)]
    assert place.rows(f"SELECT count(*) FROM {CAMPAIGNS}") == [(60,)]


def test_a_try_that_broke_off_is_continued(truepush: Emulator, place: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = truepush.add_campaigns(30)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    truepush.fault("campaignStats", effect="status", status=503, nth=range(5, 9))
    with pytest.raises(AirflowException, match="could not be fetched"):
        export(run, campaign_ids=ids)
    truepush.clear_faults()
    truepush.clear_requests()
    summary = export(run, campaign_ids=ids)
    assert (summary["rows"], summary["resumed"], len(asked(truepush))) == (30, 26, 4)
    assert written(place) == truth(truepush, ids)


def has_rows(place: StandIn) -> bool:
    """Whether the first batch has been committed."""
    try:
        return bool(place.rows(f"SELECT campaign_id FROM {HISTORY} LIMIT 1"))
    except Exception:  # the table does not exist yet; each driver has its own class for it
        return False


def test_a_killed_try_is_resumed(truepush: Emulator, place: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = truepush.add_campaigns(90, reach=1000)
    truepush.advance(7200)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", timeout=300)
    truepush.fault("campaignStats", effect="hang", phase="before_commit", nth=range(51, 91), seconds=300)

    def work() -> None:
        exporting.export = partial(exporting.export, row_budget=20)  # type: ignore[assignment]
        export(run)

    worker = multiprocessing.get_context("fork").Process(target=work)
    worker.start()
    try:
        deadline = time.monotonic() + 200
        while not has_rows(place):
            assert worker.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.2)
    finally:
        worker.kill()
        worker.join(30)
    truepush.clear_faults()
    kept: dict[str, tuple[int, ...]] = {}
    while kept != (now := written(place)):  # a job of BigQuery outlives the client that started it
        kept = now
        time.sleep(3)
    assert 0 < len(kept) < len(ids)
    assert kept.items() <= truth(truepush, ids).items()
    truepush.clear_requests()
    connect(monkeypatch, truepush, "truepush_default")
    run.tries = 1
    summary = export(run)
    assert sorted(asked(truepush)) == sorted(set(ids) - set(kept))
    assert (summary["rows"], summary["resumed"]) == (len(ids), len(kept))
    assert written(place) == written(place, LATEST) == truth(truepush, ids)
    assert place.rows(f"SELECT count(*) FROM {CAMPAIGNS}") == [(len(ids),)]


def test_a_row_comes_back_as_it_was_written(place: StandIn) -> None:
    title = "Größe 'A' 100% ? \N{SNOWMAN} \N{ROCKET}\t\\N\r\n:x"
    first = row(1, 7, title=title, extra={"Bounces": [1, None]})
    second = row(2, 2**63 - 1, title=None, run=run_of(logical_date=None))
    write(place, first, second)
    found = place.rows(f"SELECT {', '.join(COLUMNS)} FROM {HISTORY} ORDER BY campaign_id")
    for kept, expected in zip(found, (first, second), strict=True):
        values = dict(zip(COLUMNS, kept, strict=True))
        for moment in ("observed_at", "created_at", "logical_date"):
            values[moment] = values[moment] and place.moment(values[moment])
        if expected.logical_date is None and place.kind == "snowflake":
            # fakesnow hands a missing moment over as 1970; the row itself is without.
            assert place.rows(f"SELECT count(*) FROM {HISTORY} WHERE logical_date IS NULL") == [(1,)]
            values["logical_date"] = None
        assert values == dict(zip(COLUMNS, as_values(expected), strict=True))


def test_an_older_observation_changes_nothing(place: StandIn) -> None:
    write(place, row(1, 10, at=60))
    write(place, row(1, 5, at=0), row(2, 5, at=0))
    for table in (HISTORY, LATEST):
        assert place.rows(f"SELECT clicks FROM {table} ORDER BY campaign_id") == [(10,), (5,)]
    write(place, row(1, 3, at=30, run=run_of("day 2")))
    assert place.rows(f"SELECT clicks FROM {LATEST} ORDER BY campaign_id") == [(10,), (5,)]
    assert place.rows(f"SELECT clicks FROM {HISTORY} WHERE snapshot_key = 'day 2'") == [(3,)]
    ((first, last),) = place.rows(f"SELECT min(first_seen), max(last_seen) FROM {CAMPAIGNS}")
    assert (place.moment(first), place.moment(last)) == (START, START + timedelta(seconds=60))


def test_a_thousand_rows_take_at_most_twenty_statements(place: StandIn) -> None:
    rows = [row(number, 1, title=f"Campaign {number} with a title of some length") for number in range(1000)]
    sent = []
    with closing(warehouse(place)) as sink:
        sink.prepare()
        for _ in range(2):
            before = place.requests()
            sink.write(Batch(rows=rows))
            sent.append(place.requests() - before)
    assert min(sent) > 0
    assert max(sent) <= 20
    assert place.rows(f"SELECT count(*) FROM {HISTORY}") == [(1000,)]
    if os.environ.get("TRUEPUSH_RECORD"):
        record.save(place.kind, *sent)


def test_postgresql_itself_takes_as_few(place: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.kind != "redshift":
        pytest.skip("the server of Redshift's stand-in is PostgreSQL")
    redshift: Any = place
    extra = {"sslmode": "disable", "gssencmode": "disable"}
    redshift.declare(monkeypatch, conn_type="postgres", extra=extra)
    rows = [row(number, 1, title=f"Campaign {number} with a title of some length") for number in range(1000)]
    sent = []
    with closing(warehouse(place)) as sink:
        sink.prepare()
        for _ in range(2):
            before = redshift.wire.runs
            sink.write(Batch(rows=rows))
            sent.append(redshift.wire.runs - before)
    assert 0 < max(sent) <= 20
    if os.environ.get("TRUEPUSH_RECORD"):
        record.save("postgresql", *sent)


def test_two_exports_at_once_double_nothing(place: StandIn) -> None:
    with closing(warehouse(place)) as sink:
        sink.prepare()
    for table in (HISTORY, LATEST, CAMPAIGNS) if place.kind == "redshift" else ():
        place.run(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")  # PostgreSQL would enforce them
    ready = threading.Barrier(3)

    def one(number: int) -> None:
        run = run_of(load_id=f"load {number}")
        with closing(warehouse(place, run)) as sink:
            for start in (0, 20):
                rows = [row(one_of, number, at=number, run=run) for one_of in range(start, start + 20)]
                ready.wait(60)
                sink.write(Batch(rows=rows))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, range(3)))
    for table, key in ((HISTORY, "campaign_id"), (LATEST, "campaign_id"), (CAMPAIGNS, "id")):
        assert place.rows(f"SELECT count(*), count(DISTINCT {key}) FROM {table}") == [(40, 40)]
    assert place.rows(f"SELECT DISTINCT clicks FROM {HISTORY}") == [(2,)]


def test_wrong_rights_are_found_before_anything_is_fetched(
    truepush: Emulator, place: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    truepush.add_campaigns(1)
    export(Run())
    truepush.clear_requests()
    with place.read_only(monkeypatch) as refusal, pytest.raises(TruepushWarehouseError) as refused:
        export(Run())
    assert refusal in str(refused.value)
    assert "Nothing was fetched" in str(refused.value)
    assert truepush.count() == 0


def test_the_states_of_campaigns(place: StandIn) -> None:
    for day in (1, 2, 3):
        write(place, row(1, 5, at=day, run=run_of(f"day {day}")), row(2, day, at=day, run=run_of(f"day {day}")))
    with closing(warehouse(place, run_of("day 3"))) as sink:
        found = sink.lookup([campaign(1), campaign(2), campaign(9)], done=True, unchanged=9)
    assert {one: known.unchanged for one, known in found.items()} == {campaign(1): 1, campaign(2): 0}
    assert found[campaign(1)].done_at == START + timedelta(seconds=3)


def test_a_table_of_another_form_is_refused(place: StandIn) -> None:
    place.run(f"CREATE TABLE {HISTORY} (project {'STRING' if place.kind == 'bigquery' else 'VARCHAR(20)'})")
    with pytest.raises(TruepushSchemaError, match=r"lacks .*Nothing was fetched"):
        write(place, row(1, 1))


def test_missing_columns_are_added(place: StandIn) -> None:
    write(place, row(1, 4))
    place.run(f"DROP VIEW {VIEW}")
    for table in (HISTORY, LATEST):
        place.run(f"ALTER TABLE {table} DROP COLUMN clicks")
    write(place, row(1, 5, at=1))
    for table in (HISTORY, LATEST):
        assert place.rows(f"SELECT clicks FROM {table}") == [(5,)]
