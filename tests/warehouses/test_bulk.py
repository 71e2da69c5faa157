"""The ways for large batches: PUT and COPY INTO on Snowflake, COPY from S3 on Redshift."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError, TruepushWarehouseError
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, campaign, row, run_of
from tests.transfers.tasks import Run, export, truth, written
from tests.warehouses.standins import StandIn
from tests.warehouses.support import warehouse

BULK = ("snowflake", "redshift")
TITLE = "Größe 'A' 100% ? \N{SNOWMAN} \N{ROCKET}\t\\N\r\n:x\u2028"


@pytest.fixture
def bulk(place: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A warehouse with a way for large batches, which is used for all of them."""
    if place.kind not in BULK:
        pytest.skip("BigQuery has one way for batches of any size")
    if place.kind == "snowflake":
        monkeypatch.setattr("airflow_provider_truepush.export.sql.snowflake.BULK_FROM", 0)
    else:
        extra = {"endpoint_url": place.bucket.endpoint, "region_name": "us-east-1"}  # type: ignore[attr-defined]
        given = {"conn_type": "aws", "login": "somebody", "password": "something"}
        extra |= {"truepush_staging": "s3://staging/truepush", "truepush_staging_iam_role": "arn:aws:iam::1:role/load"}
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps({**given, "extra": extra}))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return place


def write(place: StandIn, rows: list[Any]) -> int:
    """Write a batch; returns the number of statements."""
    with closing(warehouse(place, run_of(rows[0].snapshot_key))) as sink:
        sink.prepare()
        before = place.requests()
        sink.write(Batch(rows=rows))
        return place.requests() - before


def test_a_large_batch_takes_as_few_statements_as_a_small_one(bulk: StandIn) -> None:
    rows = [row(number, number, title=TITLE) for number in range(1200)]
    sent = [write(bulk, rows), write(bulk, rows)]
    assert 0 < max(sent) <= 20
    for table in (HISTORY, LATEST, CAMPAIGNS):
        assert bulk.rows(f"SELECT count(*) FROM {table}") == [(1200,)]
    if bulk.kind == "redshift":
        assert len(bulk.bucket.written) >= 2  # type: ignore[attr-defined]
        assert bulk.bucket.objects == {}  # type: ignore[attr-defined]


def test_a_row_comes_back_as_it_was_written(bulk: StandIn) -> None:
    given = row(1, 2**63 - 1, title=TITLE, extra={"Bounces": [1, None]}), row(2, 7, title=None)
    write(bulk, list(given))
    found = bulk.rows(f"SELECT {', '.join(COLUMNS)} FROM {HISTORY} ORDER BY campaign_id")
    for kept, expected in zip(found, given, strict=True):
        values = dict(zip(COLUMNS, kept, strict=True))
        for moment in ("observed_at", "created_at", "logical_date"):
            values[moment] = bulk.moment(values[moment])
        assert values == dict(zip(COLUMNS, as_values(expected), strict=True))


def test_an_older_observation_changes_nothing(bulk: StandIn) -> None:
    write(bulk, [row(1, 10, at=60)])
    write(bulk, [row(1, 5, at=0), row(2, 5, at=0)])
    for table in (HISTORY, LATEST):
        assert bulk.rows(f"SELECT clicks FROM {table} ORDER BY campaign_id") == [(10,), (5,)]


def test_an_export_writes_the_truth(truepush: Emulator, bulk: StandIn) -> None:
    ids = truepush.add_campaigns(40, reach=1000)
    run = Run()
    for _ in range(2):
        truepush.advance(3600)
        run.clear()
        assert export(run)["rows"] == 40
        assert written(bulk) == written(bulk, LATEST) == truth(truepush, ids)


def test_a_bucket_that_may_not_be_written_is_found_before_anything_is_fetched(
    truepush: Emulator, bulk: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    if bulk.kind != "redshift":
        pytest.skip("the stage of a temporary table needs no right")
    truepush.add_campaigns(1)
    monkeypatch.setattr(bulk.bucket, "refuses", True)  # type: ignore[attr-defined]
    with pytest.raises(TruepushWarehouseError, match=r"(?s)Access ?Denied.*Nothing was fetched"):
        export(Run())
    assert truepush.count() == 0


def test_a_bucket_may_be_named_by_the_connection_itself(bulk: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    if bulk.kind != "redshift":
        pytest.skip("Snowflake needs no bucket")
    more = {"ssl": False, "truepush_staging": "s3://other"}
    bulk.declare(monkeypatch, extra=more)
    write(bulk, [row(1, 1)])
    assert bulk.bucket.written[-1].startswith("/other/truepush-")  # type: ignore[attr-defined]
    bulk.declare(monkeypatch, extra={**more, "truepush_staging": "gs://other"})
    with pytest.raises(TruepushSchemaError, match=r"not a location in S3\. Nothing was fetched"):
        write(bulk, [row(1, 1)])
    bulk.declare(monkeypatch)  # the driver refuses the extra, which the export removes
    assert bulk.rows(f"SELECT campaign_id FROM {HISTORY}") == [(campaign(1),)]
