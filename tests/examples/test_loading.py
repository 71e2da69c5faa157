"""The example Dags that load files into warehouses: run by ``make test-storage``, which has their providers."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.export.columns import FILE_COLUMNS

FOLDER = Path(__file__).parents[2] / "examples" / "loading"
DAGS = {"bigquery": "gs", "redshift": "s3", "snowflake": "s3"}

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        "TRUEPUSH_STORAGES" not in os.environ,
        reason="their providers have an environment of their own: make test-storage",
    ),
]


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    """The Dags of the folder, which must have no errors."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        # Google's provider takes long to import on a busy machine.
        monkeypatch.setenv("AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT", "100")
        found = DagBag(str(FOLDER))
    assert found.import_errors == {}
    return dict(found.dags)


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
