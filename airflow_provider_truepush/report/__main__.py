"""``python -m airflow_provider_truepush.report``: write the page from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and print its path; return the exit code: 0, or 2 when it could not be written."""
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_truepush.report",
        description="Write an HTML page with the funnel of each exported campaign and how it grew.",
    )
    parser.add_argument(
        "--conn", required=True, help="id of the Airflow connection to the warehouse (any SQL database)"
    )
    parser.add_argument("--out", required=True, help="file to write; an existing file is replaced")
    parser.add_argument("--project", help="only this project (default: all)")
    parser.add_argument("--schema", help="schema of the tables (default: the connection's)")
    parser.add_argument(
        "--table-prefix", default="truepush_", help="prefix of the tables' names (default: %(default)s)"
    )
    parser.add_argument(
        "--last", type=int, default=None, help="maximum number of campaigns, the newest first (default: 20)"
    )
    options = parser.parse_args(arguments)

    # As for Airflow's own commands: connections are looked up in the metadata database as well.
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    from airflow.providers.common.compat.sdk import AirflowException

    from airflow_provider_truepush.report.errors import TruepushReportError
    from airflow_provider_truepush.report.writing import LAST, write_report

    try:
        path = write_report(
            options.conn,
            options.out,
            project=options.project,
            schema=options.schema,
            table_prefix=options.table_prefix,
            last=LAST if options.last is None else options.last,
        )
    except TruepushReportError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    except (AirflowException, OSError) as error:
        sys.stderr.write(f"Error: {error}. The report was not written.\n")
        return 2
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
