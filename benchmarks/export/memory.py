"""Peak memory of exports of 10,000 and of 100,000 campaigns: ``python -m benchmarks.export.memory [10000 100000]``.

The emulator runs in a process of its own. Each export runs in another, into an SQLite file, so that its peak is its
own; the peak is the one that the kernel reports for the process. Requests and written rows are counted as well.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SIZES = (10_000, 100_000)
PAGE = 100
TOKEN = "a-token-of-the-emulator"


def serve(campaigns: int) -> None:
    """Run the emulator with so many campaigns; print its address, and at the end the number of requests."""
    from airflow_provider_truepush.emulator import Emulator

    with Emulator(token=TOKEN, page_size=PAGE) as emulator:
        emulator.add_campaigns(campaigns)
        emulator.advance(3600)
        print(emulator.url, flush=True)
        sys.stdin.readline()
        asked = {name: len(emulator.requests(name)) for name in ("listCampaign", "campaignStats")}
        print(json.dumps({**asked, "all": emulator.count()}), flush=True)


def export(url: str, database: str) -> None:
    """Run one export; print its duration and its peak memory."""
    import logging
    import sqlite3
    from datetime import UTC, datetime
    from urllib.parse import urlsplit

    from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

    parts = urlsplit(url)
    truepush = {"conn_type": "truepush", "host": "127.0.0.1", "schema": "http", "port": parts.port, "password": TOKEN}
    os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"] = json.dumps(truepush)
    os.environ["AIRFLOW_CONN_WAREHOUSE"] = json.dumps({"conn_type": "sqlite", "host": database})
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="    %(message)s", force=True)
    moment = datetime.now(UTC)
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1, max_tries=0)
    context: dict[str, Any] = {
        "ti": ti,
        "dag_run": SimpleNamespace(run_type="manual", start_date=moment, run_after=moment),
        "logical_date": moment,
    }
    operator = TruepushStatsToSqlOperator(task_id="t", sql_conn_id="warehouse", refresh_for=None)
    operator.get_dag = lambda: None  # type: ignore[method-assign]
    began = time.monotonic()
    TruepushStatsToSqlOperator.execute.__wrapped__(operator, context)  # type: ignore[attr-defined]
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = sqlite3.connect(database).execute("SELECT count(*) FROM truepush_campaign_stats").fetchone()[0]
    print(json.dumps({"seconds": round(seconds, 1), "peak_mb": round(peak, 1), "rows": rows}), flush=True)


def measure(campaigns: int) -> dict[str, Any]:
    """Run both processes; return the numbers that they print."""
    command = [sys.executable, "-m", "benchmarks.export.memory"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [*command, "serve", str(campaigns)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        printed = subprocess.run(
            [*command, "export", url, str(Path(folder, "w.db"))], stdout=subprocess.PIPE, text=True, check=True
        )
        server.stdin.write("\n")
        server.stdin.flush()
        return {**json.loads(printed.stdout.splitlines()[-1]), **json.loads(server.stdout.readline())}


def main() -> None:
    """Measure the sizes, and print the ratio of their peaks."""
    peaks = []
    for campaigns in tuple(map(int, sys.argv[1:])) or SIZES:
        found = measure(campaigns)
        peaks.append(found["peak_mb"])
        pages = campaigns // PAGE + 1  # the last page ends the list
        wasted = found["all"] - campaigns - pages
        print(
            f"{campaigns:,} campaigns: {found['rows']:,} rows in {found['seconds']} s, peak {found['peak_mb']} MB; "
            f"sent {found['campaignStats']:,} + {found['listCampaign']:,} pages, {wasted} wasted",
            flush=True,
        )
        if found["rows"] != campaigns or wasted:
            sys.exit("rows or requests do not add up")
    print(f"ratio of the peaks: {peaks[-1] / peaks[0]:.2f} (at most 1.5)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(int(sys.argv[2]))
    elif sys.argv[1:2] == ["export"]:
        export(sys.argv[2], sys.argv[3])
    else:
        main()
