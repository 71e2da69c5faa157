"""Write Parquet with pyarrow. Imported only when a Parquet file is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_provider_truepush.export.columns import FILE_COLUMNS, FILES
from airflow_provider_truepush.export.rows import ExportRun, StatsRow

_MOMENT = pa.timestamp("us", tz="UTC")
#: Rows per row group. They are kept in memory as Arrow columns until the group is written.
ROW_GROUP = 50_000


_TYPES = {"text": pa.string(), "json": pa.string(), "time": _MOMENT, "int": pa.int64(), "bool": pa.bool_()}
SCHEMA = pa.schema([pa.field(column.name, _TYPES[column.kind], nullable=column.nullable) for column in FILES])
#: Columns with few distinct values, which a dictionary makes smaller.
_REPEATED = [column.name for column in FILES if column.repeats]
#: Columns with the same value in all rows of a run.
_COMMON = {field.name for field in fields(ExportRun)} & set(FILE_COLUMNS)


class ParquetWriter:
    """Write a file in row groups.

    :param path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetWriter(path, SCHEMA, compression="snappy", use_dictionary=_REPEATED)
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
    """Parquet with typed columns: counters of 64 bits, times in UTC with microseconds, texts and bools.

    :param run: the values that all rows share.
    """

    extension = "parquet"

    def __init__(self, run: ExportRun) -> None:
        self._common: dict[str, Any] = {
            name: pa.scalar(getattr(run, name), SCHEMA.field(name).type) for name in _COMMON
        }

    def encode(self, rows: Sequence[StatsRow]) -> pa.Table:
        """Encode rows as a table, column by column."""
        arrays = [
            pa.repeat(self._common[column.name], len(rows))
            if column.name in _COMMON
            else pa.array(map(column.getter, rows), _TYPES[column.kind], size=len(rows))
            for column in FILES
        ]
        return pa.Table.from_arrays(arrays, schema=SCHEMA)

    def writer(self, path: Path) -> ParquetWriter:
        """Create a file and return its writer."""
        return ParquetWriter(path)

    def load(self, path: Path) -> Iterator[pa.Table]:
        """Read a file, one row group at a time."""
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise ValueError("its columns differ from those of this version")
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)

    def known(self, chunk: pa.Table) -> list[tuple[str, datetime]]:
        """Return ``campaign_id`` and ``observed_at`` of each row."""
        moments = chunk["observed_at"].to_pylist()
        ids = chunk["campaign_id"].to_pylist()
        return [(key, moment.astimezone(UTC)) for key, moment in zip(ids, moments, strict=True)]

    def only(self, chunk: pa.Table, positions: Sequence[int]) -> pa.Table:
        """Return the rows of a chunk at some positions."""
        return chunk.take(pa.array(positions, pa.int64()))
