"""A worker for tests that kill it: one try of an export, in batches of twenty campaigns."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial

from airflow_provider_truepush.export import export as exporting
from tests.transfers.tasks import Run, export

if __name__ == "__main__":
    exporting.export = partial(exporting.export, row_budget=20)  # type: ignore[assignment]
    export(Run(interval_end=datetime.fromisoformat(sys.argv[1]), start_date=datetime.fromisoformat(sys.argv[2])))
