"""Give every test a migrated Airflow database, and a Dag folder that Airflow knows."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

# Before anything imports Airflow: it reads these once.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-tests-")
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(Path(__file__).parent / "dags")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


@pytest.fixture(scope="session", autouse=True)
def airflow_database() -> None:
    """Create the tables of Airflow's own database, once for all tests."""
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)
