"""Writing files: ours beside pyarrow alone. ``python -m benchmarks.export.files [rows]``.

Every way begins with the same rows as the fetching hands them over, or, where it says so, with columns that lie ready.
They are run in turns; the best of each counts, for the sake of busy machines. Each file is read again, and its rows are
counted.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.collect import ROW_BUDGET
from airflow_provider_truepush.export.columns import COLUMNS, FILE_COLUMNS, as_values
from airflow_provider_truepush.export.files.formats import file_format
from airflow_provider_truepush.export.files.names import Names
from airflow_provider_truepush.export.files.parquet import SCHEMA
from airflow_provider_truepush.export.files.sink import FileSink
from airflow_provider_truepush.export.files.store import store
from airflow_provider_truepush.export.rows import ExportRun, StatsRow, Target, stats_row
from airflow_provider_truepush.models import CampaignStats
from benchmarks.measured import table

ROWS = 100_000
ROUNDS = 5

RUN = ExportRun("shop", "2026-11-23", "a_dag", "scheduled__2026-11-22", "load", datetime(2026, 11, 22, tzinfo=UTC))


def rows(count: int) -> list[StatsRow]:
    """What fetching hands over."""
    chance = random.Random(1)  # noqa: S311 (numbers, no secrets)
    begin = datetime(2026, 11, 23, tzinfo=UTC)
    found = []
    for number in range(count):
        target = Target(f"{0x68000000 + number:08x}{number:016x}", f"Campaign {number % 300}")
        stats = CampaignStats(*(chance.randrange(1_000_000) for _ in range(8)))
        found.append(stats_row(RUN, target, stats, begin + timedelta(microseconds=977 * number)))
    return found


def ours(given: list[StatsRow], folder: Path, made: str = "parquet", compression: str | None = None) -> Path:
    """The export's sink, in batches, with hash and manifest, on the disk for good (fsync)."""
    found = file_format(made, compression, RUN)
    names = Names("a_dag", "export", RUN.run_id, -1, RUN.load_id, date(2026, 11, 23), found.extension)
    sink = FileSink(store(str(folder)), names, found, RUN)
    sink.prepare()
    for begin in range(0, len(given), ROW_BUDGET):
        sink.write(Batch(rows=given[begin : begin + ROW_BUDGET]))
    path = Path(sink.finish(complete=True).summary["files"][0]["path"])
    sink.close()
    return path


def by_hand(given: list[StatsRow], folder: Path) -> Path:
    """The same rows by pyarrow alone, all at once: columns of them, a table, a file."""
    columns = zip(*map(as_values, given), strict=True)
    return from_columns(dict(zip(COLUMNS, map(list, columns), strict=True)), folder)


def from_columns(columns: dict[str, list[Any]], folder: Path) -> Path:
    """Columns that lie ready, by pyarrow alone."""
    arrays = [pa.array(columns[name], SCHEMA.field(name).type) for name in FILE_COLUMNS]
    path = folder / "file.parquet"
    pq.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), path)
    return path


def seconds(way: Callable[[Path], Path], count: int) -> float:
    """How long it takes; and the file has all rows."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        path = way(Path(folder))
        took = time.perf_counter() - begin
        written = pq.read_metadata(path).num_rows if path.suffix == ".parquet" else path.read_bytes().count(b"\n")
        assert written == count + (path.suffix == ".csv"), f"{path.name} has {written} rows"
    return took


def measure(count: int = ROWS) -> dict[str, Any]:
    """All ways, in turns."""
    given = rows(count)
    columns = dict(zip(COLUMNS, map(list, zip(*map(as_values, given), strict=True)), strict=True))
    ways: dict[str, Callable[[Path], Path]] = {
        "pyarrow alone, from the same rows": partial(by_hand, given),
        "pyarrow alone, columns lie ready": partial(from_columns, columns),
        "ours, Parquet": partial(ours, given),
        "ours, JSON lines": partial(ours, given, made="jsonl"),
        "ours, CSV": partial(ours, given, made="csv"),
    }
    for way in list(ways.values())[:3]:
        seconds(way, count)  # libraries are loaded at the first use
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(seconds(way, count))
    best = {name: min(found) for name, found in times.items()}
    base = list(ways)[:2]
    return {
        "rows": count,
        "ways": {
            name: {
                "rows_per_second": round(count / took),
                **{f"to {other}": round(best[other] / took, 2) for other in base},
            }
            for name, took in best.items()
        },
    }


def main() -> None:
    """Measure, and print the table."""
    logging.disable(logging.CRITICAL)
    result = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
    print(
        table(
            ["way", "rows/s", "to pyarrow, same rows", "to pyarrow, ready columns"],
            [
                [name, f"{numbers['rows_per_second']:,}", *list(numbers.values())[1:]]
                for name, numbers in result["ways"].items()
            ],
        )
    )


if __name__ == "__main__":
    main()
