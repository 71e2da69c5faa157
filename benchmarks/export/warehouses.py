"""Each database beside Airflow's ``insert_rows``: ``python -m benchmarks.export.warehouses KIND...``.

Both write the same 1,000 rows into one table: ours over the rows that are there, newer observations only;
``insert_rows`` by inserting into a table without keys, which asks less of the database. They take turns, and a ratio is
of one round. Requests are counted on the wire. Where a row takes ``insert_rows`` many milliseconds it gets a tenth of
the rows. BigQuery's hook has no ``insert_rows``: there, an INSERT for each row stands in, as its cursor would run it.

Kinds are ``sqlite``, ``duckdb``, ``postgres``, and ``snowflake``, ``redshift`` and ``bigquery``, which need their own
environments: ``tools/warehouses.py --bench`` builds them and runs this in each.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.engines import engine_for, hook_for
from airflow_provider_truepush.export.sql.tables import KINDS, tables
from benchmarks.export.files import rows
from benchmarks.measured import machine, table
from tests.export.databases import CONN_ID, VARIABLE
from tests.warehouses import standins
from tests.warehouses.redshift_proxy import redshift_proxy

ROWS = 1000
#: Databases that take many milliseconds for a statement.
SLOW = ("duckdb", "snowflake", "bigquery")
RESULT = Path(__file__).parent / "warehouses.json"
TITLES = {
    "sqlite": "SQLite",
    "duckdb": "DuckDB",
    "postgres": "PostgreSQL",
    "snowflake": "Snowflake (fakesnow)",
    "redshift": "Redshift (PostgreSQL)",
    "bigquery": "BigQuery (local-bigquery)",
}
HEAD = ("database", "times the rows/s of `insert_rows`", "requests per 1,000 rows", "of `insert_rows`", "times fewer")

Row = Sequence[Any]
Count = Callable[[], int]


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Count | None]:
    """Serve a database behind the connection; yields what counts its requests, None where there are none."""
    with pytest.MonkeyPatch.context() as patch:
        if kind in ("sqlite", "duckdb"):
            os.environ[VARIABLE] = json.dumps({"conn_type": kind, "host": str(folder / kind)})
            yield None
        elif kind == "postgres":
            with standins.postgres_server() as server:
                socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
                with redshift_proxy(socket, {}) as (port, wire):
                    given = {"conn_type": "postgres", "host": "127.0.0.1", "port": port, "schema": "postgres"}
                    extra = {"sslmode": "disable", "gssencmode": "disable"}
                    os.environ[VARIABLE] = json.dumps({**given, "login": "postgres", "extra": extra})
                    yield lambda: wire.runs
        else:
            started: Any = {
                "snowflake": lambda: standins.snowflake(folder),
                "redshift": standins.redshift,
                "bigquery": lambda: standins.bigquery(folder, patch),
            }[kind]()
            with started as found:
                os.environ[VARIABLE] = json.dumps(found.connection())
                found.empty()
                yield found.requests


def hook() -> Any:
    """Return a new hook."""
    from airflow.providers.common.compat.sdk import BaseHook

    return hook_for(BaseHook.get_connection(CONN_ID))


def theirs(kind: str, name: str, given: Sequence[Row]) -> None:
    """Insert rows as Airflow does."""
    if kind != "bigquery":
        hook().insert_rows(name, given, target_fields=list(COLUMNS), commit_every=ROWS)
        return
    from google.cloud import bigquery

    bigquery_hook = hook()
    client = bigquery_hook.get_client(project_id=bigquery_hook.project_id)
    marks = ", ".join(f"CAST(@{column} AS {_BIGQUERY[KINDS[column]]})" for column in COLUMNS)
    statement = f"INSERT INTO marts.{name} ({', '.join(COLUMNS)}) VALUES ({marks})"
    for row in given:
        values = [
            bigquery.ScalarQueryParameter(column, "STRING", None if value is None else str(_as_text(value)))
            for column, value in zip(COLUMNS, row, strict=True)
        ]
        client.query(statement, job_config=bigquery.QueryJobConfig(query_parameters=values)).result()


_BIGQUERY = {"text": "STRING", "json": "STRING", "int": "INT64", "time": "TIMESTAMP", "bool": "BOOL"}


def _as_text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def measure(kind: str, rounds: int) -> dict[str, Any]:
    """Measure one database."""
    given = [as_values(row) for row in rows(ROWS)]
    few = given[: ROWS // 10] if kind in SLOW else given
    with tempfile.TemporaryDirectory() as folder, place(kind, Path(folder)) as count:
        engine = engine_for(hook(), CONN_ID)
        described = tables("truepush_", None)
        name = engine.name_of(described.history)
        plain = f"{name}_plain"

        def ours() -> None:
            with closing(engine.connect()) as connection, engine.transaction(connection) as cursor:
                engine.upsert(cursor, described.history, given)

        def run(*statements: str) -> None:
            with closing(engine.connect()) as connection, engine.transaction(connection) as cursor:
                for statement in statements:
                    cursor.execute(statement)

        run(engine.definition(described.history), f"CREATE TABLE {plain} AS SELECT * FROM {name} WHERE 1 = 0")
        ours()
        ratios, sent, speeds = [], ([], []), ([], [])
        for _ in range(rounds):
            run(f"DELETE FROM {plain} WHERE 1 = 1")
            for place_of, (way, size) in enumerate(((ours, len(given)), (lambda: theirs(kind, plain, few), len(few)))):
                before, begin = count() if count else 0, time.perf_counter()
                way()
                speeds[place_of].append(size / (time.perf_counter() - begin))
                sent[place_of].append(((count() if count else 0) - before) * len(given) / size)
            ratios.append(speeds[0][-1] / speeds[1][-1])
    numbers: dict[str, Any] = {"to insert_rows": round(statistics.median(ratios), 1)}
    if count is not None:
        requests = [round(statistics.median(values)) for values in sent]
        numbers |= {"requests": requests[0], "requests of insert_rows": requests[1]}
    return numbers | {
        "rows_per_second": round(statistics.median(speeds[0])),
        "insert_rows_per_second": round(statistics.median(speeds[1])),
    }


def lines(result: dict[str, Any]) -> list[str]:
    """Return the table of what has been measured."""
    found = []
    for kind, title in TITLES.items():
        if kind in result:
            numbers = result[kind]
            mine, other = numbers.get("requests"), numbers.get("requests of insert_rows")
            counts = (mine, other, round(other / mine)) if mine and other else ("in process", "in process", "")
            found.append((title, numbers["to insert_rows"], *counts))
    return table(HEAD, found).splitlines()


def main(arguments: Sequence[str]) -> None:
    """Measure the kinds on the command line, and add them to the result."""
    logging.disable(logging.CRITICAL)
    quick = "--quick" in arguments
    for kind in (one for one in arguments if not one.startswith("-")):
        numbers = measure(kind, 1 if quick else 3)
        print("\n".join(lines({kind: numbers})), flush=True)
        mine, other = numbers.get("requests", 1), numbers.get("requests of insert_rows", 10)
        if numbers["to insert_rows"] < 1 or other < 10 * mine:
            print(f"[bench] {kind}: slower, or less than ten times fewer requests: {numbers}", flush=True)
        if not quick:
            kept: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
            kept.update({"machine": machine(), kind: numbers})
            kept["table"] = lines(kept)
            RESULT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
