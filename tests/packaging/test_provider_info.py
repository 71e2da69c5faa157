"""What Airflow reads when it looks for providers."""

from __future__ import annotations

import json
import subprocess
import sys

from airflow_provider_truepush.provider_info import get_provider_info


def test_reading_it_imports_nothing_of_airflow() -> None:
    """It is read before Airflow is ready; an import of operators there has crashed workers."""
    script = (
        "import json, sys\n"
        "from airflow_provider_truepush.provider_info import get_provider_info\n"
        "get_provider_info()\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert not {"airflow", "aiohttp", "requests", "pendulum", "tenacity"} & set(json.loads(loaded))


def test_each_call_answers_afresh() -> None:
    first = get_provider_info()
    first["connection-types"].clear()
    assert get_provider_info()["connection-types"]


def test_the_name_is_the_distributions() -> None:
    """A mismatch breaks Airflow's discovery of ALL providers."""
    assert get_provider_info()["package-name"] == "airflow-provider-truepush"
