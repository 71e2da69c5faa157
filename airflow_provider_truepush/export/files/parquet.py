"""Parquet, by pyarrow. Imported when a file is to be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_provider_truepush.export.files.formats import FILE_COLUMNS, MOMENTS, TEXTS
from airflow_provider_truepush.export.rows import COUNTER_COLUMNS, ExportRun, StatsRow, raw, writable

_MOMENT = pa.timestamp("us", tz="UTC")
_REQUIRED = (
    "project",
    "campaign_id",
    "snapshot_key",
    "observed_at",
    *COUNTER_COLUMNS,
    "dag_id",
    "run_id",
    "past_interval",
)
#: Columns with few values. A dictionary of the others would only be made to be thrown away.
_REPEATED = ("project", "snapshot_key", "title", "raw", "logical_date", "dag_id", "run_id")
#: Rows of a row group. They are held as Arrow's columns until then.
ROW_GROUP = 50_000


def _type(column: str) -> pa.DataType:
    if column in TEXTS:
        return pa.string()
    if column in MOMENTS:
        return _MOMENT
    return pa.bool_() if column == "past_interval" else pa.int64()


SCHEMA = pa.schema([pa.field(name, _type(name), nullable=name not in _REQUIRED) for name in FILE_COLUMNS])


class ParquetWriter:
    """Row groups in a file.

    :param path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetWriter(path, SCHEMA, compression="snappy", use_dictionary=list(_REPEATED))
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def append(self, chunk: pa.Table) -> None:
        """Add rows."""
        self._waiting.append(chunk)
        self._rows += chunk.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        """Complete the file."""
        if self._rows:
            self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._file.write_table(pa.concat_tables(self._waiting), row_group_size=2 * ROW_GROUP)
        self._waiting, self._rows = [], 0


class ParquetFormat:
    """Typed columns: 64-bit counters, moments in microseconds of UTC, texts, and whether the interval was past.

    :param run: what all rows have in common.
    """

    extension = "parquet"

    def __init__(self, run: ExportRun) -> None:
        self._common: dict[str, Any] = {
            name: pa.scalar(getattr(run, name), _type(name))
            for name in ("project", "snapshot_key", "logical_date", "dag_id", "run_id", "past_interval")
        }

    def encode(self, rows: Sequence[StatsRow]) -> pa.Table:
        """Make a table of rows, column by column."""
        columns = {name: pa.repeat(value, len(rows)) for name, value in self._common.items()}
        columns["campaign_id"] = pa.array(map(attrgetter("campaign_id"), rows), pa.string(), size=len(rows))
        columns["title"] = _texts([row.title for row in rows])
        columns["raw"] = _texts([raw(row.stats.extra) for row in rows])
        columns["observed_at"] = _moments([row.observed_at for row in rows])
        columns["created_at"] = _moments([row.created_at for row in rows])
        stats = [row.stats for row in rows]
        for name in COUNTER_COLUMNS:
            columns[name] = pa.array(map(attrgetter(name), stats), pa.int64(), size=len(rows))
        return pa.Table.from_arrays([columns[name] for name in FILE_COLUMNS], schema=SCHEMA)

    def writer(self, path: Path) -> ParquetWriter:
        """Begin a file."""
        return ParquetWriter(path)

    def load(self, path: Path) -> Iterator[pa.Table]:
        """Read a file, a row group at a time."""
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise ValueError("it has other columns")
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)

    def known(self, chunk: pa.Table) -> list[tuple[str, datetime]]:
        """``campaign_id`` and ``observed_at`` of each row."""
        moments = chunk["observed_at"].to_pylist()
        ids = chunk["campaign_id"].to_pylist()
        return [(key, moment.astimezone(UTC)) for key, moment in zip(ids, moments, strict=True)]

    def only(self, chunk: pa.Table, positions: Sequence[int]) -> pa.Table:
        """Some rows of a chunk."""
        return chunk.take(pa.array(positions, pa.int64()))


def _texts(values: list[str | None]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([writable(value) for value in values], pa.string())


def _moments(values: list[datetime | None]) -> pa.Array:
    return pa.array(values, _MOMENT)
