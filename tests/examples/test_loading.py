"""The example Dags that load files into warehouses: run by ``make test-storage``, which has their providers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.export.columns import FILE_COLUMNS
from tests.contract.driver import connect, hurry
from tests.contract.fixtures import emulator, plain_machine
from tests.transfers.storing import store
from tests.transfers.tasks import Run, truth
from tests.warehouses.standins import StandIn, snowflake

__all__ = ["emulator", "plain_machine"]

FOLDER = Path(__file__).parents[2] / "examples" / "loading"
DAGS = {"bigquery": "gs", "redshift": "s3", "snowflake": "s3"}

pytestmark = pytest.mark.skipif(
    "TRUEPUSH_STORAGES" not in os.environ, reason="their providers have an environment of their own: make test-storage"
)


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    """The Dags of the folder, which must have no errors."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        found = DagBag(str(FOLDER))
    assert found.import_errors == {}
    return dict(found.dags)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in of Snowflake."""
    with snowflake(tmp_path_factory.mktemp("snowflake")) as place:
        yield place


def context(dag: Any, summary: Any) -> dict[str, Any]:
    """What templates see after the export."""
    moment = datetime(2026, 11, 24, 1, tzinfo=UTC)
    instance = SimpleNamespace(xcom_pull=lambda task_ids: {"export_stats": summary}[task_ids])
    return {"dag": dag, "run_id": "scheduled", "ti": instance, "data_interval_end": moment}


def test_each_file_holds_one_dag_that_says_what_it_needs(dags: dict[str, Any]) -> None:
    assert set(dags) == {path.stem for path in FOLDER.glob("*.py")} == {f"example_truepush_files_to_{n}" for n in DAGS}
    for dag in dags.values():
        assert "``truepush_default``" in dag.doc_md
        assert "Packages: " in dag.doc_md


@pytest.mark.parametrize("name", DAGS)
def test_the_file_of_the_run_is_loaded(dags: dict[str, Any], name: str) -> None:
    dag = dags[f"example_truepush_files_to_{name}"]
    export, load = dag.get_task("export_stats"), dag.get_task("load_stats")
    assert export.path.startswith(f"{DAGS[name]}://")
    key = "campaign_stats/dt=2026-11-24/a.b.c.0123456789.parquet"
    load.render_template_fields(context(dag, {"files": [{"path": f"{export.path}/{key}"}]}))
    loaded = {"bigquery": "source_objects", "redshift": "s3_key", "snowflake": "files"}[name]
    value = getattr(load, loaded)
    assert value == {"bigquery": [f"truepush/{key}"], "redshift": f"truepush/{key}", "snowflake": [key]}[name]
    if name == "bigquery":
        assert load.destination_project_dataset_table == "analytics.truepush_campaign_stats_20261124"


@pytest.mark.parametrize("name", ["redshift", "snowflake"])
def test_the_tables_have_the_columns_of_the_files_in_their_order(dags: dict[str, Any], name: str) -> None:
    dag = dags[f"example_truepush_files_to_{name}"]
    statement = dag.doc_md if name == "redshift" else dag.get_task("prepare_table").sql[0]
    columns = re.findall(r"([a-z_0-9]+) (?:VARCHAR|BIGINT|TIMESTAMP|BOOLEAN)", statement)
    assert columns == list(FILE_COLUMNS)


def test_files_are_copied_into_snowflake_and_a_cleared_run_replaces_its_rows(
    dags: dict[str, Any], warehouse: StandIn, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    connect(monkeypatch, emulator, "truepush_default")
    warehouse.declare(monkeypatch)
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(warehouse.connection()))
    warehouse.run(f"CREATE STAGE truepush_stage URL = 'file://{tmp_path}/'")
    ids = emulator.add_campaigns(30, reach=100)
    dag = dags["example_truepush_files_to_snowflake"]
    remote, run = dag.get_task("export_stats").path, Run("scheduled")
    for _ in range(2):
        emulator.advance(3600)
        run.clear()
        told = json.dumps(store(run, tmp_path, format="parquet", project="shop"))
        given = context(SimpleNamespace(dag_id="a_dag"), json.loads(told.replace(str(tmp_path), remote)))
        for task_id in ("prepare_table", "load_stats"):
            task = dag.get_task(task_id).prepare_for_execution()
            task.render_template_fields(given)
            type(task).execute.__wrapped__(task, given)
        rows = warehouse.rows("SELECT campaign_id, reach, sent, clicks FROM truepush_campaign_stats_files")
        assert len(rows) == 30
        assert {one: tuple(counters) for one, *counters in rows} == truth(emulator, ids)
