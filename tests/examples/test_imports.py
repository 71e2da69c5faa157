"""Example Dags can be read by every Airflow; those that need a newer one have no Dag in an older one."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS
from packaging.version import Version

from local_airflow.configuration import EXAMPLES

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag

STANDARD = Version(version("apache-airflow-providers-standard")) if AIRFLOW_V_3_0_PLUS else Version("0")
NEEDS = {
    "example_truepush_new_campaigns": AIRFLOW_V_3_0_PLUS,
    "example_truepush_approval": AIRFLOW_V_3_1_PLUS and Version("1.13") <= STANDARD,
}


def test_each_file_holds_one_dag_of_its_own_name_that_says_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
    found = DagBag(str(EXAMPLES))
    assert found.import_errors == {}
    assert set(found.dags) == {path.stem for path in EXAMPLES.glob("*.py") if NEEDS.get(path.stem, True)}
    for dag in found.dags.values():
        assert Path(dag.fileloc).stem == dag.dag_id
        assert "``truepush_default``" in str(dag.doc_md)
        assert {"truepush", "example"} <= set(dag.tags)
