"""Run the example Dag that exports statistics, and show the rows that it wrote into SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from local_airflow.airflow_process import LocalAirflow
from local_airflow.errors import LocalAirflowError

DAG_ID = "example_truepush_stats_to_sql"
TASK_ID = "export_stats"
CONNECTION_ID = "warehouse"
TABLE = "truepush_campaign_stats"
RUN_LIMIT = 180.0
SHOWN = ("campaign_id", "observed_at", "sent", "delivered", "views", "clicks", "unsubscribers")


@dataclass
class ExportRun:
    """One run of the export, from its connection to the rows.

    :param airflow: where it runs.
    :param database: the SQLite file that it fills.
    :param say: called with each line of the report.
    """

    airflow: LocalAirflow
    database: Path
    say: Callable[[str], None] = lambda _: None
    run_id: str = ""

    def run(self) -> list[dict[str, Any]]:
        """Start the run, follow it to its end, and return every row of the history table."""
        api = self.airflow.api
        self.airflow.wait_for_dag(DAG_ID)
        api.end_unfinished_runs(DAG_ID)
        api.put_connection({"connection_id": CONNECTION_ID, "conn_type": "sqlite", "host": str(self.database)})
        self.run_id = api.trigger(DAG_ID, {})
        self.say(f"Started run {self.run_id} of {DAG_ID}.")
        self._follow()
        api._call("PATCH", f"/dags/{DAG_ID}", json={"is_paused": True})  # its nightly schedule is not for this Airflow
        summary = api.xcom(DAG_ID, self.run_id, TASK_ID)
        self.say(f"Exported {summary['rows']} row(s) of {summary['campaigns']} campaign(s) to {summary['table']}.")
        return self.rows()

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows of the history table, in the order of its keys."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            query = f"SELECT * FROM {TABLE} ORDER BY campaign_id, snapshot_key"
            return [dict(row) for row in connection.execute(query)]

    def _follow(self) -> None:
        deadline = time.monotonic() + RUN_LIMIT
        while (state := self.airflow.api.run_state(DAG_ID, self.run_id)) not in ("success", "failed"):
            self.airflow.check_alive()
            if time.monotonic() > deadline:
                raise LocalAirflowError(f"The export did not end within {RUN_LIMIT:.0f} s.")
            time.sleep(0.5)
        if state == "failed":
            log = self.airflow.api.task_log(DAG_ID, self.run_id, TASK_ID, 1)
            raise LocalAirflowError("The export failed.\n" + "\n".join(log.splitlines()[-40:]))


def show(rows: list[dict[str, Any]], database: Path) -> None:
    """Print the newest rows as a table."""
    table = Table(box=box.ROUNDED, title=f"{TABLE} in {database.name}: the newest of the campaign's {len(rows)} rows")
    for name in SHOWN:
        table.add_column(name, justify="left" if name in SHOWN[:2] else "right", no_wrap=True)
    for row in rows[-10:]:
        table.add_row(*(f"{row[name]:,}" if isinstance(row[name], int) else str(row[name])[:24] for name in SHOWN))
    console = Console()
    (console if console.is_terminal else Console(width=110)).print(table)
